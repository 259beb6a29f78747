"""Several stocks as people type them: "AAPL, MSFT and KO", "AAPL MSFT", one to a line; every face reads them here."""

import re

from bellwether.market.symbols.match import is_whole_name, read
from bellwether.market.symbols.normalize import clean_question
from bellwether.market.symbols.spellings import is_code_and_country, is_symbol
from bellwether.market.symbols.universe import Universe

_MARKS = re.compile(r"[,;\t\r\n]")
_LEADING = re.compile(r"^(?:and|or) ", re.IGNORECASE)  #: after a comma
_OTHER = re.compile(r" (?:vs\.?|versus|or) ", re.IGNORECASE)  #: in no company's name
_AND = re.compile(" and ", re.IGNORECASE)  #: in some companies' names


def names_typed(text: str, universe: Universe) -> list[str]:
    """Return the names in a text, each once and in order; the whole text where it is one name, as "coca cola" is.

    They stand apart by commas, semicolons, tabs, new lines, "vs", "or" and "and"; by spaces where each word is a
    symbol: a known one, or, in a text without commas, one written as such.
    """
    whole = " ".join(text.split())
    if is_whole_name(whole, universe) or is_code_and_country(whole):
        return [whole]
    parts = [" ".join(part.split()) for part in _MARKS.split(text)]
    marked = len([part for part in parts if part]) > 1
    pieces = (piece for part in parts for piece in _parted(part, universe))
    names = [name for piece in pieces for name in _spaced(piece, universe, marked=marked)]
    return list(dict.fromkeys(name for name in names if name))


def _parted(text: str, universe: Universe) -> list[str]:
    """One part between commas; a company whose name has an "and" in it stays whole."""
    names = [_LEADING.sub("", text)]
    names = [name for whole in names for name in ([whole] if is_whole_name(whole, universe) else _OTHER.split(whole))]
    return [name.strip() for whole in names for name in _at_and(whole, universe)]


def _at_and(text: str, universe: Universe) -> list[str]:
    """Split at "and", unless nothing on either side of it is known: a company abroad may be called so."""
    parts = _AND.split(text)
    if len(parts) == 1 or is_whole_name(text, universe):
        return [text]
    words = (clean_question(part) for part in parts)
    is_known = any(is_symbol(word) or (word and read(word, universe).candidates) for word in words)
    return parts if is_known else [text]


def _spaced(text: str, universe: Universe, *, marked: bool) -> list[str]:
    """Split at spaces where each word is a symbol."""
    words = text.split()
    if len(words) < 2 or is_whole_name(text, universe) or is_code_and_country(text):
        return [text]
    known = all(universe.get(word.upper()) is not None for word in words)
    written = not marked and all(universe.get(word.upper()) is not None or is_symbol(word) for word in words)
    return words if known or written else [text]
