"""Cues as written in the phrase files: words in a row, some of them one of several or left out.

A pattern is a tuple of parts. A part is a word, a stem that ends in "*", a slot in braces, "...", or a choice: a tuple
of patterns, of which the empty one lets it be left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from bot.understand.words import fold_words

Pattern: TypeAlias = "tuple[str | Choice, ...]"

GAP = "..."
_LONGEST_GAP = 3  #: words that "..." stands for
_PIECES = re.compile(r"[()\[\]|]|[^\s()\[\]|]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several patterns."""

    single: frozenset[str]  #: those of one word
    longer: tuple[Pattern, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """How a pattern fits words from some place on."""

    stop: int
    words: int  #: that the pattern names, without slots and gaps
    skipped: bool  #: whether filler that the pattern names was passed over, for a sentence has none
    gap: bool


def parsed(line: str) -> Pattern:
    """A line of a phrase file. Raises ValueError where its brackets do not match."""
    choice, rest = _choice(_PIECES.findall(line))
    if rest:
        raise ValueError(f"a bracket closes that was not opened: {line}")
    return choice.longer[0] if len(choice.longer) == 1 and not choice.single else (choice,)


def spellings(pattern: Pattern) -> Iterator[tuple[str, ...]]:
    """Every row of words that a short pattern stands for."""
    if not pattern:
        yield ()
        return
    first, *rest = pattern
    starts = [(first,)] if isinstance(first, str) else [*_all(first)]
    for start in starts:
        for end in spellings(tuple(rest)):
            yield (*start, *end)


def _all(choice: Choice) -> Iterator[tuple[str, ...]]:
    yield from ((word,) for word in sorted(choice.single))
    for pattern in choice.longer:
        yield from spellings(pattern)
    if choice.optional:
        yield ()


def named(pattern: Pattern) -> Iterator[str]:
    """Every word, stem and slot that occurs in a pattern."""
    for part in pattern:
        if isinstance(part, str):
            yield part
        else:
            yield from part.single
            for longer in part.longer:
                yield from named(longer)


def beginnings(pattern: Pattern, filler: frozenset[str]) -> set[str]:
    """The words that a fit can begin with."""
    keys: set[str] = set()
    for part in pattern:
        if isinstance(part, str):
            keys.add(part)
            if part not in filler:
                break
        else:
            keys |= part.single
            for longer in part.longer:
                keys |= beginnings(longer, filler)
            if not part.optional and not part.single & filler:
                break
    return keys


def fits(
    pattern: Pattern, words: Sequence[frozenset[str]], at: int, filler: frozenset[str], so_far: Fit | None = None
) -> Iterator[Fit]:
    """Every way in which a pattern fits from a place on. A word is given as its keys: itself, and its stems."""
    fit = so_far or Fit(at, 0, False, False)
    if not pattern:
        yield fit
        return
    part, rest = pattern[0], pattern[1:]
    if isinstance(part, str):
        for after in _fits_word(part, words, fit, filler):
            yield from fits(rest, words, after.stop, filler, after)
        return
    if fit.stop < len(words) and (hit := part.single & words[fit.stop]):
        slot = next(iter(hit)).startswith("{")
        after = Fit(fit.stop + 1, fit.words + (not slot), fit.skipped, fit.gap)
        yield from fits(rest, words, after.stop, filler, after)
    for longer in part.longer:
        for after in fits(longer, words, fit.stop, filler, fit):
            yield from fits(rest, words, after.stop, filler, after)
    if part.optional:
        yield from fits(rest, words, fit.stop, filler, fit)
    elif part.single & filler:
        yield from fits(rest, words, fit.stop, filler, Fit(fit.stop, fit.words, True, fit.gap))


def _fits_word(part: str, words: Sequence[frozenset[str]], fit: Fit, filler: frozenset[str]) -> Iterator[Fit]:
    if part == GAP:
        for stop in range(fit.stop, min(len(words), fit.stop + _LONGEST_GAP) + 1):
            yield Fit(stop, fit.words, fit.skipped, True)
    elif fit.stop < len(words) and part in words[fit.stop]:
        yield Fit(fit.stop + 1, fit.words + (part[0] != "{"), fit.skipped, fit.gap)
    elif part in filler:
        yield Fit(fit.stop, fit.words, True, fit.gap)


def _choice(pieces: list[str]) -> tuple[Choice, list[str]]:
    """The alternatives up to the bracket that closes, and the pieces from it on."""
    patterns: list[Pattern] = []
    so_far: list[str | Choice] = []
    while pieces and pieces[0] not in {")", "]"}:
        piece, *pieces = pieces
        if piece == "|":
            patterns.append(tuple(so_far))
            so_far = []
        elif piece in {"(", "["}:
            inner, pieces = _choice(pieces)
            pieces = pieces[1:]
            so_far.append(Choice(inner.single, inner.longer, inner.optional or piece == "["))
        else:
            so_far.extend(_folded(piece))
    patterns.append(tuple(so_far))
    single = frozenset(
        part for pattern in patterns if len(pattern) == 1 and isinstance(part := pattern[0], str) and part != GAP
    )
    longer = tuple(pattern for pattern in patterns if pattern and not (len(pattern) == 1 and pattern[0] in single))
    return Choice(single, longer, () in patterns), pieces


@cache
def _folded(piece: str) -> tuple[str, ...]:
    if piece[0] in "{.":
        return (piece,)
    words = fold_words(piece.rstrip("*")).split()
    return (*words[:-1], f"{words[-1]}*" if piece.endswith("*") else words[-1]) if words else ()
