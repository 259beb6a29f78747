"""What a question means, as far as that is known without asking anyone. Pure.

    question | a known symbol?               | that one
             | an alias or a company's name? | that one, or several to choose from
             | a word within a name?         | perhaps that one
             | it could be a symbol          | ask the source of prices
             | none of these                 | search

"ford" is a company's name and FORD another company's symbol: capitals ask the source for the symbol first, and so does
one short word of a longer name, for "snap" is Snap before it is Snap-on.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from bellwether.core.types import Instrument
from bellwether.market.calendar import EVERY_DAY
from bellwether.market.symbols.normalize import company, fold
from bellwether.market.symbols.spellings import as_symbol, table
from bellwether.market.symbols.universe import Universe, aliases

SHORTEST_NAME = 3  #: letters; one or two begin too many names
_TICKER = re.compile(r"[A-Z]{1,5}", re.ASCII)  #: what a US exchange can list without a class
_WHOLE, _BEGINNING, _WITHIN = range(3)  #: how a name matches
_AT_HOME = {"XNYS", EVERY_DAY}  #: calendars of what may be taken without asking back; the rest is a foreign listing


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question may mean. Neither a symbol nor candidates: it must be searched for."""

    candidates: tuple[Instrument, ...] = ()  #: what is known under this symbol or name, the likeliest first
    sure: bool = True  #: False where only a word within the candidates' names was said: "motors" of General Motors
    symbol: str | None = None  #: to be asked for at the source before the candidates are looked at


def read(asked: str, universe: Universe) -> Reading:
    """Read a clean question against what is known."""
    symbol = as_symbol(asked)
    known = universe.spelt(asked.upper()) if asked.isascii() else None
    if known is None and symbol is not None:
        known = universe.spelt(symbol)
    if known is not None:
        return Reading((known,))
    short = tuple(
        instrument for symbol in _short_names().get(asked.upper(), ()) if (instrument := universe.get(symbol))
    )
    if short:
        return Reading(short)
    named, how = _named(fold(asked), universe)
    ticker = _TICKER.fullmatch(asked.upper()) is not None
    if named and not (ticker and (asked.isupper() or how > _WHOLE)):
        return Reading(named, how < _WITHIN)
    # six letters and no suffix: no exchange has such a symbol
    return Reading(named, how < _WITHIN, symbol if symbol and (ticker or not symbol.isalpha()) else None)


def is_whole_name(asked: str, universe: Universe) -> bool:
    """Whether all of it is one known name: the "500" of "S&P 500" is then no horizon."""
    key = fold(asked)
    return bool(key) and (key in aliases() or any(name == key for name, _ in universe.names))


def chosen(asked: str, results: tuple[Instrument, ...]) -> tuple[Instrument, ...]:
    """Those of a search's results that the question names: by their company's name, or by the symbol elsewhere."""
    key, root = fold(asked), _root(asked.upper())
    tests = _tests(key)[:_WITHIN] if len(key) >= SHORTEST_NAME else _tests(key)[:1]
    return tuple(
        instrument
        for instrument in results
        if _root(re.split(r"[.=-]", instrument.symbol)[0]) == root
        or any(test(fold(instrument.name)) for test in tests if key)
    )


def _root(code: str) -> str:
    """A code that is compared without the zeros before its digits: 700 is 0700 in Hong Kong."""
    return code.lstrip("0") if code.isdigit() else code


def may_be_taken(candidates: tuple[Instrument, ...]) -> bool:
    """Whether a search's answer needs no question back: one instrument alone, and no foreign listing."""
    return len(candidates) == 1 and candidates[0].calendar in _AT_HOME


def _named(key: str, universe: Universe) -> tuple[tuple[Instrument, ...], int]:
    """What is known under a folded name, and how the name matches theirs: _WHOLE, _BEGINNING or _WITHIN."""
    aliased = tuple(instrument for symbol in aliases().get(key, ()) if (instrument := universe.get(symbol)))
    if aliased:
        return aliased, _WHOLE
    tests = _tests(key)
    for how, test in enumerate(tests if len(key) >= SHORTEST_NAME else tests[:1]):
        named = tuple(instrument for name, instrument in universe.names if key and test(name))
        if named:
            return _one_company(named, universe), how
    return (), _WITHIN


def _tests(key: str) -> tuple[Callable[[str], bool], ...]:
    """How a folded name can match: _WHOLE, also written together; _BEGINNING; and _WITHIN, by words."""
    together = key.replace(" ", "")
    return (
        lambda name: name.replace(" ", "") == together,
        lambda name: name.startswith(f"{key} "),
        lambda name: f" {key} " in f" {name} ",
    )


def _one_company(named: tuple[Instrument, ...], universe: Universe) -> tuple[Instrument, ...]:
    """Several listings or classes of one company: the only one that is served, if there is such a one."""
    if len({company(fold(instrument.name)) for instrument in named}) > 1:
        return named
    served = tuple(instrument for instrument in named if universe.serves(instrument.symbol))
    return served if len(served) == 1 else named


@cache
def _short_names() -> dict[str, tuple[str, ...]]:
    """Aliases that are written like symbols and hold in either case: BTC is the coin, not the fund of that ticker."""
    return {row["alias"]: tuple(row["symbols"].split()) for row in table("aliases.csv") if row["alias"].isupper()}
