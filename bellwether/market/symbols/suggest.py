"""What somebody who has begun to type may mean, from what is known without asking anyone. Pure.

A symbol that begins so comes first, then names that do, also former ones, then words within names, then near misses. An
exchange narrows the list: "shell london" is the Shell that trades there.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from bellwether.core.types import Instrument
from bellwether.market.symbols.normalize import fold
from bellwether.market.symbols.universe import Universe, aliases, near_symbols

MOST = 8  #: more than that is a list to read, not a choice
LONGEST = 64  #: letters that are looked at
_NEAR_FROM = 3  #: letters; fewer are near to everything


def suggest(text: str, universe: Universe, limit: int = MOST) -> tuple[Instrument, ...]:
    """At most `limit` instruments, the likeliest first; none for an empty text."""
    typed = " ".join(text[:LONGEST].split())
    if not typed:
        return ()
    matches = dict.fromkeys(_matches(typed, universe))
    if not matches and len(typed) >= _NEAR_FROM:
        near = near_symbols(typed, universe.known, limit)
        matches = dict.fromkeys(instrument for symbol in near if (instrument := universe.get(symbol)) is not None)
    return tuple(matches)[:limit]


def _matches(typed: str, universe: Universe) -> Iterator[Instrument]:
    """Everything that fits, the best first; an instrument may come more than once."""
    symbol, key = typed.upper(), fold(typed)
    yield from (instrument for instrument in universe.known if symbol == instrument.symbol)
    begins = [instrument for instrument in universe.known if instrument.symbol.startswith((symbol, f"^{symbol}"))]
    yield from sorted(begins, key=lambda instrument: len(instrument.symbol))
    if not key:
        return
    yield from _aliased(universe, lambda alias: alias == key)
    yield from (instrument for name, instrument in universe.names if name.startswith(key))
    if len(key) >= _NEAR_FROM:
        yield from _aliased(universe, lambda alias: alias.startswith(key))
    yield from (instrument for name, instrument in universe.names if f" {key}" in name)
    words = key.split()
    for name, instrument in universe.names:
        if all(f" {word}" in f" {name} {_place(instrument.exchange)}" for word in words):
            yield instrument


def _aliased(universe: Universe, fits: Callable[[str], bool]) -> Iterator[Instrument]:
    """The known instruments that have another name, or had one, which fits: Meta was Facebook."""
    symbols = (symbol for alias, symbols in aliases().items() if fits(alias) for symbol in symbols)
    yield from (instrument for symbol in symbols if (instrument := universe.get(symbol)) is not None)


@lru_cache(maxsize=256)
def _place(exchange: str) -> str:
    """An exchange's name, folded once."""
    return fold(exchange)
