"""What one language says things with, read from its file in phrases/.

A file has sections, each headed by a name in brackets; `#` begins a comment. A line is a cue: folded words of which
`(a|b)` is one of several and `[a]` or `[a|b]` may be left out; `stem*` is any word that begins so, `...` up to three
words, and `{stock}`, `{percent}`, `{price}`, `{time}` and `{clock}` are what was found in the sentence. A cue weighs
one more than it has words, or what stands after `=`.

[<intent>]               | cues that speak for it
[<intent> with stock]    | the same, counted only where a stock is named
[<intent> without stock] | the same, counted only where none is named
[<intent> of last]        | the same, of a sentence that goes on from a question before: "is that a lot?"
[<intent> alone]         | whole messages
[up], [down], [either]   | which way a price moves; [above], [below] where it stands; [earnings], [unusual];
                         | [condition]: "if" and "when", before what an alert waits for
[idioms]                 | phrases that hold no stock and no time, though their words may: "price target"
[common]                 | frequent words, which are no companies, though some are symbols; [filler]: politeness
[unlisted]               | companies that no table of ours has, though their names look like words of the language
[doubtful]               | words that are companies only where no other is named
[names]                  | how this language calls or inflects companies = their symbol
[when]                   | times = sessions; [units] after a number, or alone but for days, 0 for parts of one;
                         | [numbers]; [between] the two
[days]                   | days by name = the month and day, W0 for Monday, M1 for January, or the period that they end;
                         | [by]: words before a month alone; [ends]: those that mean its last day
[now]                    | times that are today; `{ahead}` in a cue is any other
[past]                   | words beside a unit that make it no time to come; [ago]: those that make it one that has
                         | passed; [yesterday]: whole times that have
[short]                  | how words are shortened in chats = the whole word
[languages]              | languages by name = their code, `{language}` in a cue; not beside [nouns]: "german stocks"
[topics]                 | what is explained by itself = the value of its Topic; `{topic}` in a cue is where one begins
[self], [market]         | cues for a Topic of help, and of a forecast; [holding]: for one of advice
[nod alone]              | thanks that are no more than "ok"
[follow]                 | words that a message begins with which goes on from a question before: "and"
[pronouns]               | words for the stock that was asked about before; [which]: those that ask which one
[instead]                | words around a number alone that takes the place of another: "make it"
[elsewhere]              | mail and apps to which an alert shall go too
[together]               | words that ask for the range of several stocks as one list
[limits], [source], [score] | cues for a Topic of what is explained; [miss]: for one of the track record;
                         | [mine]: the companies that the chat watches
[direction], [loss]      | what a forecast is asked for: whether it rises or falls, what may be lost
[watched], [phone]       | the watchlist as what an alert is for; ways by which no message goes
[last], [all]            | which alerts are to be removed, where no number and no stock tells
[joiners]                | words between the stocks of a list; [pairs]: those with nothing but stocks beside them
[percent], [thousand], [million], [money] | words after a number; [currencies]: such words = their code
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.understand.pattern import Pattern, beginnings, named, parsed, spellings
from bot.understand.words import fold_words

_FOLDER = Path(__file__).parent / "phrases"
_OF_EVERY = "every"  #: the file of what is the same in every language
_SHORTEST_STEM = 2
_LONGEST_TOPIC = 4  #: words
_SHORTEST_WORD = 4  #: letters of a word that may be misspelt
ALONE, WITH_STOCK, WITHOUT_STOCK, OF_LAST = "alone", "with stock", "without stock", "of last"
_WITH_VALUES = frozenset({"names", "when", "units", "numbers", "short", "languages", "topics", "days", "currencies"})
_LISTS = frozenset(
    {"common", "filler", "doubtful", "past", "joiners", "between", "percent", "thousand", "million", "money"}
    | {"nouns", "pairs", "by", "ends", "unlisted", "now", "ago", "yesterday", "follow", "pronouns", "instead", "which"}
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase that speaks for an intent, or is a mark of a sentence such as "up"."""

    label: str  #: the name of its section: an intent's value, or a mark
    pattern: Pattern
    weight: float  #: 0 for one more than the words it fits
    needs: str  #: WITH_STOCK, WITHOUT_STOCK or ""


