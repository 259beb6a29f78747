"""What one language says things with, read from its file in phrases/.

A file has sections, each headed by a name in brackets; `#` begins a comment. A line is a cue: folded words of which
`(a|b)` is one of several and `[a]` or `[a|b]` may be left out; `stem*` is any word that begins so, `...` up to three
words, and `{stock}`, `{percent}`, `{price}` and `{time}` are what was found in the sentence. A cue weighs one more
than it has words, or what stands after `=`.

[<intent>]               | cues that speak for it
[<intent> with stock]    | the same, counted only where a stock is named
[<intent> without stock] | the same, counted only where none is named
[<intent> alone]         | whole messages
[up], [down], [either]   | which way a price moves; [above], [below] where it stands; [earnings], [unusual]
[idioms]                 | phrases that hold no stock and no time, though their words may: "price target"
[common]                 | frequent words, which are no companies, though some are symbols; [filler]: politeness
[doubtful]               | words that are companies only where no other is named
[names]                  | how this language calls or inflects companies = their symbol
[when]                   | times = sessions; [units] after a number, or alone but for days; [numbers]; [between] the two
[past]                   | words beside a unit that make it no time to come
[joiners]                | words between the stocks of a list
[percent], [thousand], [million], [money] | words after a number
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from re import compile as compiled

from bot.understand.words import fold_words

_FOLDER = Path(__file__).parent / "phrases"
_PIECES = compiled(r"[()\[\]|]|[^\s()\[\]|]+")
_SHORTEST_STEM = 2
_SHORTEST_WORD = 4  #: letters of a word that may be misspelt
ALONE, WITH_STOCK, WITHOUT_STOCK = "alone", "with stock", "without stock"
_LISTS = frozenset(
    [
        "common",
        "filler",
        "doubtful",
        "past",
        "joiners",
        "between",
        "percent",
        "thousand",
        "million",
        "money",
        "names",
        "when",
        "units",
        "numbers",
    ]
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase that speaks for an intent, or is a mark of a sentence such as "up"."""

    label: str  #: the name of its section: an intent's value, or a mark
    keys: tuple[str, ...]  #: words, stems that end in "*", slots in braces, and "..."
    weight: float
    needs: str  #: WITH_STOCK, WITHOUT_STOCK or ""


@dataclass(slots=True)
class Language:
    """The sections of a file, ready to be looked into."""

    cues: dict[str, list[Cue]] = field(default_factory=dict)  #: by their first key
    alone: dict[str, str] = field(default_factory=dict)  #: whole messages and their intent
    words: dict[str, frozenset[str]] = field(default_factory=dict)  #: the word lists by their section
    values: dict[str, dict[str, str]] = field(default_factory=dict)  #: the lists whose lines have a value
    vocabulary: set[str] = field(default_factory=set)  #: every word that occurs, and every stem with its "*"
    whole_words: tuple[str, ...] = ()  #: those of the vocabulary that may be misspelt

    def keys(self, word: str) -> list[str]:
        """The word, and the stems that it begins with."""
        stems = (f"{word[:length]}*" for length in range(_SHORTEST_STEM, len(word) + 1))
        return [word, *(stem for stem in stems if stem in self.vocabulary)]

    def has(self, word: str) -> bool:
        """Whether the word is one of this language."""
        return word in self.vocabulary or len(self.keys(word)) > 1

    def is_in(self, section: str, word: str) -> bool:
        """Whether a word is in one of the word lists."""
        words = self.words[section]
        return word in words or any(key in words for key in self.keys(word))

    def value(self, section: str, words: str) -> str | None:
        """What a list says of a word, or of words: the sessions of a time, the symbol of a name."""
        values = self.values[section]
        found = values.get(words)
        if found is None and " " not in words:
            found = next((values[key] for key in self.keys(words) if key in values), None)
        return found


@cache
def language(code: str) -> Language:
    """A language by its code. Raises FileNotFoundError for one that has no file."""
    read = Language()
    lists: dict[str, set[str]] = {name: set() for name in _LISTS}
    read.values = {name: {} for name in ("names", "when", "units", "numbers")}
    for section, line in _lines(code):
        left, _, value = line.partition(" = ")
        head, _, needs = section.partition(" ")
        for keys in _spellings(left):
            if head in read.values:
                read.values[head][" ".join(keys)] = value.upper()
            elif head in _LISTS:
                lists[head].add(" ".join(keys))
            elif needs == ALONE:
                read.alone[" ".join(keys)] = head
            elif keys:
                weight = float(value) if value else 1.0 + sum(key[0] not in "{." for key in keys)
                read.cues.setdefault(keys[0], []).append(Cue(head, keys, weight, needs))
            if head != "names":
                read.vocabulary.update(key for key in keys if key[0] not in "{.")
            else:
                read.vocabulary.update(key for key in keys if key.endswith("*"))
    filler = lists["filler"]
    for cues in tuple(read.cues.values()):
        for cue in tuple(cues):  # a sentence loses its filler before cues are looked for
            without = tuple(word for word in cue.keys if word not in filler)
            if cue.label != "idioms" and len(without) > 1 and len(without) < len(cue.keys):
                read.cues.setdefault(without[0], []).append(Cue(cue.label, without, cue.weight, cue.needs))
    read.whole_words = tuple(key.rstrip("*") for key in read.vocabulary if len(key) >= _SHORTEST_WORD)
    read.words = {name: frozenset(words) for name, words in lists.items()}
    return read


def _lines(code: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in (_FOLDER / f"{code}.txt").read_text(encoding="utf-8").splitlines():
        plain = line.partition("#")[0].strip()
        if plain.startswith("[") and plain.endswith("]") and plain.count("[") == 1 and "|" not in plain:
            section = plain[1:-1]
        elif plain:
            for part in plain.split(","):
                yield section, part.strip()


def _spellings(line: str) -> list[tuple[str, ...]]:
    """Every sequence of keys that a line stands for."""
    sequences, rest = _alternatives(_PIECES.findall(line))
    if rest:
        raise ValueError(f"a bracket closes that was not opened: {line}")
    return sequences


def _alternatives(pieces: list[str]) -> tuple[list[tuple[str, ...]], list[str]]:
    """The sequences up to the bracket that closes, and the pieces after it."""
    done: list[tuple[str, ...]] = []
    so_far: list[tuple[str, ...]] = [()]
    while pieces:
        piece, *pieces = pieces
        if piece in {")", "]"}:
            return done + so_far, [piece, *pieces]
        if piece == "|":
            done, so_far = done + so_far, [()]
        elif piece in {"(", "["}:
            options, pieces = _alternatives(pieces)
            options += [()] if piece == "[" else []
            pieces = pieces[1:]
            so_far = [(*before, *option) for before in so_far for option in options]
        else:
            so_far = [(*before, *_folded(piece)) for before in so_far]
    return done + so_far, []


@cache
def _folded(piece: str) -> tuple[str, ...]:
    if piece[0] in "{.":
        return (piece,)
    words = fold_words(piece.rstrip("*")).split()
    return (*words[:-1], f"{words[-1]}*" if piece.endswith("*") else words[-1]) if words else ()
