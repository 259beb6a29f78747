"""Which instruments are known: the embedded tables, what an operator chooses, and what symbols tell by themselves."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import exchange_calendars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.core.config import load_settings
from bellwether.core.errors import ConfigError, UnknownSymbol
from bellwether.core.types import Instrument
from bellwether.market.calendar import sessions_between
from bellwether.market.sample import SampleProvider
from bellwether.market.symbols.configured_universe import chosen_instruments
from bellwether.market.symbols.normalize import fold
from bellwether.market.symbols.spellings import as_symbol, is_symbol, table
from bellwether.market.symbols.universe import Universe, instrument_of, listed, near_symbols, well_known
from bellwether.services import Services, build_services

COMPANIES = {  #: of the S&P 500, with the second share classes of three of them
    "Communication Services": 23,
    "Consumer Discretionary": 48,
    "Consumer Staples": 36,
    "Energy": 22,
    "Financials": 76,
    "Health Care": 58,
    "Industrials": 79,
    "Information Technology": 73,
    "Materials": 26,
    "Real Estate": 31,
    "Utilities": 31,
}
CALENDARS = set(exchange_calendars.get_calendar_names(include_aliases=True))
WEEK = (date(2026, 3, 9), date(2026, 3, 13))  #: a Monday and a Friday without a holiday anywhere between


@pytest.mark.parametrize(
    ("asked", "symbol"),
    [
        ("BRK.B", "BRK-B"),
        ("brk b", "BRK-B"),
        ("brk-b", "BRK-B"),
        ("BF.A", "BF-A"),
        ("shel.l", "SHEL.L"),
        ("7203.t", "7203.T"),
        ("m&m.ns", "M&M.NS"),
        ("eurusd=x", "EURUSD=X"),
        ("btc-usd", "BTC-USD"),
        ("^n225", "^N225"),
        ("two words", None),
        ("", None),
        (".", None),
        ("-A", None),
        ("^", None),
        ("A" * 21, None),
        ("brk/b", "BRK-B"),
        ("A/D", None),
        ("../etc", None),
        ("NYSE:BRK.B", "BRK-B"),
        ("nasdaq: aapl", "AAPL"),
        ("TYO:7203", "7203.T"),
        ("MOON:AAPL", None),
        ("NASDAQ:", None),
        (":AAPL", None),
        ("NYSE:NYSE:T", None),
        ("A%20B", None),
        ("é", None),
        ("ß", None),
        ("<b>", None),
        ("\uff21\uff21\uff30\uff2c", None),
        ("AAPL\n", None),
    ],
)
def test_it_writes_symbols_the_way_exchanges_do(asked: str, symbol: str | None) -> None:
    assert as_symbol(asked) == symbol


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=30))
def test_a_symbol_is_always_fit_for_a_web_address(text: str) -> None:
    symbol = as_symbol(text)
    assert symbol is None or (symbol.isascii() and not set(symbol) & set("/?#%\\ <>\"'"))


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("APPL", "AAPL"),
        ("MSFTT", "MSFT"),
        ("aple", "AAPL"),
        ("mircosoft", "MSFT"),
        ("amazn", "AMZN"),
        ("TSLAA", "TSLA"),
    ],
)
def test_it_suggests_what_was_probably_meant(asked: str, nearest: str) -> None:
    suggestions = near_symbols(asked, SampleProvider().universe())
    assert nearest in suggestions
    assert len(suggestions) <= 3


def test_it_suggests_nothing_for_noise() -> None:
    assert near_symbols("qqqxzzzw", SampleProvider().universe()) == ()
    assert near_symbols("anything", ()) == ()


@pytest.mark.parametrize(
    ("suggestions", "ending"),
    [
        ((), "Please check the spelling."),
        (("A",), "Did you mean A?"),
        (("A", "B"), "Did you mean A or B?"),
        (("A", "B", "C"), "Did you mean A, B or C?"),
    ],
)
def test_an_unknown_symbol_is_told_with_its_suggestions(suggestions: tuple[str, ...], ending: str) -> None:
    error = UnknownSymbol("XX", suggestions, "the sample market")
    assert str(error) == f"I don't know the ticker XX in the sample market. {ending}"
    assert error.code == "unknown_symbol"


# ---- the embedded tables


def test_every_listed_company_has_a_name_a_sector_and_a_proper_symbol() -> None:
    assert len(listed()) > 500
    for symbol, one in listed().items():
        assert as_symbol(symbol) == symbol
        assert one.name.strip(" &") == one.name != ""
        assert one.sector
        assert (one.calendar, one.currency) == ("XNYS", "USD")


def test_the_embedded_table_has_all_companies_of_the_index_by_sector() -> None:
    companies = [one for symbol, one in listed().items() if symbol not in ("^GSPC", "^VIX")]
    assert Counter(company.sector for company in companies) == COMPANIES


@pytest.mark.parametrize("one", well_known(), ids=lambda one: one.symbol)
def test_what_is_well_known_can_be_asked_for_and_has_a_calendar(one: Instrument) -> None:
    assert is_symbol(one.symbol)
    assert as_symbol(one.symbol) == one.symbol
    assert one.symbol not in listed()
    assert one.name
    assert one.currency
    assert sessions_between(one.calendar, *WEEK) == 4


def test_every_alias_names_instruments_that_are_known_and_no_two_aliases_are_alike() -> None:
    known = Universe(listed().values(), well_known())
    rows = table("aliases.csv")
    for row in rows:
        assert fold(row["alias"])
        for symbol in row["symbols"].split():
            assert known.get(symbol), row
        # a symbol of its own always wins, so such an alias would never be looked at
        assert known.get(row["alias"].upper()) is None, row
    folded = [fold(row["alias"]) for row in rows]
    assert sorted(set(folded)) == sorted(folded)


@pytest.mark.parametrize("row", table("suffixes.csv"), ids=lambda row: row["suffix"])
def test_every_suffix_has_a_calendar_and_a_currency_or_says_nothing(row: dict[str, str]) -> None:
    assert re.fullmatch(r"|\.[A-Z]{1,3}|-[A-Z]{3}", row["suffix"])
    assert row["calendar"] in CALENDARS  # another name would be taken for Monday to Friday
    assert row["currency"] == "" or re.fullmatch(r"[A-Z]{2}[A-Za-z]", row["currency"])


@pytest.mark.parametrize(
    ("symbol", "calendar", "currency"),
    [
        ("AAPL", "XNYS", "USD"),
        ("ZZZZ", "XNYS", "USD"),
        ("VOD.L", "XLON", "GBp"),
        ("BMW.DE", "XETR", "EUR"),
        ("9984.T", "XTKS", "JPY"),
        ("ADA-USD", "24/7", "USD"),
        ("BRK-B", "XNYS", "USD"),
        ("PBR-A", "XNYS", "USD"),
        ("ZW=F", "24/5", ""),
        ("^SSMI", "24/5", ""),
        ("X.YY", "24/5", ""),
    ],
)
def test_a_symbol_tells_where_it_trades(symbol: str, calendar: str, currency: str) -> None:
    one = instrument_of(symbol)
    assert (one.symbol, one.calendar, one.currency) == (symbol, calendar, currency)


# ---- what an operator chooses


def test_the_universe_is_everything_the_market_has_unless_one_is_chosen(services: Services) -> None:
    assert [instrument.symbol for instrument in services.universe] == [
        instrument.symbol for instrument in services.provider.universe()
    ]
    live = build_services(load_settings(market={"source": "yahoo"}))
    assert set(instrument.symbol for instrument in live.universe) == set(listed())
    assert live.universe.get("BTC-USD")
    assert not live.universe.serves("BTC-USD")


def test_a_file_chooses_with_or_without_what_it_knows(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "\ufeffSymbol, Name ,currency,weight\n"
        "aapl,,,3\n"
        "SHEL.L,Shell of London,,2\n"
        "\n"
        ' brk.b ,,,"1,5"\n'
        "ZZZZ,Zed,CAD\n"
        "AAPL,again,EUR,1\n",
        encoding="utf-8",
    )
    chosen = chosen_instruments(str(file))
    assert [one.symbol for one in chosen] == ["AAPL", "SHEL.L", "BRK-B", "ZZZZ"]
    assert [one.name for one in chosen] == ["Apple", "Shell of London", "Berkshire Hathaway (Class B)", "Zed"]
    assert [one.currency for one in chosen] == ["USD", "GBp", "USD", "CAD"]
    assert [one.calendar for one in chosen] == ["XNYS", "XLON", "XNYS", "XNYS"]
    assert chosen[0].sector == "Information Technology"


@pytest.mark.parametrize("setting", [("aapl", "SHEL.L"), "aapl, SHEL.L", "aapl,SHEL.L,"])
def test_a_list_chooses(setting: str | tuple[str, ...]) -> None:
    assert [chosen_instrument.symbol for chosen_instrument in chosen_instruments(setting)] == ["AAPL", "SHEL.L"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "needs a column symbol; its first line has nothing"),
        (b"\n\n", "needs a column symbol"),
        (b"ticker,name\nAAPL,Apple\n", "needs a column symbol; its first line has ticker, name"),
        (b"symbol;name\nAAPL;Apple\n", "needs a column symbol; its first line has symbol;name"),
        (b"symbol\n", "holds no symbol"),
        (b"symbol,name\n,Apple\n,,\n", "holds no symbol"),
        (b"symbol\nAAPL\n<script>\n", "line 3: \u201c<script>\u201d is no symbol"),
        (b"symbol\nTWO WORDS\n", "line 2: \u201cTWO WORDS\u201d is no symbol"),
        (b"symbol\n\xff\xfe\n", "cannot be read as csv"),
        (b"symbol\nAA\x00PL\n", "line 2"),
        (b"symbol,name\nAAPL," + b"x" * 200_000 + b"\n", "cannot be read as csv"),
    ],
)
def test_a_bad_file_gives_one_clear_line(tmp_path: Path, content: bytes, complaint: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(complaint)) as told:
        chosen_instruments(str(file))
    assert "market.universe" in str(told.value)
    assert "bad.csv" in str(told.value)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("nowhere.csv", "nowhere.csv, which does not exist"),
        ("AAPL", "AAPL, which does not exist; give a .csv file with the column symbol, or a list of symbols"),
        ("/", "/, which is a folder"),
        (",", "market.universe holds no symbol"),
        ("AAPL, two words", "no. 2: \u201ctwo words\u201d is no symbol"),
        (("AAPL", "a/d"), "no. 2: \u201ca/d\u201d is no symbol"),
        (("", " "), "holds no symbol"),
    ],
)
def test_a_bad_choice_gives_one_clear_line(setting: str | tuple[str, ...], complaint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(complaint)):
        chosen_instruments(setting)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("[AAPL, MSFT]", ("AAPL", "MSFT")),
        ("AAPL, MSFT", "AAPL, MSFT"),
        ("mine.csv", "mine.csv"),
        ('""', ""),
    ],
)
def test_the_settings_file_takes_a_list_or_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, found: object
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(f"market:\n  universe: {written}\n")
    assert load_settings().market.universe == found


@pytest.mark.parametrize("written", ["[AAPL, ON]", "5", "[1, 2]", "{AAPL: 1}", "true", "[[AAPL]]"])
def test_what_yaml_takes_for_something_else_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(f"market:\n  universe: {written}\n")
    with pytest.raises(ConfigError, match=r"market\.universe is .*a list of symbols such as \[AAPL, MSFT\]") as told:
        load_settings()
    assert "in quotes" in str(told.value)
    assert "\n" not in str(told.value)


def test_the_environment_takes_symbols_with_commas_or_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_MARKET__UNIVERSE", "AAPL,MSFT")
    services = build_services(load_settings())
    assert [instrument.symbol for instrument in services.universe] == ["AAPL", "MSFT"]
    monkeypatch.setenv("BELLWETHER_MARKET__UNIVERSE", "gone.csv")
    with pytest.raises(ConfigError, match=r"gone\.csv, which does not exist"):
        build_services(load_settings())


def test_a_market_without_search_serves_only_what_it_has(caplog: pytest.LogCaptureFixture) -> None:
    services = build_services(load_settings(market={"source": "sample", "universe": ["TSLA", "SHEL.L", "AAPL"]}))
    assert [instrument.symbol for instrument in services.universe] == ["TSLA", "AAPL"]
    assert "1 symbols of market.universe are not in the sample market: SHEL.L" in caplog.text
    with pytest.raises(ConfigError, match=r"names no symbol that the sample market has; it has AAPL, .* and 37 more"):
        build_services(load_settings(market={"source": "sample", "universe": ["SHEL.L"]}))


def test_of_two_with_one_symbol_the_served_one_counts() -> None:
    def one(symbol: str, name: str) -> Instrument:
        return Instrument(symbol, name, "", "XNYS", "USD")

    universe = Universe([one("A", "first"), one("A", "second"), one("B", "b")], [one("B", "other"), one("C", "c")])
    assert [each.name for each in universe] == ["first", "b"]
    assert [each.name for each in universe.known] == ["first", "b", "c"]
    assert len(universe) == 2
    found = universe.get("B")
    assert found is not None
    assert found.name == "b"
    assert universe.get("Z") is None
