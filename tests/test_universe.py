"""What people type for a company: symbols, names, misspellings and mischief."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwether import queries
from bellwether.config import load_settings
from bellwether.errors import BadSymbol, BellwetherError, UnknownSymbol
from bellwether.market.sample import SampleProvider
from bellwether.market.universe import (
    LONGEST_QUESTION,
    as_symbol,
    by_name,
    clean_question,
    listed,
    near_symbols,
)
from bellwether.services import Services, build_services
from bellwether.types import Instrument

NAMES = Counter(one.name.casefold() for one in SampleProvider().universe())
UNIQUE = [one for one in SampleProvider().universe() if NAMES[one.name.casefold()] == 1]


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("AAPL", "AAPL"),
        ("aapl", "AAPL"),
        (" $aapl ", "AAPL"),
        ("AAPL?", "AAPL"),
        ("aapl.", "AAPL"),
        ("aapl!!!", "AAPL"),
        ("\taapl\n", "AAPL"),
        ("\u00a0AAPL\u3000", "AAPL"),  # spaces that phones add
        ("apple", "AAPL"),
        ("Apple", "AAPL"),
        ("coca-cola", "KO"),
        ("Coca-Cola", "KO"),
        ("at&t", "T"),
        ("BOEING", "BA"),
        ("AAPL\u200b", "AAPL"),  # pasted along
        ("\ufeffAAPL", "AAPL"),
        ("^gspc", "^GSPC"),
        ("^VIX", "^VIX"),
    ],
)
def test_it_finds_what_people_mean(services: Services, text: str, symbol: str) -> None:
    assert queries.resolve(services, text).symbol == symbol


@pytest.mark.parametrize("one", UNIQUE, ids=lambda one: one.symbol)
def test_it_finds_a_company_by_its_name_as_written(services: Services, one: Instrument) -> None:
    assert queries.resolve(services, one.name).symbol == one.symbol
    assert queries.resolve(services, one.name.lower()).symbol == one.symbol


@pytest.mark.parametrize("symbol", [one.symbol for one in SampleProvider().universe()])
def test_it_finds_every_symbol_in_either_case(services: Services, symbol: str) -> None:
    assert queries.resolve(services, symbol).symbol == symbol
    assert queries.resolve(services, symbol.lower()).symbol == symbol


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
        ("A/B", None),
        ("../etc", None),
        ("A%20B", None),
        ("é", None),
        ("<b>", None),
        ("\uff21\uff21\uff30\uff2c", None),
        ("AAPL\n", None),
    ],
)
def test_it_writes_symbols_the_way_exchanges_do(asked: str, symbol: str | None) -> None:
    assert as_symbol(asked) == symbol


@pytest.mark.parametrize("text", ["", " ", "$", "...", "?!", "\n\t", "$$$ !!!"])
def test_it_asks_for_a_symbol_when_there_is_none(text: str) -> None:
    with pytest.raises(BadSymbol, match="Please give a stock symbol"):
        clean_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "A" * 5000,
        "A" * (LONGEST_QUESTION + 1),
        "AA\x00PL",
        "\u202eLPAA",
        "\ud800",
        "AAPL\udcff",
        "\x1b[31mAAPL",
    ],
    ids=["5000", "65", "nul", "right to left", "surrogate", "lone byte", "escape"],
)
def test_it_refuses_what_cannot_be_a_symbol(services: Services, text: str) -> None:
    with pytest.raises(BadSymbol, match="doesn't look like a stock symbol") as refused:
        queries.resolve(services, text)
    assert str(refused.value).isascii()


@pytest.mark.parametrize(
    "text", ["<b>AAPL</b>", "🍎", "苹果", "אפל", "AAPL'; DROP TABLE chats;--", "%s%n", "{0}", "ß" * 30]
)
def test_it_does_not_know_what_nobody_lists(services: Services, text: str) -> None:
    with pytest.raises(UnknownSymbol, match="sample market"):
        queries.resolve(services, text)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=80) | st.text("ABCabc.-^=&$ 0é<>\u202e", max_size=24))
@example("[a-z")
@example("(")
@example("\\b")
@example("ΐ")
def test_any_text_is_an_instrument_or_a_friendly_error(text: str) -> None:
    services = build_services(load_settings(models={"folder": "nowhere"}))
    try:
        assert queries.resolve(services, text).symbol in listed()
    except BellwetherError as refused:
        assert str(refused).strip()


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=100))
def test_a_cleaned_question_is_clean_already(text: str) -> None:
    try:
        asked = clean_question(text)
    except BadSymbol:
        return
    assert clean_question(asked) == asked
    assert 0 < len(asked) <= LONGEST_QUESTION
    assert asked.isprintable()


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
    assert str(error) == f"I don't know the symbol XX in the sample market. {ending}"
    assert error.code == "unknown_symbol"


def test_a_name_shared_by_two_companies_finds_neither() -> None:
    one = listed()["AAPL"]
    twins = (one, replace(one, symbol="AAPX"))
    assert by_name("apple", twins) is None
    assert by_name("apple", twins[:1]) == one


def test_a_whole_name_wins_over_a_beginning() -> None:
    def named(symbol: str, name: str) -> Instrument:
        return Instrument(symbol, name, "", "XNYS", "USD")

    market = (named("F", "Ford"), named("FFF", "Ford Foundry"), named("OXF", "Oxford"))
    found = by_name("ford", market)
    assert found is not None
    assert found.symbol == "F"
    assert by_name("ford foundry", market) == market[1]
    assert by_name("foundry", market) == market[1]
    assert by_name("for", market) is None


@pytest.mark.parametrize(("text", "symbol"), [("coca cola", "KO"), ("aple inc", "AAPL")])
def test_a_near_miss_is_answered_with_the_symbol_to_send(services: Services, text: str, symbol: str) -> None:
    with pytest.raises(UnknownSymbol, match=f"Did you mean {symbol}"):
        queries.resolve(services, text)


def test_every_listed_company_has_a_name_and_a_proper_symbol() -> None:
    assert len(listed()) > 500
    for symbol, one in listed().items():
        assert as_symbol(symbol) == symbol
        assert one.name.strip() == one.name != ""
        assert (one.calendar, one.currency) == ("XNYS", "USD")


def test_every_listed_company_is_found_by_its_whole_name() -> None:
    names = Counter(one.name.casefold() for one in listed().values())
    lost = [
        one.name
        for one in listed().values()
        if names[one.name.casefold()] == 1 and by_name(one.name, listed().values()) != one
    ]
    assert lost == []
