"""What people type for a company: symbols, names, misspellings and mischief. No network anywhere."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import AmbiguousSymbol, BadSymbol, UnknownSymbol
from bellwether.core.types import Instrument
from bellwether.market.sample import SampleProvider
from bellwether.market.symbols.match import chosen, is_whole_name, may_be_taken, read
from bellwether.market.symbols.normalize import LONGEST_MESSAGE, LONGEST_QUESTION, clean_question, fold
from bellwether.market.symbols.universe import Universe, listed, well_known
from bellwether.services import Services, build_services

LIVE = Universe(listed().values(), well_known())  #: what is known where the source can be searched
NAMES = Counter(instrument.name.casefold() for instrument in SampleProvider().universe())
UNIQUE = [instrument for instrument in SampleProvider().universe() if NAMES[instrument.name.casefold()] == 1]


def meant(text: str, universe: Universe = LIVE) -> str:
    """What a text is read as: "AAPL", "SHEL or SHEL.L", "GM?" where it is not sure, and "ask FORD, else F"."""
    reading = read(clean_question(text), universe)
    known = " or ".join(candidate.symbol for candidate in reading.candidates)
    if known and not reading.sure:
        known += "?"
    if reading.symbol is None:
        return known or "search"
    return f"ask {reading.symbol}, else {known or 'search'}"


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        # symbols as people write them
        ("AAPL", "AAPL"),
        ("aapl", "AAPL"),
        ("Aapl", "AAPL"),
        ("aapl.", "AAPL"),
        ("AAPL?!", "AAPL"),
        ("aapl...", "AAPL"),
        ("aapl…", "AAPL"),
        (" $aapl ", "AAPL"),
        ("$AAPL", "AAPL"),
        ("#AAPL", "AAPL"),
        ("\tAAPL\n", "AAPL"),
        ('"AAPL"', "AAPL"),
        ("\u201cAAPL\u201d", "AAPL"),
        ("(AAPL)", "AAPL"),
        ("[aapl]", "AAPL"),
        ("AAPL stock", "AAPL"),
        ("aapl shares", "AAPL"),
        ("BRK.B", "BRK-B"),
        ("brk.b", "BRK-B"),
        ("brk b", "BRK-B"),
        ("$brk.b", "BRK-B"),
        ("$brk b", "BRK-B"),
        ("BRK-B", "BRK-B"),
        ("BRK.A", "BRK-A"),
        ("bf b", "BF-B"),
        ("^GSPC", "^GSPC"),
        ("^vix", "^VIX"),
        ("SHEL.L", "SHEL.L"),
        ("shel.l", "SHEL.L"),
        ("SHEL", "SHEL"),
        ("7203.T", "7203.T"),
        ("btc-usd", "BTC-USD"),
        ("eurusd=x", "EURUSD=X"),
        ("brk/b", "BRK-B"),
        ("NASDAQ:AAPL", "AAPL"),
        ("nyse: brk.b", "BRK-B"),
        ("LON:SHEL", "SHEL.L"),
        ("V", "V"),
        ("t", "T"),
        ("dow", "DOW"),  # a symbol in any case; the index is "dow jones"
        # pasted from elsewhere
        ("\uff21\uff21\uff30\uff2c", "AAPL"),
        ("\uff04AAPL", "AAPL"),
        ("AAPL\u200b", "AAPL"),
        ("\ufeffAAPL", "AAPL"),
        ("\u200fAAPL\u200e", "AAPL"),
        ("\u2068AAPL\u2069", "AAPL"),
        ("AA\u00adPL", "AAPL"),
        ("\u00a0AAPL\u3000", "AAPL"),
        ("AAPL\ufe0f", "AAPL"),
        ("What do you think about $AAPL?", "AAPL"),
        ("is ($brk.b) any good", "BRK-B"),
        ("$AAPL to the moon \U0001f680", "AAPL"),
        ("$AAPL or $aapl", "AAPL"),
        ("all of \uff04AA\u200bPL please", "AAPL"),
        ("I have $500 in $TSLA", "TSLA"),
        # names
        ("apple", "AAPL"),
        ("APPLE INC.", "AAPL"),
        ("Apple stock", "AAPL"),
        ("microsoft corporation", "MSFT"),
        ("Coca-Cola", "KO"),
        ("coca cola", "KO"),
        ("cocacola", "KO"),
        ("Coca\u2011Cola", "KO"),
        ("The Coca-Cola Company", "KO"),
        ("coke", "KO"),
        ("at&t", "T"),
        ("AT & T", "T"),
        ("at and t", "T"),
        ("att", "T"),
        ("mcdonalds", "MCD"),
        ("McDonald's", "MCD"),
        ("McDonald\u2019s", "MCD"),
        ("lowes", "LOW"),
        ("o'reilly", "ORLY"),
        ("johnson and johnson", "JNJ"),
        ("J&J", "JNJ"),
        ("procter gamble", "PG"),
        ("p&g", "PG"),
        ("estee lauder", "EL"),
        ("Est\u00e9e Lauder", "EL"),
        ("E\u0301stee Lauder", "EL"),
        ("jp morgan", "JPM"),
        ("jpmorgan chase & co", "JPM"),
        ("T. Rowe Price", "TROW"),
        ("3m", "MMM"),
        ("3M", "MMM"),
        ("ford", "F"),
        ("Ford", "F"),
        ("home depot", "HD"),
        ("the home depot", "HD"),
        ("walt disney", "DIS"),
        ("disney", "DIS"),
        ("BOEING", "BA"),
        ("hp", "HPQ"),
        ("us bancorp", "USB"),
        # former and other names
        ("google", "GOOGL"),
        ("facebook", "META"),
        ("meta", "META"),
        ("meta platforms", "META"),
        ("square", "XYZ"),
        ("raytheon", "RTX"),
        ("general electric", "GE"),
        # classes: the most traded one, unless one is named
        ("alphabet", "GOOGL"),
        ("Alphabet (Class C)", "GOOG"),
        ("alphabet class a", "GOOGL"),
        ("berkshire", "BRK-B"),
        ("berkshire hathaway", "BRK-B"),
        ("Berkshire Hathaway Inc.", "BRK-B"),
        ("berkshire hathaway class a", "BRK-A"),
        ("news corp", "NWSA"),
        ("fox corporation", "FOXA"),
        ("brown forman", "BF-B"),
        # indices, coins, raw materials
        ("s&p 500", "^GSPC"),
        ("S&P500", "^GSPC"),
        ("sp500", "^GSPC"),
        ("SPX", "^GSPC"),
        ("VIX", "^VIX"),
        ("vix", "^VIX"),
        ("dow jones", "^DJI"),
        ("nasdaq 100", "^NDX"),
        ("nasdaq composite", "^IXIC"),
        ("DAX", "^GDAXI"),
        ("BTC", "BTC-USD"),
        ("btc", "BTC-USD"),
        ("$BTC", "BTC-USD"),
        ("bitcoin", "BTC-USD"),
        ("ETH", "ETH-USD"),
        ("ethereum", "ETH-USD"),
        ("gold", "GC=F"),
        ("eur/usd", "EURUSD=X"),
    ],
)
def test_it_finds_what_people_mean(text: str, symbol: str) -> None:
    assert meant(text) == symbol


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("shell", "SHEL or SHEL.L or SHELL.AS"),
        ("Shell", "SHEL or SHEL.L or SHELL.AS"),
        ("royal dutch shell", "SHEL or SHEL.L or SHELL.AS"),
        ("toyota", "TM or 7203.T"),
        ("nasdaq", "^IXIC or ^NDX or NDAQ"),
        ("hewlett packard", "HPQ or HPE"),
        ("oil", "CL=F or BZ=F"),
        ("american", "AEP or AIG or AMT or AWK or AXP"),
        ("general", "GD or GIS or GM"),
        # capitals: a symbol first
        ("FORD", "ask FORD, else F"),
        ("GOLD", "ask GOLD, else GC=F"),
        ("HP", "ask HP, else HPQ"),
        ("COKE", "ask COKE, else KO"),
        ("APPLE", "ask APPLE, else AAPL"),
        ("SHELL", "ask SHELL, else SHEL or SHEL.L or SHELL.AS"),
        # a word within a name may be chance
        ("one", "ask ONE, else COF?"),
        ("snap", "ask SNAP, else SNA"),
        ("air", "ask AIR, else APD"),
        ("motors", "GM?"),
        ("automotive", "ORLY?"),
        ("lockheed", "LMT"),
        # nothing that is known
        ("PINS", "ask PINS, else search"),
        ("pins", "ask PINS, else search"),
        ("VOD.L", "ask VOD.L, else search"),
        ("bmw.de", "ask BMW.DE, else search"),
        ("7974", "ask 7974, else search"),
        ("pbr-a", "ask PBR-A, else search"),
        ("nintendo", "search"),  # no exchange has symbols of eight letters
        ("air france", "search"),
        ("\u4efb\u5929\u5802", "search"),
    ],
)
def test_what_is_not_beyond_doubt_is_asked(text: str, reading: str) -> None:
    assert meant(text) == reading


@pytest.mark.parametrize("symbol", [instrument.symbol for instrument in LIVE.known])
def test_every_symbol_is_itself_however_it_is_written(symbol: str) -> None:
    for text in (symbol, symbol.lower(), symbol.title(), f"${symbol}", f"{symbol}.", f" {symbol}? ", f'"{symbol}"'):
        assert meant(text) == symbol
    if "-" in symbol and symbol[-2:] in {"-A", "-B", "-C"}:
        assert meant(symbol.replace("-", ".")) == meant(symbol.replace("-", " ")) == symbol


def test_every_company_is_found_by_its_whole_name_or_asked_about() -> None:
    for instrument in LIVE.known:
        for text in (instrument.name, instrument.name.lower(), fold(instrument.name), f"The {instrument.name}"):
            found = read(clean_question(text), LIVE)
            # of some companies the name is also a symbol
            assert instrument in found.candidates or text.upper() in {"BP", "HSBC", "ASML", "SAP", "SONY"}, text


@pytest.mark.parametrize("one", UNIQUE, ids=lambda one: one.symbol)
def test_the_sample_is_found_by_its_names_as_written(services: Services, one: Instrument) -> None:
    for text in (one.symbol, one.symbol.lower(), one.name, one.name.lower(), one.name.upper()):
        assert forecasts.resolve(services, text).symbol == one.symbol


@pytest.mark.parametrize(
    "text", ["", " ", "$", "...", "?!", "\n\t", "$$$ !!!", '""', "()", "\u200b", "\u200f\u2069", "#"]
)
def test_it_asks_for_a_symbol_when_there_is_none(text: str) -> None:
    with pytest.raises(BadSymbol, match="Please give a stock's ticker"):
        clean_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "A" * 5000,
        "$AAPL " * 1000,
        "A" * (LONGEST_QUESTION + 1),
        "A" * (LONGEST_MESSAGE + 1),
        "\ufdfa" * 20,
        "AA\x00PL",
        "\u202eLPAA",
        "\ud800",
        "AAPL\udcff",
        "\x1b[31mAAPL",
        "look at $AAPL \x00",
    ],
    ids=["5000", "tags", "65", "301", "long ligatures", "nul", "override", "surrogate", "byte", "escape", "nul in tag"],
)
def test_it_refuses_what_cannot_be_a_symbol(services: Services, text: str) -> None:
    with pytest.raises(BadSymbol, match="doesn't look like a ticker") as refused:
        forecasts.resolve(services, text)
    assert str(refused.value).isascii()


def test_several_cashtags_are_asked_for_one_at_a_time(services: Services) -> None:
    with pytest.raises(BadSymbol, match="one at a time"):
        forecasts.resolve(services, "$AAPL or $MSFT?")


@pytest.mark.parametrize(
    "text",
    [
        "<b>AAPL</b>",
        "\U0001f34e",
        "\u82f9\u679c",
        "\u05d0\u05e4\u05dc",
        "AAPL'; DROP TABLE chats;--",
        "%s%n",
        "{0}",
        "\u00df" * 30,
    ],
)
def test_it_does_not_know_what_nobody_lists(services: Services, text: str) -> None:
    with pytest.raises(UnknownSymbol, match="sample market"):
        forecasts.resolve(services, text)


@pytest.mark.parametrize("text", ["SHEL.L", "BTC", "bitcoin", "google stock exchange", "VOD.L", "nasdaq", "gold"])
def test_the_sample_knows_only_what_it_has(services: Services, text: str) -> None:
    with pytest.raises(UnknownSymbol, match="sample market"):
        forecasts.resolve(services, text)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("APPL", "AAPL"), ("aple inc", "AAPL"), ("mircosoft", "MSFT"), ("amazn", "AMZN"), ("MSFTT", "MSFT")],
)
def test_a_typo_is_answered_with_what_was_probably_meant(services: Services, text: str, nearest: str) -> None:
    with pytest.raises(UnknownSymbol, match="Did you mean") as told:
        forecasts.resolve(services, text)
    assert nearest in told.value.suggestions


def test_several_instruments_are_asked_back_with_all_that_tells_them_apart(services: Services) -> None:
    with pytest.raises(AmbiguousSymbol) as asked:
        forecasts.resolve(services, "index")
    assert {candidate.symbol for candidate in asked.value.candidates} == {"^GSPC", "^VIX"}
    assert asked.value.code == "ambiguous_symbol"
    assert str(asked.value).startswith("\u201cindex\u201d could mean several things. Which one do you mean?")
    assert "^VIX (CBOE Volatility Index, Index, USD)" in str(asked.value)
    assert asked.value.for_operator.splitlines()[1:] == [
        "  ^GSPC  S&P 500 index, Index, USD",
        "  ^VIX   CBOE Volatility Index, Index, USD",
    ]


@pytest.mark.parametrize(
    ("count", "question", "shown"),
    [
        (1, "I am not sure about \u201cx\u201d. Do you mean this one?", 1),
        (2, "\u201cx\u201d could mean several things. Which one do you mean?", 2),
        (6, "\u201cx\u201d could mean several things. Which one do you mean?", 6),
        (7, "\u201cx\u201d could mean 7 things. Is it one of these? If not, say more.", 6),
    ],
)
def test_a_question_back_fits_how_many_may_be_meant(count: int, question: str, shown: int) -> None:
    problem = AmbiguousSymbol("x", tuple(listed().values())[:count])
    assert problem.question == question
    assert len(problem.candidates) == shown


# ---- the parts


def named(symbol: str, name: str, calendar: str = "XNYS") -> Instrument:
    return Instrument(symbol, name, "", calendar, "USD")


FORDS = (named("F", "Ford"), named("FFF", "Ford Foundry"), named("OXF", "Oxford"))


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("ford", "F"),
        ("ford foundry", "FFF"),
        ("foundry", "FFF?"),
        ("fo", "ask FO, else search"),
        ("for", "ask FOR, else search"),
    ],
)
def test_a_whole_name_wins_over_a_beginning_and_that_over_a_word(text: str, reading: str) -> None:
    assert meant(text, Universe(FORDS)) == reading


def test_a_name_shared_by_two_listings_is_the_served_one_or_a_question() -> None:
    here, there = named("ACME", "Acme"), named("ACM.L", "Acme plc", "XLON")
    assert meant("acme corp", Universe([here, there])) == "ACME or ACM.L"
    assert meant("acme corp", Universe([there], [here])) == "ACM.L"
    assert meant("acme corp", Universe([], [here, there])) == "ACME or ACM.L"
    assert meant("acmes", Universe([named("A", "Acmes Steel")], [named("B", "Acmes Wood")])) == "ask ACMES, else A or B"


def test_a_served_symbol_wins_over_an_alias() -> None:
    assert meant("BTC", Universe([named("BTC", "Grayscale Bitcoin Mini Trust")], well_known())) == "BTC"


def test_an_alias_names_only_what_is_there() -> None:
    assert meant("google", Universe([named("GOOG", "Alphabet (Class C)")])) == "search"
    assert meant("alphabet", Universe([named("GOOG", "Alphabet (Class C)")])) == "GOOG"
    assert meant("shell", Universe([named("SHEL.L", "Shell")])) == "SHEL.L"


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Est\u00e9e Lauder Companies", "estee lauder"),
        ("AT&T", "at t"),
        ("McDonald\u2019s", "mcdonalds"),
        ("Coca-Cola", "coca cola"),
        ("O\u2019Reilly Automotive", "oreilly automotive"),
        ("Fox Corporation (Class B)", "fox class b"),
        ("The Home Depot, Inc.", "home depot"),
        ("J.B. Hunt", "j b hunt"),
        ("Deere & Company", "deere"),
        ("The", "the"),
        ("Company", "company"),
        ("The Group", "the"),
        ("Brown\u2013Forman", "brown forman"),
        ("\u0130\u015f Bankas\u0131", "is bankas\u0131"),
        ("!?", ""),
        ("\U0001f34e", ""),
    ],
)
def test_names_are_compared_without_what_people_leave_out(name: str, folded: str) -> None:
    assert fold(name) == folded


@pytest.mark.parametrize(
    ("text", "whole"),
    [("S&P 500", True), ("cac 40", True), ("phillips 66", True), ("3m", True), ("AAPL 10", False), ("", False)],
)
def test_a_number_at_the_end_of_a_name_is_known_for_a_part_of_it(text: str, whole: bool) -> None:
    assert is_whole_name(text, LIVE) is whole


APPLES = (
    named("AAPL", "Apple Inc."),
    named("APLE", "Apple Hospitality REIT, Inc."),
    named("AAPL.VI", "Apple Inc.", "XWBO"),
    named("PIE", "Pineapple Pies"),
)


@pytest.mark.parametrize(
    ("asked", "symbols", "taken"),
    [
        ("apple", "AAPL APLE AAPL.VI", False),
        ("apple hospitality", "APLE", True),
        ("pineapple", "PIE", True),
        ("aapl", "AAPL AAPL.VI", False),
        ("pies", "", False),
        ("ap", "", False),
        ("", "", False),
    ],
)
def test_of_a_search_only_what_is_named_counts_and_only_one_alone_is_taken(
    asked: str, symbols: str, taken: bool
) -> None:
    found = chosen(asked, APPLES)
    assert [one.symbol for one in found] == symbols.split()
    assert may_be_taken(found) is taken


@pytest.mark.parametrize(("calendar", "taken"), [("XNYS", True), ("24/7", True), ("XLON", False), ("24/5", False)])
def test_a_foreign_listing_is_never_taken_without_asking(calendar: str, taken: bool) -> None:
    assert may_be_taken((named("X", "X", calendar),)) is taken


def test_a_price_file_is_known_by_the_names_of_the_operators_list(tmp_path: Path) -> None:
    prices, universe = tmp_path / "prices.csv", tmp_path / "universe.csv"
    days = "\n".join(f"{symbol},{date(2021, 12, 20)},1,1,1,1,1" for symbol in ("QQX", "SHEL.L", "SHEL", "OTHER"))
    prices.write_text(f"symbol,date,open,high,low,close,volume\n{days}\n")
    universe.write_text("symbol,name,exchange\nQQX,Quick Quarry,Moon\nSHEL.L,,\nSHEL,,\n")
    market = {"source": "file", "file": str(prices), "universe": str(universe)}
    services = build_services(load_settings(market=market, database={"path": tmp_path / "t.sqlite3"}))
    assert [instrument.symbol for instrument in services.universe] == ["QQX", "SHEL.L", "SHEL"]
    assert forecasts.resolve(services, "quick quarry").symbol == "QQX"
    assert forecasts.resolve(services, "quick quarry").name == "Quick Quarry"
    assert forecasts.resolve(services, "OTHER").symbol == "OTHER"  # not served, but asked for
    with pytest.raises(AmbiguousSymbol, match=r"SHEL \(Shell, NYSE, USD\) or SHEL\.L \(Shell, London, GBp\)"):
        forecasts.resolve(services, "shell")
