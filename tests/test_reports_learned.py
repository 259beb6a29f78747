"""Where days of reports come from: Yahoo by its real client, files, the sample market; kept, never asked in haste."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.core.announcement import Announcement
from bellwether.core.config import load_settings
from bellwether.core.errors import DamagedAnswer, MarketDataError, SourceError, Trouble
from bellwether.jobs import refresh_reports as job
from bellwether.jobs.doctor import examine
from bellwether.jobs.refresh_reports import LearnedOfReports, refresh_reports
from bellwether.market.earnings.companies import reports_results
from bellwether.market.earnings.file import read_announcements, read_report_days
from bellwether.market.earnings.known import Facts
from bellwether.market.earnings.provider import FRESH, REST, KeptReports, ToldReports, next_told
from bellwether.market.provider import Announced
from bellwether.market.remote.circuit_breaker import BreakerState
from bellwether.market.sources import remote
from bellwether.market.symbols.universe import Universe, instrument_of
from bellwether.services import Services, build_services
from tests.support.clock import Clock
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services

TODAY = date(2026, 11, 20)  #: a Friday, on which tests' clocks stand
PAGE, SUMMARY = "/calendar/earnings", "/v10/finance/quoteSummary/"
APPLE = instrument_of("AAPL")
SERVED = ["AAPL", "MSFT", "BABA"]
PAST = ["October 29, 2026 at 4 PM EDT", "July 30, 2026 at 4 PM EDT", "April 30, 2026 at 4 PM EDT"]


def stamp(day: date, hour: int, minute: int = 0) -> int:
    """Seconds of an instant in UTC."""
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        yield server


@pytest.fixture
def start(server: YahooServer, clock: Clock, tmp_path: Path) -> Callable[[], Services]:
    """The service as after a start, with one company to serve."""

    def start() -> Services:
        services = yahoo_services(tmp_path, server, clock)
        return replace(services, universe=Universe((APPLE,), ()))

    return start


def days(services: Services, on: date, symbol: str = "AAPL") -> list[date]:
    return [fact.day for fact in services.reports.known(instrument_of(symbol), on)]


# ---- Yahoo


def test_past_reports_and_the_next_one_come_from_yahoo_and_are_kept(
    server: YahooServer, start: Callable[[], Services]
) -> None:
    following = date(2026, 12, 3)
    server.add_reports("AAPL", PAST)
    server.add_next_report("AAPL", [stamp(following, 21, 30)])
    assert days(start(), TODAY) == [], "nobody has asked yet"
    assert refresh_reports(start(), lambda: False) == LearnedOfReports(1, 0)
    facts = start().reports.known(APPLE, TODAY)
    assert [(fact.day, fact.time_of_day) for fact in facts] == [
        (date(2026, 4, 30), "amc"),
        (date(2026, 7, 30), "amc"),
        (date(2026, 10, 29), "amc"),
        (following, "amc"),
    ]
    assert [fact.known_from for fact in facts] == [None, None, None, TODAY]
    assert days(start(), TODAY - timedelta(1))[-1] == date(2026, 10, 29), "yesterday nobody knew"


def test_two_days_are_a_range(server: YahooServer, start: Callable[[], Services]) -> None:
    first, last = date(2026, 12, 1), date(2026, 12, 4)
    server.add_next_report("AAPL", [stamp(first, 10, 59), stamp(last, 12)])
    refresh_reports(start(), lambda: False)
    (fact,) = start().reports.known(APPLE, TODAY)
    assert (fact.day, fact.last_day) == (first, last)


@pytest.mark.parametrize(
    ("symbol", "hour", "day", "time_of_day"),
    [
        ("AAPL", 23, date(2026, 12, 3), "amc"),
        ("AAPL", 26, date(2026, 12, 3), "amc"),  # half past nine in the evening in New York, tomorrow in UTC
        ("AAPL", 12, date(2026, 12, 3), "bmo"),
        ("AAPL", 24, date(2026, 12, 4), ""),  # a midnight stands for its day
        ("CBA.AX", 21, date(2026, 12, 4), "bmo"),  # a morning in Sydney
        ("7203.T", 6, date(2026, 12, 3), ""),
    ],
)
def test_a_report_belongs_to_the_day_at_its_exchange(
    server: YahooServer, start: Callable[[], Services], symbol: str, hour: int, day: date, time_of_day: str
) -> None:
    server.add_next_report(symbol, [stamp(date(2026, 12, 3), 0) + hour * 3600])
    services = start()
    services.reports.refresh(instrument_of(symbol))
    (fact,) = services.reports.known(instrument_of(symbol), TODAY)
    assert (fact.day, fact.time_of_day) == (day, time_of_day)


def test_the_two_days_that_yahoo_really_told_of_apple_are_a_range(start: Callable[[], Services], clock: Clock) -> None:
    clock.now = datetime(2025, 2, 24, 22, tzinfo=UTC)  # when the answer was recorded
    services = start()
    refresh_reports(services, lambda: False)
    (fact,) = services.reports.known(APPLE, clock.now.date())
    assert (fact.day, fact.last_day) == (date(2025, 4, 30), date(2025, 5, 5))
    assert next_told(services.reports, APPLE, clock.now.date(), date(2025, 2, 24)) == date(2025, 4, 30)


def test_the_recorded_answer_of_early_2025_has_nothing_that_lies_ahead_by_now(start: Callable[[], Services]) -> None:
    services = start()
    refresh_reports(services, lambda: False)
    assert next_told(services.reports, APPLE, TODAY, TODAY) is None


def test_a_company_is_asked_for_once_a_day_and_a_forecast_asks_for_none(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    services = start()
    server.add_next_report("AAPL", [stamp(date(2026, 12, 3), 21)])
    for expected in (1, 0):
        assert refresh_reports(start(), lambda: False).asked == expected
    asked = len(server.requests_to(SUMMARY)), len(server.requests_to(PAGE))
    assert asked == (1, 1)
    services.reports.known(APPLE, TODAY)
    services.reports.known(instrument_of("MSFT"), TODAY)
    clock.now += FRESH - timedelta(minutes=1)
    refresh_reports(start(), lambda: False)
    assert (len(server.requests_to(SUMMARY)), len(server.requests_to(PAGE))) == asked
    clock.now += timedelta(minutes=1)
    assert refresh_reports(start(), lambda: False).asked == 1


def test_a_date_that_moves_by_a_week_is_seen_the_next_day_and_not_before(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    first, second = date(2026, 12, 3), date(2026, 12, 10)
    services = start()
    server.add_next_report("AAPL", [stamp(first, 21)])
    refresh_reports(services, lambda: False)
    assert days(services, TODAY) == [first]
    server.add_next_report("AAPL", [stamp(second, 21)])
    clock.now += FRESH
    refresh_reports(services, lambda: False)
    tomorrow = TODAY + timedelta(1)
    assert days(services, TODAY) == days(start(), TODAY) == [first]
    assert days(services, tomorrow) == days(start(), tomorrow) == [second]


def test_a_yahoo_that_is_down_changes_nothing_and_is_left_alone(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    server.add_next_report("AAPL", [stamp(date(2026, 12, 3), 21)])
    services = start()
    refresh_reports(services, lambda: False)
    clock.now += FRESH
    server.fail_next("/", 503, times=None)
    assert refresh_reports(services, lambda: False) == LearnedOfReports(0, 1)
    assert days(services, TODAY + timedelta(1)) == [date(2026, 12, 3)]
    with pytest.raises(SourceError):
        start().reports.refresh(instrument_of("MSFT"))
    assert next_told(services.reports, APPLE, TODAY + timedelta(1), TODAY) == date(2026, 12, 3)


def told_by_doctor(services: Services) -> tuple[bool, str, str]:
    (check,) = [check for check in examine(services) if check.name == "Reports"]
    return check.ok, check.detail, check.advice


def test_doctor_tells_of_how_many_the_next_day_is_known_when_it_was_asked_and_what_fails(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    server.add_reports("AAPL", PAST)
    server.add_next_report("AAPL", [stamp(date(2026, 12, 3), 21)])
    served = Universe((APPLE, instrument_of("MSFT"), instrument_of("SPY")), ())
    services = replace(start(), universe=served)
    none = "the next day is known of 0 of 2 companies, earlier ones of 0; "
    assert told_by_doctor(services) == (True, f"{none}not asked yet", "")
    refresh_reports(services, lambda: False, symbols=["AAPL"])
    known = "he next day is known of 1 of 2 companies, earlier ones of 1; last answered"
    assert told_by_doctor(services) == (True, f"t{known} within the hour, of 1", "")
    clock.now += timedelta(days=7)
    server.fail_next(SUMMARY, 503, times=None)
    ok, detail, advice = told_by_doctor(services)
    assert not ok
    assert detail.endswith(f"T{known} 7 days ago, of 1.") and len(detail) > len(known) + 40
    assert "asked again by itself" in advice


def test_doctor_says_nothing_of_reports_where_nobody_tells_any(services: Services) -> None:
    ok, detail, _ = told_by_doctor(services)
    assert ok and detail.startswith("the next day is known of 0 of 40 companies, earlier ones of 3")
    silent = replace(services, reports=ToldReports(lambda symbol: ()))
    assert "Reports" not in {check.name for check in examine(silent)}


def test_a_limit_at_the_page_of_reports_is_heard_of_and_no_more_companies_are_asked_for(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    services = replace(start(), universe=Universe(tuple(map(instrument_of, SERVED)), ()))
    server.add_reports("AAPL", PAST)
    server.fail_next(PAGE, 429, times=None, headers={"Retry-After": "1800"})
    assert refresh_reports(services, lambda: False) == LearnedOfReports(0, 1)
    assert len(server.requests_to(PAGE)) == 1
    asker = remote(services.provider)
    assert asker is not None and asker.asker.state is BreakerState.OPEN, "as long as it wishes"
    server.clear_faults()
    clock.now += REST
    assert services.reports.refresh(APPLE), "the question that finds out, else one for prices"
    assert refresh_reports(services, lambda: False) == LearnedOfReports(2, 0)
    assert days(services, TODAY) == [date(2026, 4, 30), date(2026, 7, 30), date(2026, 10, 29)], "within the day"


@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_page_that_is_refused_or_fails_notes_nothing_as_asked(
    server: YahooServer, start: Callable[[], Services], clock: Clock, status: int
) -> None:
    server.add_reports("AAPL", PAST)
    server.fail_next(PAGE, status, times=None)
    assert refresh_reports(start(), lambda: False) == LearnedOfReports(0, 1)
    server.clear_faults()
    clock.now += REST
    assert refresh_reports(start(), lambda: False) == LearnedOfReports(1, 0)
    assert days(start(), TODAY)[-1] == date(2026, 10, 29)


@pytest.mark.parametrize(("status", "body"), [(404, None), (200, "<html><form>Consent</form></html>")])
def test_a_page_that_cannot_be_read_costs_the_past_days_alone(
    server: YahooServer, start: Callable[[], Services], status: int, body: str | None
) -> None:
    server.add_reports("AAPL", PAST)
    server.add_next_report("AAPL", [stamp(date(2026, 12, 3), 21)])
    server.fail_next(PAGE, status, body, times=None)
    services = start()
    assert refresh_reports(services, lambda: False) == LearnedOfReports(1, 0)
    assert days(services, TODAY) == [date(2026, 12, 3)]


@pytest.mark.parametrize("rows", [["soon"], ["January 32, 2026 at 4 PM EST"], ["October 29, 2026 at 4 PM JST"]])
def test_a_table_that_cannot_be_read_costs_the_past_days_alone(
    server: YahooServer, start: Callable[[], Services], rows: list[str]
) -> None:
    server.add_reports("AAPL", rows)
    server.add_next_report("AAPL", [stamp(date(2026, 12, 3), 21)])
    services = start()
    refresh_reports(services, lambda: False)
    assert days(services, TODAY) == [date(2026, 12, 3)]


@pytest.mark.parametrize(
    "body", ['{"calendarEvents": 3}', '{"calendarEvents": {"earnings": {"earningsDate": [null]}}}']
)
def test_an_answer_of_another_form_tells_nothing(server: YahooServer, start: Callable[[], Services], body: str) -> None:
    server.fail_next(SUMMARY, 200, f'{{"quoteSummary": {{"result": [{body}], "error": null}}}}')
    services = start()
    assert refresh_reports(services, lambda: False) == LearnedOfReports(1, 0)
    assert days(services, TODAY) == []


def test_far_off_and_doubled_days_of_a_source_are_left_out(server: YahooServer, start: Callable[[], Services]) -> None:
    server.add_reports("AAPL", [*PAST, PAST[0], "October 30, 2026 at 4 PM EDT", "January 1, 2039 at 4 PM EST"])
    server.add_next_report("AAPL", [stamp(date(2036, 1, 1), 21)])
    services = start()
    refresh_reports(services, lambda: False)
    assert days(services, TODAY) == [date(2026, 4, 30), date(2026, 7, 30), date(2026, 10, 29)]


def test_funds_and_coins_are_not_asked_for(server: YahooServer, start: Callable[[], Services]) -> None:
    services = start()
    for symbol in ("SPY", "BTC-USD", "^GSPC", "EURUSD=X", "GC=F"):
        assert not services.reports.refresh(instrument_of(symbol))
    assert not server.requests


def test_a_run_asks_for_some_companies_and_the_next_one_goes_on(
    start: Callable[[], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = replace(start(), universe=Universe(tuple(map(instrument_of, SERVED)), ()))
    assert [refresh_reports(services, lambda: False, most=2).asked for _ in range(3)] == [2, 1, 0]
    assert job.MOST >= 50


def test_a_source_that_fails_is_asked_once_an_hour_so_that_its_prices_go_on(
    server: YahooServer, start: Callable[[], Services], clock: Clock
) -> None:
    services = replace(start(), universe=Universe(tuple(map(instrument_of, SERVED)), ()))
    server.fail_next(SUMMARY, 403, times=None)
    assert [refresh_reports(services, lambda: False) for _ in range(9)] == [LearnedOfReports(0, 1)] + 8 * [
        LearnedOfReports(0, 0)
    ]
    asked = remote(services.provider)
    assert asked is not None and asked.asker.state is BreakerState.CLOSED
    server.clear_faults()
    clock.now += REST
    assert refresh_reports(services, lambda: False) == LearnedOfReports(3, 0)


def three_with(start: Callable[[], Services], clock: Clock, told: Announced) -> Services:
    """Three companies to serve, of whose reports this is told from afar."""
    services = replace(start(), universe=Universe(tuple(map(instrument_of, SERVED)), ()))
    return replace(services, reports=KeptReports(told, "yahoo", services.store, clock))


def test_companies_of_which_nothing_can_be_read_wait_a_day_and_keep_nobody_else_from_being_asked_for(
    start: Callable[[], Services], clock: Clock
) -> None:
    asked: list[str] = []

    def told(symbol: str) -> Facts:
        asked.append(symbol)
        if symbol != "BABA":
            raise DamagedAnswer("Yahoo Finance", symbol, Trouble.DAMAGED_STATEMENTS)
        return (Announcement(symbol, date(2026, 12, 3), source="yahoo"),)

    runs = [refresh_reports(three_with(start, clock, told), lambda: False, 2, SERVED) for _ in range(3)]
    assert runs == [LearnedOfReports(0, 2), LearnedOfReports(1, 0), LearnedOfReports(0, 0)]
    assert asked == ["AAPL", "MSFT", "BABA"], "each once a day, though another process asked"
    clock.now += FRESH
    refresh_reports(three_with(start, clock, told), lambda: False, 2, SERVED)
    assert asked[3:] == ["AAPL", "MSFT"], "those first that were asked for longest ago"


def test_those_never_asked_for_come_before_those_asked_for_longest_ago(
    start: Callable[[], Services], clock: Clock
) -> None:
    asked: list[str] = []

    def told(symbol: str) -> Facts:
        asked.append(symbol)
        return ()

    for symbols in (["BABA"], ["MSFT"]):
        refresh_reports(three_with(start, clock, told), lambda: False, symbols=symbols)
        clock.now += FRESH
    refresh_reports(three_with(start, clock, told), lambda: False, symbols=["MSFT", "BABA", "AAPL"])
    assert asked == ["BABA", "MSFT", "AAPL", "BABA", "MSFT"]


def test_a_company_for_which_the_source_always_fails_does_not_stop_every_run(
    start: Callable[[], Services], clock: Clock
) -> None:
    asked: list[str] = []

    def told(symbol: str) -> Facts:
        asked.append(symbol)
        if symbol == "AAPL":
            raise SourceError("Yahoo Finance", Trouble.FAILING)
        return ()

    services = three_with(start, clock, told)
    assert refresh_reports(services, lambda: False, symbols=SERVED) == LearnedOfReports(0, 1)
    clock.now += REST
    assert refresh_reports(services, lambda: False, symbols=SERVED) == LearnedOfReports(2, 1)
    assert asked == ["AAPL", "MSFT", "BABA", "AAPL"]


def test_an_answer_that_cannot_be_read_is_none_before_which_a_report_could_have_been_heard_of(
    start: Callable[[], Services], clock: Clock
) -> None:
    sudden = date(2026, 11, 21)
    answers: list[Facts | None] = [(), None, (Announcement("AAPL", sudden, source="yahoo"),)]

    def told(symbol: str) -> Facts:
        answer = answers.pop(0)
        if answer is None:
            raise DamagedAnswer("Yahoo Finance", symbol, Trouble.DAMAGED_STATEMENTS)
        return answer

    services = three_with(start, clock, told)
    for _ in range(3):
        refresh_reports(services, lambda: False, symbols=["AAPL"])
        clock.now += 2 * FRESH
    (fact,) = services.reports.known(APPLE, date(2026, 11, 24))
    assert (fact.day, fact.known_from) == (sudden, date(2026, 11, 24)), "not a fact of the past, known all along"
    assert days(services, date(2026, 11, 23)) == []


def test_a_run_may_be_about_some_symbols_alone(start: Callable[[], Services]) -> None:
    assert refresh_reports(start(), lambda: False, symbols=["MSFT", "SPY", "AAPL"]) == LearnedOfReports(2, 0)
    assert refresh_reports(start(), lambda: False) == LearnedOfReports(0, 0)


def test_a_run_that_is_to_stop_stops(start: Callable[[], Services]) -> None:
    assert refresh_reports(start(), lambda: True) == LearnedOfReports(0, 0)


# ---- who reports


@pytest.mark.parametrize(
    ("symbol", "name", "does"),
    [
        ("AAPL", "Apple", True),
        ("SPY", "SPDR S&P 500 ETF Trust", False),
        ("XYZ", "iShares Gold Something", False),
        ("VWRL.L", "Vanguard FTSE All-World UCITS ETF", False),
        ("SPY", "SPY", False),
        ("BTC-USD", "Bitcoin", False),
        ("^VIX", "VIX", False),
        ("DLR", "Digital Realty Trust", True),
        ("NTRS", "Northern Trust", True),
    ],
)
def test_companies_report_and_funds_do_not(symbol: str, name: str, does: bool) -> None:
    assert reports_results(replace(instrument_of(symbol), name=name)) is does


def test_dates_told_for_a_fund_or_a_coin_are_ignored(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("symbol,date\nSPY,2021-10-26\nBTC-USD,2021-10-26\n^GSPC,2021-10-26\nAAPL,2021-10-28\n")
    services = build_services(load_settings(market={"earnings_file": str(file)}, models={"folder": tmp_path}))
    assert [days(services, date(2021, 10, 20), symbol) for symbol in ("SPY", "BTC-USD", "^GSPC")] == [[], [], []]
    assert days(services, date(2021, 10, 20)) == [date(2021, 10, 28)]


# ---- files


def told_in(tmp_path: Path, text: str) -> dict[str, tuple[Announcement, ...]]:
    file = tmp_path / "r.csv"
    file.write_text(text)
    return read_announcements(file)


def test_a_file_tells_days_ranges_times_and_when_they_became_known(tmp_path: Path) -> None:
    facts = told_in(
        tmp_path,
        "symbol,date,last_day,time_of_day,known_from\n"
        "aapl,2021-10-28,,AMC,2021-10-04\nAAPL,2021-07-27,,,\nMSFT,2021-10-26,2021-10-28,bmo,\n",
    )
    assert facts["AAPL"] == (
        Announcement("AAPL", date(2021, 7, 27), source="file"),
        Announcement("AAPL", date(2021, 10, 28), None, "amc", date(2021, 10, 4), source="file"),
    )
    assert facts["MSFT"][0].last_day == date(2021, 10, 28)


def test_a_date_that_moves_is_two_rows_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("symbol,date,known_from\nAAPL,2021-10-28,2021-10-04\nAAPL,2021-11-04,2021-10-12\n")
    services = build_services(load_settings(market={"earnings_file": str(file)}, models={"folder": tmp_path}))
    asked = [date(2021, 10, 3), date(2021, 10, 11), date(2021, 10, 12)]
    assert [days(services, day) for day in asked] == [[], [date(2021, 10, 28)], [date(2021, 11, 4)]]
    days_of, told_on = read_report_days(file)["AAPL"]
    assert (str(days_of[0]), str(told_on[0]), len(days_of)) == ("2021-11-04", "2021-10-12", 1)


def test_training_reads_no_days_of_funds_for_the_service_believes_none(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("symbol,date\nEEM,2021-10-26\nXLB,2021-10-26\n^GSPC,2021-10-26\nAAPL,2021-10-28\nZZZ,2021-10-28\n")
    assert list(read_report_days(file)) == ["AAPL", "ZZZ"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("symbol,day\nAAPL,2021-10-28\n", "lacks the columns date"),
        ("date\n2021-10-28\n", "lacks the columns symbol"),
        ("symbol,date\nAAPL,\n", "line 2 has no date"),
        ("symbol,date\n,2021-10-28\n", "line 2 has no symbol"),
        ("symbol,date\nAAPL,2021-10-28\nMSFT,soon\n", "line 3 .soon. is no day"),
        ("symbol,date\nAAPL,2021-10-28\nMSFT,28.10.2021\n", "Write all days in one way"),
        ("symbol,date\nAAPL,2021-13-45\n", "is no day"),
        ("", "empty"),
    ],
)
def test_a_file_at_fault_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(MarketDataError, match=said) as problem:
        told_in(tmp_path, text)
    assert "r.csv" in str(problem.value)


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="does not exist"):
        build_services(load_settings(market={"earnings_file": str(tmp_path / "x.csv")}, models={"folder": tmp_path}))
    (tmp_path / "x.txt").write_text("symbol,date\n")
    with pytest.raises(MarketDataError, match="must be"):
        build_services(load_settings(market={"earnings_file": str(tmp_path / "x.txt")}, models={"folder": tmp_path}))


def test_a_file_with_a_header_alone_tells_nothing(tmp_path: Path) -> None:
    assert told_in(tmp_path, "symbol,date\n") == {}


def test_instants_of_a_file_are_days_at_the_exchange(tmp_path: Path) -> None:
    facts = told_in(tmp_path, "symbol,date\nAAPL,2021-10-29T01:30:00Z\nAAPL,2021-07-27T20:30:00Z\n")
    assert [fact.day for fact in facts["AAPL"]] == [date(2021, 7, 27), date(2021, 10, 28)]


# ---- the sample market


def test_the_sample_market_brings_the_reports_that_may_be_embedded(services: Services) -> None:
    alphabet = services.reports.known(instrument_of("GOOGL"), TODAY)
    assert (alphabet[0].day, alphabet[-1].day, alphabet[-1].source) == (
        date(2004, 10, 21),
        date(2024, 1, 30),
        "sample",
    )
    assert not services.reports.known(instrument_of("COST"), TODAY)
    assert not services.reports.refresh(APPLE)


def test_a_market_without_reports_knows_none(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nAAPL,2021-12-31,1,1,1,1,1\n")
    services = build_services(load_settings(market={"source": "file", "file": str(file)}, models={"folder": tmp_path}))
    assert services.reports.known(APPLE, TODAY) == ()
    assert next_told(services.reports, APPLE, TODAY, TODAY) is None


def test_a_damaged_database_costs_the_reports_and_nothing_else(
    server: YahooServer, start: Callable[[], Services]
) -> None:
    services = start()
    services.store.close()
    services.store.path.write_bytes(b"no database" * 100)
    assert services.reports.known(APPLE, TODAY) == ()
