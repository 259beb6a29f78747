"""The names and symbols of companies as keys without spaces, from the tables that are part of Bellwether."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from bellwether.market.symbols.normalize import company, fold
from bellwether.market.symbols.spellings import table
from bellwether.market.symbols.universe import listed, well_known
from bot.understand.nearness import nearest

MOST_WORDS = 5  #: of a name
_SHORTEST_MISSPELT = 5  #: letters; shorter names are too near to other words
_ENOUGH = 85  #: rapidfuzz ratio, 0 to 100, from which a word is a misspelt name
_MARGIN = 5  #: by which the next company's name must be farther away


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Keys are folded names without spaces: "bankofamerica"."""

    names: dict[str, frozenset[str]]  #: whole names and aliases, and the symbols they stand for
    beginnings: dict[str, frozenset[str]]  #: the first words of longer names
    symbols: frozenset[str]
    misspelt: tuple[str, ...]  #: names that are long enough to be misspelt


@cache
def lexicon() -> Lexicon:
    """What is known by name."""
    names: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    instruments = [*listed().values(), *well_known()]
    for instrument in instruments:
        words = company(fold(instrument.name)).split()
        names.setdefault("".join(words), set()).add(instrument.symbol)
        for length in range(1, len(words)):
            beginnings.setdefault("".join(words[:length]), set()).add(instrument.symbol)
    for row in table("aliases.csv"):
        names.setdefault(key_of(row["alias"]), set()).update(row["symbols"].split())
    return Lexicon(
        {name: frozenset(symbols) for name, symbols in names.items()},
        {name: frozenset(symbols) for name, symbols in beginnings.items() if name not in names},
        frozenset(instrument.symbol for instrument in instruments),
        tuple(name for name in names if len(name) >= _SHORTEST_MISSPELT and name.isalpha()),
    )


def key_of(name: str) -> str:
    """A name as a key of the lexicon."""
    return fold(name).replace(" ", "")


def is_listed(name: str) -> bool:
    """Whether our tables have a company of this name or symbol, be it in the market at hand or not."""
    known = lexicon()
    return name.upper() in known.symbols or key_of(name) in known.names


def misspelt_name(word: str) -> tuple[str, float] | None:
    """The one name that a word nearly is, and how nearly; None where there is none, or where another is as near."""
    if len(word) < _SHORTEST_MISSPELT or not word.isalpha():
        return None
    known = lexicon()
    near = nearest(word, known.misspelt, _ENOUGH - _MARGIN, 4)
    if not near or near[0][1] < _ENOUGH:
        return None
    best, score = near[0]
    others = [(name, near_by) for name, near_by in near[1:] if not known.names[name] & known.names[best]]
    return (best, score) if not others or score - others[0][1] >= _MARGIN else None


def each_once(names: Sequence[str]) -> Iterator[str]:
    """Names without those that mean the same company as an earlier one: "Tesla (TSLA)"."""
    known = lexicon()
    seen: set[str] = set()
    for name in names:
        key = key_of(name)
        symbols = known.names.get(key) or known.beginnings.get(key) or {name.upper()}
        if not seen & symbols:
            yield name
        seen |= symbols
