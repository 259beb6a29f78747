"""What companies report: exact from Yahoo's recorded answers and from files, kept, and honest where there is none."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.core.config import load_settings
from bellwether.core.errors import MarketDataError, SourceError, UnknownSymbol
from bellwether.core.types import Quarter, Statements
from bellwether.market.statements.file import FileFundamentals
from bellwether.market.statements.provider import FRESH, Fundamentals, merged, open_fundamentals
from bellwether.services import Services, build_services
from tests.support.clock import Clock
from tests.support.data import DATA
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services

SERIES = "/ws/fundamentals-timeseries/"


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        yield server


@pytest.fixture
def start(server: YahooServer, clock: Clock, tmp_path: Path) -> Callable[[], Fundamentals]:
    def start() -> Fundamentals:
        services = yahoo_services(tmp_path, server, clock)
        return open_fundamentals(services.settings.market, services.provider, services.store, clock)

    return start


def test_recorded_quarters_come_to_the_digit_with_their_currency(start: Callable[[], Fundamentals]) -> None:
    apple = start().statements("AAPL")
    assert (apple.currency, apple.source, apple.symbol) == ("USD", "yahoo", "AAPL")
    assert apple.quarters[-1] == Quarter(date(2025, 6, 30), 94_036_000_000.0, 23_434_000_000.0, None)
    assert [quarter.period_end for quarter in apple.quarters] == sorted(
        quarter.period_end for quarter in apple.quarters
    )


def test_statements_may_be_in_another_currency_than_the_share(start: Callable[[], Fundamentals]) -> None:
    assert start().statements("BABA").currency == "CNY"


@pytest.mark.parametrize("symbol", ["QQQ", "BTC-USD", "OCDO.L"])
def test_what_has_no_quarters_is_told_so(start: Callable[[], Fundamentals], symbol: str) -> None:
    with pytest.raises(MarketDataError, match=f"Yahoo Finance has no company statements of {symbol}"):
        start().statements(symbol)


def test_they_are_kept_asked_for_once_a_day_and_answer_while_yahoo_is_down(
    server: YahooServer, start: Callable[[], Fundamentals], clock: Clock
) -> None:
    first = start().statements("AAPL")
    asked = len(server.requests_to(SERIES))
    assert asked == 1
    assert start().statements("AAPL") == first
    assert len(server.requests_to(SERIES)) == asked
    clock.now += FRESH
    server.fail_next("/", 503, times=None)
    down = start()
    assert down.statements("AAPL") == first
    with pytest.raises(SourceError, match="has a failure on its side"):
        down.statements("BABA")
    server.clear_faults()
    clock.now += timedelta(minutes=10)
    assert down.statements("BABA").currency == "CNY"


def test_the_sample_market_brings_its_own(services: Services) -> None:
    apple = services.fundamentals.statements("AAPL")
    assert (apple.source, apple.currency) == ("sample", "USD")
    assert apple.quarters[-1] == Quarter(date(2021, 9, 25), 83.36e9, 20.551e9, date(2021, 10, 29))
    with pytest.raises(UnknownSymbol):
        services.fundamentals.statements("TSLA")


def test_a_market_without_statements_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nAAPL,2021-12-31,1,1,1,1,1\n")
    services = build_services(load_settings(market={"source": "file", "file": str(file)}, models={"folder": tmp_path}))
    with pytest.raises(MarketDataError, match=r"not available in the .*; set market.fundamentals_file"):
        services.fundamentals.statements("AAPL")


# ---- a file

ROWS = """symbol,period_end,filed,revenue,net_income
AAPL,2021-06-30,2021-07-28,81.4,21.7
AAPL,2021-03-31,,89.6,23.6
AAPL,2021-06-30,2021-07-29,,99
TRUE,2021-06-30,,1,
"""


def test_a_file_is_read_exactly(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(ROWS)
    services: Services = build_services(
        load_settings(market={"fundamentals_file": str(file)}, models={"folder": tmp_path})
    )
    assert services.fundamentals.statements("AAPL") == Statements(
        "AAPL",
        "USD",
        (Quarter(date(2021, 3, 31), 89.6, 23.6, None), Quarter(date(2021, 6, 30), 81.4, 21.7, date(2021, 7, 28))),
        "file",
    )
    assert services.fundamentals.statements("TRUE").quarters == (Quarter(date(2021, 6, 30), 1.0, None, None),)
    with pytest.raises(UnknownSymbol, match=r"MSFT in the file f\.csv"):
        services.fundamentals.statements("MSFT")


def test_a_parquet_file_with_currencies_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "f.parquet"
    row = {"symbol": "sap.de", "period_end": date(2021, 6, 30), "filed": None, "revenue": 6.7, "net_income": None}
    pd.DataFrame([row | {"currency": "EUR"}]).to_parquet(file)
    assert FileFundamentals(file).statements("SAP.DE").currency == "EUR"


def test_a_table_of_several_sources_is_one_history() -> None:
    apple = FileFundamentals(DATA / "fundamentals.parquet").statements("AAPL").quarters
    ends = [quarter.period_end for quarter in apple]
    assert ends == sorted(set(ends))
    assert (len(ends), ends[0], ends[-1]) == (111, date(1993, 12, 31), date(2021, 9, 25))
    assert sum(quarter.known_on is not None for quarter in apple) == 54
    # the other source, without dates of filing, has a thousandth of this revenue
    assert Quarter(date(2018, 12, 29), 84.31e9, 19.965e9, date(2019, 1, 30)) in apple


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.csv", None, "does not exist"),
        ("f.txt", "x", "must be .parquet or .csv"),
        ("f.csv", "symbol,revenue\nA,1\n", "lacks the columns period_end, filed, net_income"),
        ("f.csv", ROWS + "X,no day,,1,1\n", "cannot be read"),
        ("f.csv", ROWS + "X,2021-06-30,,much,1\n", "cannot be read"),
        ("f.parquet", "no parquet", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_a_line(
    tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_text(content)
    with pytest.raises(MarketDataError, match=words) as told:
        FileFundamentals(file)
    assert name in str(told.value)
    assert "\n" not in str(told.value)


# ---- keeping


def quarters(*ends: int, known: date | None = None) -> tuple[Quarter, ...]:
    return tuple(Quarter(date(2021, 3 * end, 28), float(end), None, known) for end in ends)


def company(*parts: Quarter, currency: str = "USD") -> Statements:
    return Statements("X", currency, parts, "yahoo")


TODAY = date(2022, 1, 31)


def test_what_the_source_drops_is_kept_and_what_appears_is_known_from_today() -> None:
    together = merged(company(*quarters(1, 2)), company(*quarters(2, 3)), TODAY)
    assert [(quarter.period_end.month, quarter.known_on) for quarter in together.quarters] == [
        (3, None),
        (6, None),
        (9, TODAY),
    ]
    later = merged(together, company(*quarters(3)), TODAY + timedelta(days=9))
    assert later.quarters[-1].known_on == TODAY


@pytest.mark.parametrize("known", [None, date(2021, 5, 2)])
def test_a_restated_figure_was_not_known_before_it_was_seen(known: date | None) -> None:
    (before,) = quarters(1, known=known)
    restated = Quarter(before.period_end, 99.0, None, None)
    (after,) = merged(company(before), company(restated), TODAY).quarters
    assert (after.revenue, after.known_on) == (99.0, TODAY)


def test_another_currency_makes_everything_new() -> None:
    new = company(*quarters(3), currency="EUR")
    assert merged(company(*quarters(1, 2)), new, TODAY) == new


@given(st.sets(st.integers(1, 4), min_size=1), st.sets(st.integers(1, 4), min_size=1))
def test_merging_loses_nothing_and_keeps_the_order(before: set[int], after: set[int]) -> None:
    together = merged(company(*quarters(*sorted(before))), company(*quarters(*sorted(after))), TODAY)
    assert [quarter.period_end.month // 3 for quarter in together.quarters] == sorted(before | after)
    assert merged(together, company(*quarters(*sorted(after))), TODAY) == together


def test_of_several_rows_on_a_quarter_the_first_filed_counts_and_suspect_revenue_does_not(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(
        "symbol,period_end,filed,revenue,net_income,revenue_suspect\n"
        "KO,2020-03-31,2021-04-25,90,9,False\nKO,2020-03-31,2020-04-25,100,10,False\nKO,2020-03-31,,80,8,False\n"
        "KO,2020-06-30,2020-07-25,5,1,True\n"
    )
    assert FileFundamentals(file).statements("KO").quarters == (
        Quarter(date(2020, 3, 31), 100.0, 10.0, date(2020, 4, 25)),
        Quarter(date(2020, 6, 30), None, 1.0, date(2020, 7, 25)),
    )
