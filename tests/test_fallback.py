"""Sources in an order: who answered is always told, and a history is never of two."""

from datetime import date
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.core.errors import BadDate, MarketDataError, SourceError, Trouble, UnknownSymbol
from bellwether.core.types import Bars, Instrument, Origin
from bellwether.market.remote.fallback import FallbackProvider
from bellwether.market.sample import SampleProvider
from bellwether.market.sources import open_market, remote
from bellwether.services import utc_now
from tests.conftest import MakeBars
from tests.support.database import store_at

DOWN = SourceError("The first", Trouble.REFUSED)
FRIDAY, MONDAY = date(2021, 12, 31), date(2022, 1, 3)


class Made:
    """A provider with one symbol."""

    live, note = True, ""

    def __init__(self, name: str, bars: Bars | Exception, currency: str = "USD") -> None:
        self.name, self._bars, self.currency = name, bars, currency

    def describe(self) -> str:
        return f"The {self.name}"

    def universe(self) -> tuple[Instrument, ...]:
        return (Instrument("MADE", f"{self.name}'s", "", "XNYS", self.currency),)

    def instrument(self, symbol: str) -> Instrument:
        if isinstance(self._bars, Exception):
            raise self._bars
        return self.universe()[0]

    def bars(self, symbol: str, end: date) -> Bars:
        if isinstance(self._bars, Exception):
            raise self._bars
        return self._bars


@pytest.fixture
def old(make_bars: MakeBars) -> Bars:
    return make_bars(end=FRIDAY)


@pytest.fixture
def new(make_bars: MakeBars) -> Bars:
    return make_bars(end=MONDAY, seed=2)


def with_note(bars: Bars, note: str) -> Bars:
    return Bars(
        bars.symbol, bars.sessions, bars.values, bars.quoted_closes,
        Origin("first", True, note, Instrument("MADE", "", "", "XNYS", "GBp")),
    )  # fmt: skip


def test_while_the_first_answers_nobody_else_is_asked(old: Bars, new: Bars) -> None:
    both = FallbackProvider(Made("first", old), (Made("second", ZeroDivisionError()),))
    assert both.bars("MADE", MONDAY) is old
    assert both.instrument("MADE").name == "first's"
    assert (both.name, both.describe(), both.live) == ("first", "The first", True)


def test_the_next_answers_in_its_place_and_says_so(new: Bars) -> None:
    both = FallbackProvider(Made("first", DOWN), (Made("second", DOWN), Made("third", new, currency="EUR")))
    bars = both.bars("MADE", MONDAY)
    assert bars.values is new.values
    assert bars.origin == Origin(
        "third", True, "The first is not answering; these prices come from The third.", both.instrument("MADE")
    )
    assert both.instrument("MADE").currency == "EUR"


@pytest.mark.parametrize("problem", [UnknownSymbol("MADE"), BadDate("too early")])
def test_that_the_first_does_not_know_is_an_answer(new: Bars, problem: Exception) -> None:
    both = FallbackProvider(Made("first", problem), (Made("second", new),))
    for ask in (lambda: both.bars("MADE", MONDAY), lambda: both.instrument("MADE")):
        with pytest.raises(type(problem)):
            ask()


@pytest.mark.parametrize("others", [(DOWN,), (UnknownSymbol("MADE"),), (BadDate("x"), MarketDataError("y"))])
def test_when_nobody_answers_the_first_ones_words_count(others: tuple[Exception, ...]) -> None:
    both = FallbackProvider(Made("first", DOWN), tuple(Made("other", problem) for problem in others))
    with pytest.raises(SourceError, match="The first refuses"):
        both.bars("MADE", MONDAY)


def test_newer_prices_of_another_source_go_before_old_ones_that_are_kept(old: Bars, new: Bars) -> None:
    kept = with_note(old, "Prices as of Friday's close; The first is not answering.")
    assert FallbackProvider(Made("first", kept), (Made("second", new),)).bars("MADE", MONDAY).cutoff == MONDAY
    assert FallbackProvider(Made("first", kept), (Made("second", old),)).bars("MADE", MONDAY) is kept
    assert FallbackProvider(Made("first", kept), (Made("second", DOWN),)).bars("MADE", MONDAY) is kept


def test_what_another_source_wants_said_is_said(old: Bars) -> None:
    both = FallbackProvider(Made("first", DOWN), (SampleProvider(),))
    bars = both.bars("AAPL", FRIDAY)
    assert bars.origin is not None
    assert (bars.origin.source, bars.origin.live) == ("sample", False)
    assert "The first is not answering; these prices come from the sample market. Sample data, ends" in bars.origin.note


def prices(folder: Path) -> Path:
    file = folder / "p.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nAAPL,2021-12-31,1,1,1,1,1\n")
    return file


@pytest.mark.parametrize(
    ("source", "fallbacks", "names"),
    [
        ("sample", [], ["sample"]),
        ("file", [], ["file"]),
        ("yahoo", [], ["yahoo"]),
        ("yahoo", ["file", "sample"], ["yahoo", "file", "sample"]),
        ("file", ["file", "yahoo"], ["file", "yahoo"]),
    ],
)
def test_the_settings_name_the_order(tmp_path: Path, source: str, fallbacks: list[str], names: list[str]) -> None:
    settings = load_settings(market={"source": source, "fallbacks": fallbacks, "file": str(prices(tmp_path))})
    market = open_market(settings.market, store_at(tmp_path / "x.sqlite3"), utc_now)
    asked = market.providers if isinstance(market, FallbackProvider) else (market,)
    assert [one.name for one in asked] == names
    assert (remote(market) is not None) == (source == "yahoo")
    assert not (tmp_path / "x.sqlite3").exists(), "nothing is opened or asked"


def test_the_environment_names_them_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_MARKET__FALLBACKS", "file, sample")
    assert load_settings().market.fallbacks == ["file", "sample"]
