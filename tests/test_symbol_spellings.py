"""Symbols as others write them: exchanges first, countries last, classes with a dot, and what Yahoo really has."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import AmbiguousSymbol
from bellwether.market.symbols.names_typed import names_typed
from bellwether.market.symbols.spellings import as_symbol, from_stooq, is_code_and_country, is_symbol, others, table
from bellwether.market.symbols.start_links import Start, read_start, start_payload
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services, build_services
from tests.conftest import MODELS
from tests.support.clock import Clock
from tests.support.yahoo_listings import list_on, quote
from tests.support.yahoo_server import YahooServer


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("700.HK", "0700.HK"),
        ("00700.HK", "0700.HK"),
        ("0700.hk", "0700.HK"),
        ("0700-HK", "0700.HK"),
        ("80700.HK", "80700.HK"),
        ("HKEX:700", "0700.HK"),
        ("HKG:0700", "0700.HK"),
        ("HK:0700", "0700.HK"),
        ("SEHK:9988", "9988.HK"),
        ("700 HK", "0700.HK"),
        ("5 hk equity", "0005.HK"),
        ("NASDAQ:AAPL", "AAPL"),
        ("NYSE:BRK.B", "BRK-B"),
        ("US:BRK.A", "BRK-A"),
        ("LON:SHEL", "SHEL.L"),
        ("LSE:BT.A", "BT-A.L"),
        ("LON:SHEL.L", "SHEL.L"),
        ("UK:VOD", "VOD.L"),
        ("TYO:7203", "7203.T"),
        ("TSE:7203", "7203.T"),  # TradingView's Tokyo
        ("TSE:RY", "RY.TO"),  # Google's Toronto
        ("ETR:SAP", "SAP.DE"),
        ("EPA:MC", "MC.PA"),
        ("SIX:NESN", "NESN.SW"),
        ("OMXSTO:VOLV.B", "VOLV-B.ST"),
        ("BOM:500325", "500325.BO"),
        ("NSE:M&M", "M&M.NS"),
        ("SSE:600519", "600519.SS"),
        ("CN:600519", "600519.SS"),
        ("CN:000001", "000001.SZ"),
        ("VOD LN", "VOD.L"),
        ("vod ln", None),  # words
        ("AAPL US Equity", "AAPL"),
        ("BRK/B US", "BRK-B"),
        ("7203 JT", "7203.T"),
        ("005930 KS", "005930.KS"),
        ("AAPL.O", "AAPL"),
        ("IBM.N", "IBM"),
        ("NESN.S", "NESN.SW"),
        ("600519.SH", "600519.SS"),
        ("BRK_B", "BRK-B"),
        ("AAPL.US", "AAPL"),
        ("BRK.B.US", "BRK-B"),
        ("VOD.LN", "VOD.L"),
        ("VOD.UK", "VOD.L"),
        ("7203.JP", "7203.T"),
        ("SAP.XETRA", "SAP.DE"),
        ("VOLV.B.SS", "VOLV.B.SS"),  # Shanghai's suffix stays
        ("X.GR", "X.GR"),  # Germany at Bloomberg, Greece elsewhere
        ("ABC.UN", "ABC.UN"),  # a unit
        ("AIR.PA FP", "AIR.PA"),
        ("AIR.DE FP", None),
        ("BP. LN", "BP.L"),
        ("RR/ LN", "RR.L"),
        ("NIFTY_FIN_SERVICE.NS", "NIFTY_FIN_SERVICE.NS"),
        ("nse:nifty_fin_service", "NIFTY_FIN_SERVICE.NS"),
        ("HKEX:", None),
        ("CN:BABA", None),
        ("EURONEXT:MC", None),  # Paris, Amsterdam or another
        ("_AAPL", None),
        ("AAPL_", None),
        ("A__BC", None),
        ("A_B_", None),
        ("NIFTY_../etc", None),
        ("two_words' OR 1=1", None),
    ],
)
def test_it_writes_what_others_write_the_way_yahoo_does(written: str, symbol: str | None) -> None:
    assert as_symbol(written) == symbol
    if symbol is not None:
        assert as_symbol(symbol) == symbol


@settings(deadline=None, max_examples=400)
@given(st.text("ABCHK0123456789_.:=^&- /", max_size=22))
def test_a_symbol_is_read_as_itself_and_survives_a_link(text: str) -> None:
    symbol = as_symbol(text)
    if symbol is not None:
        assert is_symbol(symbol)
        assert as_symbol(symbol) == symbol
        assert read_start(start_payload(symbol)) == Start(symbol)


def test_no_code_of_an_exchange_means_two_places_but_those_that_the_symbol_tells_apart() -> None:
    for column in ("prefixes", "bloomberg", "endings"):
        several = {code: suffixes for code, suffixes in others(column).items() if len(suffixes) > 1}
        assert set(several) <= {"TSE", "CN", "CH"}, column
    ours = {row["suffix"].lstrip(".") for row in table("suffixes.csv")}
    assert not ours & set(others("endings"))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("700 HK", ["700 HK"]),
        ("VOD LN", ["VOD LN"]),
        ("MELI SE", ["MELI", "SE"]),  # two companies that are listed in New York
        ("AAPL IT", ["AAPL", "IT"]),
        ("AAPL MSFT", ["AAPL", "MSFT"]),
        ("700 HK, AAPL", ["700 HK", "AAPL"]),
    ],
)
def test_a_code_and_its_country_are_one_name(services: Services, words: str, names: list[str]) -> None:
    assert names_typed(words, services.universe) == names
    assert is_code_and_country(words) is (len(names) == 1)


@pytest.mark.parametrize(
    ("symbol", "name", "calendar", "currency"),
    [
        ("BRK.B", "Berkshire Hathaway (Class B)", "XNYS", "USD"),
        ("BF.B", "Brown–Forman (Class B)", "XNYS", "USD"),  # noqa: RUF001  # its name
        ("BRK/B", "Berkshire Hathaway (Class B)", "XNYS", "USD"),
        ("BRK B", "Berkshire Hathaway (Class B)", "XNYS", "USD"),
        ("BRK.A", "Berkshire Hathaway (Class A)", "XNYS", "USD"),
        ("HEI.A", "HEI.A", "XNYS", "USD"),  # a class that no table has
        ("ABC.U", "ABC.U", "XNYS", "USD"),
        ("ABC.WS", "ABC.WS", "XNYS", "USD"),
        ("ABC.V", "ABC.V", "XTSX", "CAD"),  # exchanges with one letter
        ("SAP.F", "SAP.F", "XFRA", "EUR"),
        ("VOD.L", "VOD.L", "XLON", "GBp"),
        ("9984.T", "9984.T", "XTKS", "JPY"),
        ("X.YY", "X.YY", "24/5", ""),
    ],
)
def test_a_class_with_a_dot_is_the_listed_company_and_keeps_its_spelling(
    symbol: str, name: str, calendar: str, currency: str
) -> None:
    one = instrument_of(symbol)
    assert (one.symbol, one.name, one.calendar, one.currency) == (symbol, name, calendar, currency)


def test_a_file_with_dotted_classes_has_their_names_and_new_yorks_holidays(tmp_path: Path) -> None:
    days = np.arange("2020-01-02", "2022-01-01", dtype="datetime64[D]")
    rows = [f"{symbol},{day},10,11,9,10,1" for symbol in ("BRK.B", "BF.B") for day in days[np.is_busday(days)]]
    prices = tmp_path / "prices.csv"
    prices.write_text("symbol,date,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    services = build_services(
        load_settings(market={"source": "file", "file": str(prices)}, database={"path": tmp_path / "t.sqlite3"})
    )
    for asked in ("BRK.B", "BRK-B", "brk b", "berkshire hathaway"):
        one = forecasts.resolve(services, asked)
        assert (one.symbol, one.calendar, one.currency) == ("BRK.B", "XNYS", "USD"), asked
        assert one.name == "Berkshire Hathaway (Class B)"


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("aapl.us", "AAPL"),
        ("brk-b.us", "BRK-B"),
        ("700.hk", "0700.HK"),
        ("7203.jp", "7203.T"),
        ("vod.uk", "VOD.L"),
        ("sap.de", "SAP.DE"),
        ("pkn", "PKN.WA"),
        ("otp.hu", "OTP.BD"),
        ("^spx", "^SPX"),
    ],
)
def test_stooqs_names_are_those_that_the_chat_asks_for(name: str, symbol: str) -> None:
    assert from_stooq(name) == symbol
    assert as_symbol(symbol) == symbol


@pytest.mark.parametrize(
    ("written", "asked", "symbol", "calendar"),
    [
        ("BRK/B", "BRK.B", "BRK-B", "XNYS"),
        ("BRK B", "berkshire hathaway", "BRK-B", "XNYS"),
        ("BF_B", "BF-B", "BF-B", "XNYS"),
        ("BRK.B", "BRK-B", "BRK.B", "XNYS"),
        ("00700.HK", "700.HK", "0700.HK", "XHKG"),
        ("700 HK", "0700.HK", "0700.HK", "XHKG"),
        ("NASDAQ:MSFT", "MSFT", "MSFT", "XNYS"),
        ("AAPL US Equity", "AAPL", "AAPL", "XNYS"),
        ("VOD.LN", "VOD.L", "VOD.L", "XLON"),
        ("7203", "7203", "7203", "24/5"),
    ],
)
def test_a_files_symbols_are_found_however_they_are_written(
    tmp_path: Path, written: str, asked: str, symbol: str, calendar: str
) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text(f"symbol,date,open,high,low,close,volume\n{written},2026-11-27,10,11,9,10,1\n")
    services = build_services(
        load_settings(
            market={"source": "file", "file": str(prices), "universe": [symbol]},
            database={"path": tmp_path / "t.sqlite3"},
        )
    )
    one = forecasts.resolve(services, asked)
    assert (one.symbol, one.calendar, one.currency == "USD") == (symbol, calendar, calendar == "XNYS")
    assert [instrument.symbol for instrument in services.universe] == [symbol]


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        yield server


@pytest.fixture
def yahoo(server: YahooServer, tmp_path: Path) -> Services:
    market: dict[str, Any] = {"source": "yahoo", "yahoo_base_url": server.base_url, "timeout": 2}
    return build_services(
        load_settings(database={"path": tmp_path / "t.sqlite3"}, models={"folder": MODELS}, market=market), Clock()
    )


@pytest.mark.parametrize(
    ("asked", "symbol"),
    [("nifty_fin_service.ns", "NIFTY_FIN_SERVICE.NS"), ("700.HK", "0700.HK"), ("HKEX:700", "0700.HK")],
)
def test_yahoo_is_asked_for_its_own_spelling(server: YahooServer, yahoo: Services, asked: str, symbol: str) -> None:
    list_on(server, symbol, "a name", date(2026, 11, 20), "JPX")  # the exchange does not matter here
    assert forecasts.resolve(yahoo, asked).symbol == symbol
    assert f"/v8/finance/chart/{symbol}" in {seen.path for seen in server.requests}


def test_digits_alone_are_asked_back(server: YahooServer, yahoo: Services) -> None:
    server.add_search("700", [quote("0700.HK", "Tencent Holdings Limited", "HKG")])
    with pytest.raises(AmbiguousSymbol) as asked:
        forecasts.resolve(yahoo, "700")
    assert [candidate.symbol for candidate in asked.value.candidates] == ["0700.HK"]
    assert asked.value.candidates[0].calendar == "XHKG"
