"""Phrases and patterns of one language, read from a file.

A file has sections, each headed by an intent, `[forecast]`, or by an alert's kind and direction, `[alert move below]`.
Each line is a pattern of folded words: `(a|b)` is one of several, `[a]` may be left out, and `{stock}`, `{other}`,
`{stocks}`, `{amount}`, `{price}` and, of times, `{number}` are slots. Times stand in no pattern, for they are cut out
first. A pattern without a slot is a phrase. `[when]`, `[numbers]`, `[names]`, `[joiners]`,
`[before]` and `[after]` are word lists: see `Grammar`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bellwether.core.alert_types import Direction, RuleKind
from bot.understand.meaning import Intent

_FOLDER = Path(__file__).parent / "phrases"
_PIECE = re.compile(r"[()\[\]|]|\{\w+\}|[^\s()\[\]|{}]+")
_OPTIONAL = re.compile(r"\[[^\]]*\]")
_APOSTROPHES = re.compile("['`\u00b4\u2018\u2019]")
_MARKS = re.compile(r"[^\w\s$%^&.,=+/\-\u2212]|_")  # what no symbol, name, price or percentage is written with
_LOOSE = re.compile(r"(?<![^\s])[.,/+=-]+|[.,/+=-]+(?![^\s])")  # such marks at a word's end, or alone


def fold_words(text: str) -> str:
    """A message without case, accents, emoji and punctuation, but for marks within symbols and numbers.

    >>> fold_words("¡Avísame si NVIDIA cae un 5,5 %!")
    'avisame si nvidia cae un 5,5%'
    """
    plain = _MARKS.sub(" ", _plain(_APOSTROPHES.sub("", text)).replace(",", ", "))
    plain = re.sub(r"(?<=\d), (?=\d)", ",", plain)  # 5,5 is a number
    return re.sub(r"\s+%", "%", " ".join(_LOOSE.sub(_comma, plain).split()))


def _plain(text: str) -> str:
    """A text without case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _comma(mark: re.Match[str]) -> str:
    return " , " if "," in mark[0] else " "


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a phrase file."""

    intent: Intent
    kind: RuleKind | None
    direction: Direction | None
    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Grammar:
    """How one language says things."""

    phrases: dict[str, Intent]  #: whole messages without a slot
    short_phrases: dict[Intent, tuple[str, ...]]  #: the same without what may be left out
    patterns: tuple[Pattern, ...]  #: with slots, those that say more first
    when: tuple[tuple[re.Pattern[str], int], ...]  #: a time's pattern, sessions; times its {number} where it has one
    numbers: dict[str, int]
    names: tuple[tuple[re.Pattern[str], str], ...]  #: how this language calls or inflects companies, and their symbols
    joiners: re.Pattern[str]  #: between the stocks of a list
    before: re.Pattern[str]  #: words of no weight before a stock: articles, "the stock of"
    after: re.Pattern[str]  #: the same after it: "stock", "please"


@cache
def grammar(language: str) -> Grammar:
    """The grammar of a language. Raises FileNotFoundError for one that has none."""
    lists: dict[str, list[str]] = {}
    phrases: dict[str, Intent] = {}
    short: dict[Intent, list[str]] = {}
    patterns: list[tuple[int, Pattern]] = []
    for section, line in _lines(language):
        head, *terms = section.split()
        if head in _LISTS:
            lists.setdefault(head, []).append(line)
            continue
        intent = Intent(head)
        if "{" not in line:
            phrases |= dict.fromkeys(_spellings(line), intent)
            short.setdefault(intent, []).extend(_spellings(_OPTIONAL.sub("", line)))
            continue
        kind = RuleKind(terms[0]) if terms else None
        direction = Direction(terms[1]) if len(terms) > 1 else None
        weight = len(re.findall(r"[^\W\d_]+", re.sub(r"\{\w+\}", "", _OPTIONAL.sub("", line))))
        patterns.append((weight, Pattern(intent, kind, direction, re.compile(_regex(line)))))
    patterns.sort(key=lambda weighed: -weighed[0])  # a stable sort: of equal weight the first in the file goes first
    return Grammar(
        phrases,
        {intent: tuple(spellings) for intent, spellings in short.items()},
        tuple(pattern for _weight, pattern in patterns),
        tuple((re.compile(rf"{_regex(left)}(?= |$)"), int(right)) for left, right in _pairs(lists.get("when", []))),
        {left: int(right) for left, right in _pairs(lists.get("numbers", []))},
        tuple((re.compile(_regex(left)), right.upper()) for left, right in _pairs(lists.get("names", []))),
        re.compile(rf"(?:{'|'.join(map(_regex, lists['joiners']))}| ,)+(?= |$)"),
        re.compile(rf"^(?:{'|'.join(map(_regex, lists['before']))})+(?= )"),
        re.compile(rf"(?:{'|'.join(map(_regex, lists['after']))})+$"),
    )


_LISTS = frozenset({"when", "numbers", "names", "joiners", "before", "after"})
_SLOTS = {
    "{stock}": r"(?P<stock> .+?)",
    "{stocks}": r"(?P<stocks> .+?)",
    "{other}": r"(?P<other> .+?)",
    "{number}": r" (?P<number>\S+)",
    "{amount}": r" (?P<amount>[$€£]?\d[\d.,]*(?:%| percent| prozent| por ciento| por cento| процент\w*)?)",
    "{price}": r" (?P<amount>[$€£]?\d[\d.,]*)",
}


def _lines(language: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in (_FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        line = _plain(line.partition("#")[0].strip())
        if head := re.fullmatch(r"\[([a-z ]+)\]", line):
            section = head[1]
        elif line:
            yield section, line


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    """ "next week = 5" as its two sides."""
    return [(left.strip(), right.strip()) for left, _, right in (line.rpartition("=") for line in lines)]


def _regex(line: str) -> str:
    """A pattern as a regular expression over words that each have a space before them, the longest choice first."""
    ordered = re.sub(r"[(\[]([^()\[\]]*)[)\]]", lambda group: _ordered(group[0], group[1]), line)
    return "".join(_piece(piece) for piece in _PIECE.findall(ordered))


def _ordered(group: str, options: str) -> str:
    return f"{group[0]}{'|'.join(sorted(options.split('|'), key=len, reverse=True))}{group[-1]}"


def _piece(piece: str) -> str:
    marks = {"(": "(?:", "[": "(?:", "]": ")?", ")": ")", "|": "|"}
    if piece in marks:
        return marks[piece]
    if piece.startswith("{"):
        return _SLOTS[piece]
    return " " + r"\w*".join(map(re.escape, piece.split("*")))


def _spellings(line: str) -> Iterator[str]:
    """Every message that a phrase stands for."""
    group = re.search(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]", line)
    if group is None:
        yield " ".join(line.split())
        return
    options = group[1].split("|") if group[1] is not None else ["", *group[2].split("|")]
    for option in options:
        yield from _spellings(f"{line[: group.start()]}{option}{line[group.end() :]}")
