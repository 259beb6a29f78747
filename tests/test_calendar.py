"""Which days are sessions and when they close: daylight saving, half days, holidays, exchanges around the world."""

import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import exchange_calendars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.market.calendar import (
    EVERY_DAY,
    WEEKDAYS,
    closes_at,
    is_session,
    last_closed_session,
    session_after,
    sessions_between,
)
from bellwether.market.symbols.universe import calendar_of

# one of Yahoo's codes for every calendar that we name
EXCHANGES = [
    "NMS",
    "TOR",
    "VAN",
    "MEX",
    "SAO",
    "BUE",
    "SGO",
    "LSE",
    "ISE",
    "PAR",
    "AMS",
    "BRU",
    "LIS",
    "GER",
    "FRA",
    "DUS",
    "HAM",
    "EBS",
    "VIE",
    "MIL",
    "MCE",
    "ATH",
    "IST",
    "WSE",
    "STO",
    "CPH",
    "HEL",
    "OSL",
    "ICE",
    "BUD",
    "PRA",
    "TLV",
    "JNB",
    "SAU",
    "JPX",
    "HKG",
    "SHH",
    "SHZ",
    "TAI",
    "KSC",
    "SES",
    "SET",
    "KLS",
    "JKT",
    "PHS",
    "NSI",
    "BSE",
    "ASX",
    "NZE",
    "CCC",
    "???",
]


def test_a_crowd_at_a_cold_start_builds_a_calendar_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    build, crowd = exchange_calendars.get_calendar, threading.Barrier(8)

    def slow(name: str, **years: str) -> exchange_calendars.ExchangeCalendar:
        built.append(f"{name} {years['start'][:4]}")
        time.sleep(0.05)  # time for the others to come
        return build(name, **years)

    def ask() -> None:
        crowd.wait(10)
        is_session("XBOG", date(1997, 5, 5))

    monkeypatch.setattr(exchange_calendars, "get_calendar", slow)
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert built == ["XBOG 1996"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "session", "close"),
    [
        ("XNYS", "2026-11-25", "2026-11-25T21:00"),
        ("XNYS", "2026-11-27", "2026-11-27T18:00"),  # the half day after Thanksgiving
        ("XNYS", "2026-12-24", "2026-12-24T18:00"),
        ("XNYS", "2026-03-06", "2026-03-06T21:00"),  # the Friday before the clocks change
        ("XNYS", "2026-03-09", "2026-03-09T20:00"),  # and the Monday after
        ("XNYS", "2026-10-30", "2026-10-30T20:00"),
        ("XNYS", "2026-11-02", "2026-11-02T21:00"),
        ("XLON", "2026-03-27", "2026-03-27T16:30"),  # London changes three weeks after New York
        ("XLON", "2026-03-30", "2026-03-30T15:30"),
        ("XLON", "2026-12-24", "2026-12-24T12:30"),
        ("XTKS", "2026-11-20", "2026-11-20T06:30"),  # half an hour longer since November 2024
        ("XTKS", "2023-11-20", "2023-11-20T06:00"),
        ("XASX", "2026-11-20", "2026-11-20T05:00"),  # southern summer
        ("XNZE", "2026-11-20", "2026-11-20T03:45"),
        (EVERY_DAY, "2026-11-21", "2026-11-22T00:00"),
        (WEEKDAYS, "2026-11-20", "2026-11-21T00:00"),
    ],
)
def test_it_knows_when_a_session_closes(calendar: str, session: str, close: str) -> None:
    closing = closes_at(calendar, date.fromisoformat(session))
    assert closing == at(close)
    assert closing.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("calendar", "now", "session"),
    [
        ("XNYS", "2026-11-25T20:59:59", "2026-11-24"),
        ("XNYS", "2026-11-25T21:00:00", "2026-11-25"),
        ("XNYS", "2026-11-26T23:00:00", "2026-11-25"),  # Thanksgiving
        ("XNYS", "2026-11-27T17:59:59", "2026-11-25"),
        ("XNYS", "2026-11-27T18:00:00", "2026-11-27"),
        ("XNYS", "2026-11-29T12:00:00", "2026-11-27"),  # a Sunday
        ("XNYS", "2026-11-30T01:00:00", "2026-11-27"),
        ("XNYS", "2026-03-06T20:30:00", "2026-03-05"),
        ("XNYS", "2026-03-09T20:30:00", "2026-03-09"),
        ("XNYS", "2026-12-31T20:59:00", "2026-12-30"),
        ("XNYS", "2026-12-31T21:00:00", "2026-12-31"),
        ("XNYS", "2027-01-01T12:00:00", "2026-12-31"),
        ("XNYS", "2001-09-14T22:00:00", "2001-09-10"),  # four days without trading
        ("XNYS", "1987-10-19T21:00:00", "1987-10-19"),
        ("XTKS", "2026-11-19T23:59:00", "2026-11-19"),  # morning of the 20th in Tokyo
        ("XTKS", "2026-11-20T06:29:00", "2026-11-19"),
        ("XTKS", "2026-11-20T06:30:00", "2026-11-20"),
        ("XNZE", "2026-11-22T23:00:00", "2026-11-20"),  # Monday noon in Wellington
        ("XNZE", "2026-11-23T03:45:00", "2026-11-23"),
        (EVERY_DAY, "2026-11-22T23:59:59", "2026-11-21"),
        (EVERY_DAY, "2026-11-23T00:00:00", "2026-11-22"),
        (EVERY_DAY, "2027-01-01T00:00:00", "2026-12-31"),
    ],
)
def test_it_finds_the_last_closed_session(calendar: str, now: str, session: str) -> None:
    assert last_closed_session(calendar, at(now)) == date.fromisoformat(session)


