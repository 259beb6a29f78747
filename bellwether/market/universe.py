"""Which symbols exist, what people call them, and what they may have meant."""

import csv
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from rapidfuzz import fuzz, process

from bellwether.errors import BadSymbol
from bellwether.types import Instrument

LONGEST_QUESTION = 64  #: characters in a symbol or company name; the longest real ones have about 40
_SYMBOL = re.compile(r"\^?[A-Z0-9][A-Z0-9.=&-]{0,19}")
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))  # marks without width, pasted along
SHORTEST_NAME = 3  #: letters; one or two begin too many names
_ENOUGH = 75  #: rapidfuzz score, 0 to 100, from which a name counts as near


@cache
def listed() -> dict[str, Instrument]:
    """The companies and indices known by name, from the embedded table, by symbol."""
    text = (files("bellwether.market") / "data" / "universe.csv").read_text(encoding="utf-8")
    return {
        row["symbol"]: Instrument(row["symbol"], row["name"], row["exchange"], "XNYS", "USD")
        for row in csv.DictReader(text.splitlines())
    }


def clean_question(text: str) -> str:
    """What a person typed for a company, trimmed. Raises BadSymbol when it cannot be one."""
    asked = " ".join(text.translate(_UNSEEN).split()).lstrip("$").rstrip(".,!?;:").strip()
    if not asked:
        raise BadSymbol("Please give a stock symbol, for example AAPL.")
    if len(asked) > LONGEST_QUESTION or not asked.isprintable():
        raise BadSymbol("That doesn't look like a stock symbol. Please send one like AAPL or MSFT.")
    return asked


def as_symbol(asked: str) -> str | None:
    """A question written the way symbols are: "brk b" and "BRK.B" as "BRK-B"; None when it cannot be one.

    Yahoo writes share classes with a hyphen and foreign exchanges with a dot and a suffix (SHEL.L), so only a single
    letter A to C after a dot is taken for a class.
    """
    symbol = re.sub(r"[ .]([ABC])$", r"-\1", asked.upper())
    return symbol if _SYMBOL.fullmatch(symbol) else None


def is_symbol(text: str) -> bool:
    """Whether this can be a symbol as we know them: at most 20 of A to Z, digits and . = & - with a ^ before them."""
    return _SYMBOL.fullmatch(text) is not None


def by_name(asked: str, universe: Iterable[Instrument]) -> Instrument | None:
    """The one instrument whose name is, begins with, or holds these words; None when there is none or several."""
    words, instruments = asked.casefold(), tuple(universe)
    whole, beginning = re.compile(re.escape(words)), re.compile(rf"{re.escape(words)}\b")
    tests = (whole.fullmatch, beginning.match, re.compile(rf"\b{re.escape(words)}\b").search)
    for test in tests if len(words) >= SHORTEST_NAME else tests[:1]:
        named = [one for one in instruments if test(one.name.casefold())]
        if named:
            return named[0] if len(named) == 1 else None
    return None


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
