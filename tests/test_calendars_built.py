"""Every calendar that the tables name can be built, and none becomes Monday to Friday without a word."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import exchange_calendars
import numpy as np
import pytest

from bellwether.jobs import doctor
from bellwether.market import calendar as calendars_here
from bellwether.market.calendar import EVERY_DAY, WEEKDAYS, Basis, basis, closes_at, is_exact, is_session, session_after
from bellwether.market.calendar_expected import expected_holidays
from bellwether.market.holes import Gap, gap
from bellwether.market.symbols.universe import calendar_of, calendars, instrument_of
from bellwether.services import Services

NEXT_YEAR = datetime.now(UTC).year + 1


def closed_weekdays(calendar: str, year: int) -> int:
    """On how many days from Monday to Friday an exchange does not trade, or does on others."""
    days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    mondays_to_fridays = days[np.is_busday(days)]
    sessions = calendars_here._sessions(calendar, 2000, NEXT_YEAR)
    sessions = sessions[(sessions >= days[0]) & (sessions <= days[-1])]
    return len(np.setxor1d(mondays_to_fridays, sessions))


@pytest.mark.parametrize("calendar", calendars())
def test_no_calendar_is_silently_monday_to_friday_in_any_year_since_2000(calendar: str) -> None:
    if calendar == WEEKDAYS:
        return
    if basis(calendar, 2000, NEXT_YEAR) is Basis.BROKEN:  # in one piece first: a year costs as much to build as thirty
        broken = [year for year in range(2000, NEXT_YEAR + 1) if basis(calendar, year) is Basis.BROKEN]
        assert broken == []
    assert [year for year in range(2000, NEXT_YEAR + 1) if closed_weekdays(calendar, year) == 0] == []


@pytest.mark.parametrize(
    ("calendar", "days", "trades"),
    [
        # Orthodox Good Friday and Easter Monday, Clean Monday, Whit Monday, and the two national days
        ("ASEX", "2024-05-03 2024-05-06 2024-03-18 2024-06-24 2021-04-30 2021-05-03 2026-04-10 2026-04-13", False),
        ("ASEX", "2026-03-25 2026-10-28 2023-12-26 2024-03-29 2015-07-01", False),
        ("ASEX", "2024-03-19 2024-05-07 2026-04-14 2015-08-03 2026-11-27", True),
        # Yom Kippur and its eve, New Year, Passover, Independence Day, Pentecost; an election
        ("XTAE", "2023-09-25 2023-09-24 2021-09-16 2024-10-03 2024-04-23 2024-05-14 2024-06-12 2022-11-01", False),
        ("XTAE", "2026-09-21 2026-04-02 2026-04-22 2026-05-22", False),
        # Sunday to Thursday until 4 January 2026, Monday to Friday since
        ("XTAE", "2025-12-28 2026-01-04 2026-01-05 2026-01-09 2024-03-31", True),  # also Western Easter
        ("XTAE", "2025-12-26 2026-01-02 2026-01-11 2026-01-18", False),
        ("XBOM", "2024-01-20 2025-02-01", True),  # Saturdays that were sessions
        ("XBOM", "2024-01-27 2025-02-08", False),
        ("XTKS", "2026-05-04 2026-11-23", False),
        ("XBSE", "2024-05-03 2024-05-06", False),  # another exchange with Orthodox feasts
    ],
)
def test_known_days_are_right(calendar: str, days: str, trades: bool) -> None:
    sessions = calendars_here._sessions(calendar, 2000, NEXT_YEAR)  # in one piece: a year costs as much as thirty
    assert {day: np.datetime64(day) in sessions for day in days.split()} == dict.fromkeys(days.split(), trades)


@pytest.mark.parametrize("calendar", ["XNYS", "XHKG", "XSTO"])
def test_a_calendar_of_few_years_has_the_sessions_and_closes_of_the_library_s_own(calendar: str) -> None:
    ours = calendars_here._span(calendar, 2023, 2025)
    kind = exchange_calendars.calendar_utils._default_calendar_factories[calendar]
    assert ours is not None and type(ours) is not kind
    assert ours.schedule.equals(kind(start="2023-01-01", end="2025-12-31").schedule)


def test_tel_aviv_closes_at_its_own_hours() -> None:
    assert closes_at("XTAE", date(2025, 12, 28)) == datetime(2025, 12, 28, 13, 40, tzinfo=UTC)  # a Sunday
    assert closes_at("XTAE", date(2026, 1, 9)) == datetime(2026, 1, 9, 11, 50, tzinfo=UTC)  # a Friday
    assert session_after("XTAE", date(2026, 1, 1), 1) == date(2026, 1, 4)
    assert session_after("XTAE", date(2026, 1, 8), 1) == date(2026, 1, 9)


def test_years_that_nobody_has_recorded_have_the_holidays_that_come_back() -> None:
    assert basis("XSHG", 2024) is Basis.RECORDED
    assert basis("XSHG", 2040) is Basis.EXPECTED
    # national days, and the new year of the moon, which is on 12 February 2040
    for day in ("2040-10-01", "2040-10-05", "2040-02-13", "2040-02-14"):
        assert not is_session("XSHG", date.fromisoformat(day)), day
    assert is_session("XSHG", date(2040, 3, 1))
    assert basis("XSAU", 2015) is Basis.EXPECTED  # Sunday to Thursday all the same
    assert is_session("XSAU", date(2015, 3, 1))
    assert not is_session("XSAU", date(2015, 3, 6))
    assert not is_session("XSAU", date(2015, 9, 24))  # the feast of sacrifice


def test_what_came_back_is_learnt_from_what_was_closed_nearly_always() -> None:
    feast = [date(year, 4, 3 + year % 7) for year in range(2010, 2021)]
    closed = {}
    for year in range(2010, 2020):
        for day in np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]"):
            if np.is_busday(day):
                one: date = day.item()
                closed[one] = one in feast or (one.month, one.day) == (12, 25) or one == date(2013, 6, 5)
    expected = expected_holidays(closed, {"spring": feast}, 2020)
    assert [day for day in expected if day.weekday() < 5] == [feast[-1], date(2020, 12, 25)]


@pytest.mark.parametrize(
    ("calendar", "day", "exact"),
    [
        ("XNYS", date(2026, 11, 27), True),
        (EVERY_DAY, date(2026, 11, 27), True),
        ("XTAE", date(2026, 11, 27), True),
        (WEEKDAYS, date(2026, 11, 27), False),
        ("XSHG", date(2040, 1, 5), False),
        ("NOWHERE", date(2026, 1, 5), False),
    ],
)
def test_it_can_be_known_whether_a_calendar_is_a_guess(calendar: str, day: date, exact: bool) -> None:
    assert is_exact(calendar, day) is exact


@pytest.mark.parametrize("symbol", ["COMI.CA", "QNBK.QA", "NBK.KW", "EMAAR.AE", "X.YY"])
def test_an_exchange_whose_week_nobody_has_told_us_is_a_guess(symbol: str) -> None:
    calendar = instrument_of(symbol).calendar
    assert not is_exact(calendar, date(2026, 11, 26))
    # some of them trade from Sunday to Thursday: what lies between is not called a missing close
    assert gap(calendar, date(2026, 11, 26), date(2026, 11, 29)) is Gap.UNSURE


def test_one_span_answers_all_questions_about_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[tuple[str, int, int]] = []

    def span(calendar: str, first: int, last: int) -> exchange_calendars.ExchangeCalendar | None:
        built.append((calendar, first, last))
        return calendars_here._built(calendar, first, last)

    monkeypatch.setattr(calendars_here, "_span", span)
    calendars_here._sessions.cache_clear()
    is_session.cache_clear()
    assert is_exact("XNYS", date(2011, 3, 1))
    assert is_session("XNYS", date(2011, 3, 1))
    assert set(built) == {("XNYS", 2010, 2012)}


def test_a_calendar_that_is_slow_to_build_holds_up_no_other() -> None:
    with calendars_here._new_lock:
        slow = calendars_here._locks["XKRX"]
    with slow, ThreadPoolExecutor(1) as elsewhere:  # somebody is building it
        assert elsewhere.submit(is_session, "XNYS", date(2012, 3, 1)).result(timeout=60)


@pytest.mark.parametrize(
    ("exchange", "symbol", "calendar"),
    [
        ("OSA", "^N225", "XTKS"),
        ("NAS", "VFINX", "XNYS"),
        ("FGI", "^FTSE", "XLON"),
        ("ZRH", "^STOXX50E", "XETR"),
        ("BVB", "TLV.RO", "XBSE"),
        ("???", "^N225", "XTKS"),  # our table knows the index
        ("", "7203.T", "XTKS"),
        ("YHD", "TEVA.TA", "XTAE"),
        ("NEW", "OPAP.AT", "ASEX"),
        ("???", "^TA125.TA", "XTAE"),
        ("???", "AAPL", "XNYS"),
        ("???", "BTC-USD", EVERY_DAY),
        ("CCY", "EURUSD=X", WEEKDAYS),
        ("???", "GBPJPY=X", WEEKDAYS),
        ("CMX", "GC=F", WEEKDAYS),
        ("???", "^NOBODY", WEEKDAYS),
        ("???", "X.YY", WEEKDAYS),
        ("???", "", WEEKDAYS),
    ],
)
def test_what_an_exchange_code_does_not_tell_the_symbol_does(exchange: str, symbol: str, calendar: str) -> None:
    assert calendar_of(exchange, symbol) == calendar


@pytest.fixture
def without_tel_aviv(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A library that cannot build one calendar."""
    build = exchange_calendars.get_calendar

    def broken(name: str, **years: Any) -> exchange_calendars.ExchangeCalendar:
        if name == "XTAE":
            raise NotImplementedError
        return build(name, **years)

    caches = (calendars_here._built, calendars_here._sessions, calendars_here.is_session)
    for cache in caches:
        cache.cache_clear()
    monkeypatch.setattr(exchange_calendars, "get_calendar", broken)
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("without_tel_aviv")
def test_doctor_names_the_calendars_that_cannot_be_built(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(doctor, "calendars", lambda: ("XNYS", "XTAE", WEEKDAYS))
    with caplog.at_level(logging.WARNING):
        assert is_session("XTAE", date(2026, 4, 2))  # Passover: Monday to Friday is used, and the log says so
    assert "No 2026 calendar of XTAE" in caplog.text
    (told,) = [check for check in doctor.examine(services) if check.name == "Calendars"]
    assert (told.ok, told.detail) == (False, "XTAE cannot be built; Monday to Friday without holidays is taken.")
    assert "requirements.txt" in told.advice


def test_doctor_says_for_which_calendars_next_years_holidays_are_not_recorded(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "calendars", lambda: ("XNYS", "XKAR"))
    (told,) = [check for check in doctor.examine(services) if check.name == "Calendars"]
    assert told.ok
    assert told.detail.startswith("2 can be built")