@pytest.mark.parametrize(
    "zone", [timezone(timedelta(hours=14)), timezone(-timedelta(hours=12)), ZoneInfo("Asia/Tokyo")]
)
def test_the_last_closed_session_does_not_depend_on_the_zone_now_is_written_in(zone: timezone | ZoneInfo) -> None:
    now = at("2026-11-27T18:00")
    assert last_closed_session("XNYS", now.astimezone(zone)) == date(2026, 11, 27)


def test_it_refuses_a_naive_now() -> None:
    with pytest.raises(ValueError, match="aware"):
        last_closed_session("XNYS", datetime(2026, 11, 23, 18, 0))  # noqa: DTZ001  # naive is the point


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # exchange_calendars 4.13 on pandas 3.1
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_exchange_has_a_calendar_that_works_today(exchange: str) -> None:
    calendar = calendar_of(exchange)
    closed = last_closed_session(calendar, at("2026-11-23T18:00"))
    assert date(2026, 11, 19) <= closed <= date(2026, 11, 23)
    target = session_after(calendar, closed, 63)
    assert date(2027, 1, 20) < target < date(2027, 3, 20)
    assert sessions_between(calendar, closed, target) == 63


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["XNYS", "XASX", EVERY_DAY]),
    st.datetimes(datetime(2020, 1, 1), datetime(2022, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_last_closed_session_is_closed_and_the_next_one_is_not(calendar: str, now: datetime) -> None:
    closed = last_closed_session(calendar, now)
    assert closes_at(calendar, closed) <= now
    assert closes_at(calendar, session_after(calendar, closed, 1)) > now
    assert is_session(calendar, closed)


@settings(max_examples=150, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2021, 12, 31)), st.integers(0, 63))
def test_steps_forward_can_be_walked_back_and_counted(day: date, steps: int) -> None:
    start = session_after("XNYS", day, 0)
    assert start <= day
    target = session_after("XNYS", day, steps)
    assert target == session_after("XNYS", start, steps)
    assert session_after("XNYS", target, -steps) == start
    assert sessions_between("XNYS", start, target) == sessions_between("XNYS", day, target) == steps


@pytest.mark.parametrize(
    ("calendar", "session", "steps", "target"),
    [
        ("XNYS", "2026-11-25", 1, "2026-11-27"),
        ("XNYS", "2026-12-31", 1, "2027-01-04"),
        ("XNYS", "2021-12-31", 10, "2022-01-14"),
        ("XNYS", "2026-11-28", 1, "2026-11-30"),  # a Saturday counts as lying after Friday
        ("XNYS", "2026-11-28", 0, "2026-11-27"),
        ("XNYS", "1987-10-19", 5, "1987-10-26"),
        ("XNYS", "2001-09-10", 1, "2001-09-17"),
        (EVERY_DAY, "2024-02-28", 2, "2024-03-01"),
        ("XTKS", "2026-04-28", 1, "2026-04-30"),
    ],
)
def test_it_counts_sessions_and_not_days(calendar: str, session: str, steps: int, target: str) -> None:
    assert session_after(calendar, date.fromisoformat(session), steps) == date.fromisoformat(target)


@pytest.mark.parametrize("year", [1900, 1927, 1962])
def test_it_counts_as_far_back_as_prices_are_known(year: int) -> None:
    cutoff = date(year, 12, 27)
    target = session_after("XNYS", cutoff, 63)
    assert timedelta(70) < target - cutoff < timedelta(100)
    assert sessions_between("XNYS", cutoff, target) == 63


def test_no_sessions_lie_between_a_day_and_an_earlier_one() -> None:
    assert sessions_between("XNYS", date(2026, 11, 25), date(2026, 11, 25)) == 0
    assert sessions_between("XNYS", date(2026, 11, 25), date(2020, 1, 2)) == 0


def test_sessions_are_counted_over_many_years() -> None:
    assert sessions_between("XNYS", date(2011, 12, 30), date(2021, 12, 31)) == 2517


@pytest.mark.parametrize(
    ("calendar", "day", "trades"),
    [
        ("XNYS", "2026-11-26", False),
        ("XNYS", "2026-11-27", True),
        ("XNYS", "2026-11-28", False),
        ("XNYS", "2025-01-09", False),  # a day of mourning
        ("XLON", "2026-11-26", True),
        (EVERY_DAY, "2026-12-25", True),
        (WEEKDAYS, "2026-12-25", True),
        (WEEKDAYS, "2026-12-26", False),
    ],
)
def test_it_knows_on_which_days_an_exchange_trades(calendar: str, day: str, trades: bool) -> None:
    assert is_session(calendar, date.fromisoformat(day)) is trades