@dataclass(slots=True)
class Language:
    """The sections of a file, ready to be looked into."""

    cues: dict[str, list[Cue]] = field(default_factory=dict)  #: by each word they can begin with
    idioms: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)  #: by their first word
    alone: dict[str, str] = field(default_factory=dict)  #: whole messages and their intent
    words: dict[str, frozenset[str]] = field(default_factory=dict)  #: the word lists by their section
    values: dict[str, dict[str, str]] = field(default_factory=dict)  #: the lists whose lines have a value
    vocabulary: set[str] = field(default_factory=set)  #: every word that occurs, and every stem with its "*"
    whole_words: tuple[str, ...] = ()  #: those of the vocabulary that may be misspelt

    def keys(self, word: str) -> list[str]:
        """The word, the stems that it begins with, and those of the word that it is short for."""
        if word in self.words.get("unlisted", ()):
            return [word]
        word_in_full = self.values.get("short", {}).get(word)
        if word_in_full is not None:
            return [word, *self.keys(word_in_full)]
        stems = (f"{word[:length]}*" for length in range(_SHORTEST_STEM, len(word) + 1))
        return [word, *(stem for stem in stems if stem in self.vocabulary)]

    def has(self, word: str) -> bool:
        """Whether the word is one of this language."""
        return (word in self.vocabulary or len(self.keys(word)) > 1) and word not in self.words["unlisted"]

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

    def language_at(self, words: Sequence[str], at: int) -> str | None:
        """The code of the language that a word calls; None for "german" of "german stocks"."""
        beside = (*words[max(0, at - 1) : at], *words[at + 1 : at + 2])
        if any(self.is_in("nouns", word) for word in beside):
            return None
        called = self.values["languages"].get(words[at])
        return called.lower() if called is not None else None

    def topic_at(self, words: Sequence[str], at: int) -> str | None:
        """The topic that begins at a word, by the longest of its names."""
        for stop in range(min(len(words), at + _LONGEST_TOPIC), at, -1):
            if (topic := self.value("topics", " ".join(words[at:stop]))) is not None:
                return topic.lower()
        return None


@cache
def language(code: str) -> Language:
    """A language by its code. Raises FileNotFoundError for one that has no file."""
    read = Language()
    lists: dict[str, set[str]] = {name: set() for name in _LISTS}
    read.values = {name: {} for name in _WITH_VALUES}
    cues: list[Cue] = []
    for section, line in _lines(code):
        left, _, value = line.partition(" = ")
        pattern = parsed(left)
        head, _, needs = section.partition(" ")
        if head in _WITH_VALUES or head in _LISTS or head == "idioms" or needs == ALONE:
            for keys in spellings(pattern):
                words = " ".join(keys)
                if head in _WITH_VALUES:
                    read.values[head][words] = fold_words(value) if head == "short" else value.upper()
                elif head in _LISTS:
                    lists[head].add(words)
                elif head == "idioms":
                    read.idioms.setdefault(keys[0], []).append(keys)
                else:
                    read.alone[words] = head
        else:
            cues.append(Cue(head, pattern, float(value) if value else 0.0, needs))
        read.vocabulary.update(
            key for key in named(pattern) if key[0] not in "{." and (head != "names" or key.endswith("*"))
        )
    read.words = {name: frozenset(words) for name, words in lists.items()}
    for cue in cues:
        for key in beginnings(cue.pattern, read.words["filler"]):
            read.cues.setdefault(key, []).append(cue)
    read.whole_words = tuple(key.rstrip("*") for key in read.vocabulary if len(key) >= _SHORTEST_WORD)
    return read


def idioms(folded: Sequence[str], spoken: Language) -> Iterator[tuple[int, int]]:
    """Where a phrase stands that holds no stock and no time."""
    for start, word in enumerate(folded):
        for idiom in spoken.idioms.get(word, ()):
            if tuple(folded[start : start + len(idiom)]) == idiom:
                yield start, start + len(idiom)


def _lines(code: str) -> Iterator[tuple[str, str]]:
    section = ""
    lines = (line for file in (_OF_EVERY, code) for line in (_FOLDER / f"{file}.txt").read_text("utf-8").splitlines())
    for line in lines:
        plain = line.partition("#")[0].strip()
        if plain.startswith("[") and plain.endswith("]") and plain.count("[") == 1 and "|" not in plain:
            section = plain[1:-1]
        elif plain:
            for part in plain.split(","):
                if part.strip():
                    yield section, part.strip()
