"""Which instruments are known without asking anyone, and which of them are served every session."""

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from importlib.resources import files

from rapidfuzz import fuzz, process

from bellwether.market.resolve_text import fold
from bellwether.types import Instrument

_SYMBOL = re.compile(r"\^?[A-Z0-9][A-Z0-9.=&-]{0,19}")
_ENOUGH = 75  #: rapidfuzz score, 0 to 100, from which a name counts as near


class Universe:
    """The instruments served every session (refreshed, offered, scored), and others that are known by name."""

    def __init__(self, served: Iterable[Instrument], others: Iterable[Instrument] = ()) -> None:
        """Of two instruments with one symbol the first counts."""
        self._served = {one.symbol: one for one in reversed(tuple(served))}
        self.served: tuple[Instrument, ...] = tuple(reversed(self._served.values()))
        self._known = {one.symbol: one for one in (*reversed(tuple(others)), *reversed(self.served))}

    def __iter__(self) -> Iterator[Instrument]:
        """The served ones, in their order."""
        return iter(self.served)

    def __len__(self) -> int:
        """How many are served."""
        return len(self.served)

    def serves(self, symbol: str) -> bool:
        """Whether it is one of those served every session."""
        return symbol in self._served

    def get(self, symbol: str) -> Instrument | None:
        """A known instrument, served or not."""
        return self._known.get(symbol)

    @cached_property
    def known(self) -> tuple[Instrument, ...]:
        """All that are known, the served ones first."""
        return tuple(reversed(self._known.values()))

    @cached_property
    def names(self) -> tuple[tuple[str, Instrument], ...]:
        """The known instruments by folded name, the served ones first."""
        return tuple((fold(one.name), one) for one in self.known)


@cache
def listed() -> dict[str, Instrument]:
    """The S&P 500 and two indices by symbol, from the embedded table."""
    return {
        row["symbol"]: Instrument(row["symbol"], row["name"], row["exchange"], "XNYS", "USD", row["sector"])
        for row in table("universe.csv")
    }


@cache
def well_known() -> tuple[Instrument, ...]:
    """What else people ask for by name: indices, coins, raw materials and foreign companies; not served by default."""
    return tuple(Instrument(**row) for row in table("well_known.csv"))


def table(name: str) -> list[dict[str, str]]:
    """The rows of one embedded csv file."""
    text = (files("bellwether.market") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def instrument_of(symbol: str, name: str = "", exchange: str = "", currency: str = "", sector: str = "") -> Instrument:
    """An instrument as far as its symbol, our tables and the given words tell.

    Yahoo's suffix of a symbol stands for an exchange; without one the symbol is taken as one of New York's.
    """
    known = listed().get(symbol) or {one.symbol: one for one in well_known()}.get(symbol) or _by_suffix(symbol)
    return Instrument(
        symbol=symbol,
        name=name or known.name,
        exchange=exchange or known.exchange,
        calendar=known.calendar,
        currency=currency or known.currency,
        sector=sector or known.sector,
    )


@cache
def _suffixes() -> dict[str, dict[str, str]]:
    return {row["suffix"]: row for row in table("suffixes.csv")}


@cache
def _prefixes() -> dict[str, str]:
    """Yahoo's suffix for the codes that others write before a symbol, as in NASDAQ:AAPL."""
    return {prefix: row["suffix"] for row in table("suffixes.csv") for prefix in row["prefixes"].split()}


def _by_suffix(symbol: str) -> Instrument:
    """What the end of a symbol tells: SHEL.L trades in London, BTC-USD around the clock."""
    found = re.search(r"(?:\.[A-Z]{1,3}|-[A-Z]{3}|=[A-Z])$", symbol)
    suffix = found[0] if found else ""
    row = _suffixes().get(suffix)
    if row is None or symbol.startswith("^"):  # an index may be of any place
        return Instrument(symbol, symbol, "", "24/5", "")
    return Instrument(symbol, symbol, row["exchange"], row["calendar"], row["currency"])


def as_symbol(asked: str) -> str | None:
    """A question written the way symbols are: "brk b" as "BRK-B", "LON:SHEL" as "SHEL.L"; None when it cannot be one.

    Yahoo writes share classes with a hyphen and foreign exchanges with a dot and a suffix (SHEL.L), so only a single
    letter A to C after a dot is taken for a class. Others put the exchange first.
    """
    if not asked.isascii():  # "ß" in capitals is "SS"
        return None
    before, colon, symbol = asked.upper().rpartition(":")
    symbol = re.sub(r"[ ./]([ABC])$", r"-\1", symbol)
    if colon:
        symbol = symbol.lstrip() + _prefixes().get(before.rstrip(), ":")
    return symbol if _SYMBOL.fullmatch(symbol) else None


def is_symbol(text: str) -> bool:
    """Whether this can be a symbol as we know them: at most 20 of A to Z, digits and . = & - with a ^ before them."""
    return _SYMBOL.fullmatch(text) is not None


def near_symbols(asked: str, universe: Iterable[Instrument], limit: int = 3) -> tuple[str, ...]:
    """Symbols that were perhaps meant, the likeliest first, by their spelling or by their company's name."""
    instruments = tuple(universe)
    names = {one.symbol: one.name.casefold() for one in instruments}
    scores = {
        symbol: score
        for symbol, score, _ in process.extract(
            asked.upper(), list(names), scorer=fuzz.ratio, limit=limit, score_cutoff=_ENOUGH - 10
        )
    }
    for _, score, symbol in process.extract(
        asked.casefold(), names, scorer=fuzz.WRatio, limit=limit, score_cutoff=_ENOUGH
    ):
        scores[symbol] = max(scores.get(symbol, 0.0), score)
    ranked = sorted(scores, key=lambda symbol: (-scores[symbol], symbol))
    return tuple(ranked[:limit])
