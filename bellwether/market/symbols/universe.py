"""Which instruments are known without asking anyone, and which of them are served every session."""

from collections.abc import Iterable, Iterator
from functools import cache, cached_property

from rapidfuzz import fuzz, process

from bellwether.core.types import Instrument
from bellwether.market.calendar import EVERY_DAY, WEEKDAYS
from bellwether.market.symbols.normalize import fold
from bellwether.market.symbols.spellings import as_symbol, others, share_class, suffix_of, suffixes, table

_WITHOUT_SUFFIX = {  #: calendars of Yahoo's codes of exchanges, beside those of suffixes.csv
    "LUX": "XLUX",
    **dict.fromkeys(("EUX", "ZRH"), "XETR"),  # the last has the STOXX indices, which Deutsche Börse reckons
    "CCC": EVERY_DAY,
    **dict.fromkeys(("CCY", "CME", "CBT", "CMX", "NYM", "NYB"), WEEKDAYS),  # currencies and futures
}
_ENOUGH = 75  #: rapidfuzz score, 0 to 100, from which a name counts as near
_MISSPELT = 75  #: rapidfuzz ratio, 0 to 100, from which somebody may have meant just this and slipped
_SHORT, _MISSPELT_SHORT = 5, 85  #: letters up to which a name must be nearer, for "ikea" is no slip of "nike"


class Universe:
    """The instruments served every session (refreshed, offered, scored), and others that are known by name."""

    def __init__(self, served: Iterable[Instrument], also_known: Iterable[Instrument] = ()) -> None:
        """Of two instruments with one symbol the first counts."""
        self._served = {instrument.symbol: instrument for instrument in reversed(tuple(served))}
        self.served: tuple[Instrument, ...] = tuple(reversed(self._served.values()))
        self._known = {
            instrument.symbol: instrument for instrument in (*reversed(tuple(also_known)), *reversed(self.served))
        }

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

    def spelt(self, symbol: str) -> Instrument | None:
        """A known instrument, also where the market spells it otherwise: BRK.B for BRK-B."""
        known = self._known.get(symbol)
        return known if known is not None and self.serves(symbol) else self._otherwise.get(symbol, known)

    @cached_property
    def _otherwise(self) -> dict[str, Instrument]:
        """The served ones that are not spelt as Yahoo does, by Yahoo's spelling."""
        spelt = ((as_symbol(instrument.symbol), instrument) for instrument in self.served)
        return {
            symbol: instrument for symbol, instrument in spelt if symbol is not None and symbol != instrument.symbol
        }

    @cached_property
    def known(self) -> tuple[Instrument, ...]:
        """All that are known, the served ones first."""
        return tuple(reversed(self._known.values()))

    @cached_property
    def names(self) -> tuple[tuple[str, Instrument], ...]:
        """The known instruments by folded name, the served ones first."""
        return tuple((fold(instrument.name), instrument) for instrument in self.known)


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


def instrument_of(symbol: str, name: str = "", exchange: str = "", currency: str = "", sector: str = "") -> Instrument:
    """An instrument as far as its symbol, our tables and the given words tell; its symbol stays as it is written.

    Yahoo's suffix of a symbol stands for an exchange; without one the symbol is taken as one of New York's, and so is
    a share class in any spelling: BRK.B, BRK/B.
    """
    known = _tabled().get(symbol) or _tabled().get(share_class(symbol) or "") or _by_suffix(symbol)
    return Instrument(
        symbol=symbol,
        name=name or (symbol if known.name == known.symbol else known.name),
        exchange=exchange or known.exchange,
        calendar=known.calendar,
        currency=currency or known.currency,
        sector=sector or known.sector,
    )


@cache
def _tabled() -> dict[str, Instrument]:
    return {**{instrument.symbol: instrument for instrument in well_known()}, **listed()}


def _by_suffix(symbol: str) -> Instrument:
    """What the end of a symbol tells: SHEL.L trades in London, BTC-USD around the clock, HEI.A in New York."""
    row, index = suffix_of(symbol), symbol.startswith("^")
    if row is None and (share := share_class(symbol)):
        row = suffix_of(share)
    # an index may be of any place, and a code of digits alone of any but New York
    if row is None or (not row["suffix"] and (index or symbol.isdigit())):
        return Instrument(symbol, symbol, "", WEEKDAYS, "")
    return Instrument(symbol, symbol, row["exchange"], row["calendar"], "" if index else row["currency"])


def calendar_of(exchange: str, symbol: str = "") -> str:
    """The trading calendar by Yahoo's code of the exchange, else by what the symbol tells; else WEEKDAYS."""
    if exchange in _WITHOUT_SUFFIX:
        return _WITHOUT_SUFFIX[exchange]
    if exchange in others("yahoo"):
        return suffixes()[others("yahoo")[exchange][0]]["calendar"]
    return instrument_of(symbol).calendar if symbol else WEEKDAYS


def calendars() -> tuple[str, ...]:
    """Every trading calendar that our tables name."""
    named = {*_WITHOUT_SUFFIX.values(), *(row["calendar"] for row in suffixes().values())}
    return tuple(sorted(named | {instrument.calendar for instrument in _tabled().values()}))


def near_symbols(asked: str, universe: Iterable[Instrument], limit: int = 3) -> tuple[str, ...]:
    """Symbols that were perhaps meant, the likeliest first, by their spelling or by their company's name."""
    instruments = tuple(universe)
    names = {instrument.symbol: instrument.name.casefold() for instrument in instruments}
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


def is_near(asked: str, instrument: Instrument) -> bool:
    """Whether a text nearly is the symbol, the name, its first word, or another name: as a slip of the finger is."""
    name = fold(instrument.name)
    key, others = fold(asked), (alias for alias, symbols in aliases().items() if instrument.symbol in symbols)
    written = (instrument.symbol.casefold(), name, name.partition(" ")[0], *others)
    return any(_is_slip(key, other) for other in written)


def _is_slip(key: str, other: str) -> bool:
    """Whether a folded text is another but for a slip; of a short one also two letters that changed places."""
    if min(len(key), len(other)) > _SHORT:
        return fuzz.ratio(key, other) >= _MISSPELT
    return fuzz.ratio(key, other) >= _MISSPELT_SHORT or (key[:1] == other[:1] and sorted(key) == sorted(other))


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """Other names, former names and short names, folded. One symbol is taken, several are asked back."""
    return {fold(row["alias"]): tuple(row["symbols"].split()) for row in table("aliases.csv")}
