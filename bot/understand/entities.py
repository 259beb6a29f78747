"""What a sentence names: stocks, times and amounts, each put in a slot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.understand.amounts import Amount, Time, amounts, past_time, times
from bot.understand.days import NamedDay, named_days
from bot.understand.language import idioms, language
from bot.understand.lexicon import MOST_WORDS, each_once, is_listed, key_of, lexicon, misspelt_name
from bot.understand.spelling import nearest_word, spelt
from bot.understand.words import Word

STOCK, TIME, PERCENT, PRICE = "{stock}", "{time}", "{percent}", "{price}"
MOST_STOCKS = 5
_LONGEST_SYMBOL = 6
_LETTERS = frozenset("BCDFGHJKLMNPQRSTVWZ")  #: symbols that are no words and join none
_SURE_IN_SMALL = 4  #: letters of a symbol that is no word by chance
_SHORTEST_WORD = 4  #: letters of a word that may be misspelt
_SHORTEST_UNLISTED = 3  #: letters, and
_LONGEST_UNLISTED = 3  #: words of a company's name that nobody here knows
_MOST_STRANGE = 6  #: words that are none of the language, up to which a sentence is taken for a misspelt one
_MOST_STRANGE_BESIDE_NAME = 3  #: the same, up to which one of them may be a misspelt company

#: whether a text surely names a stock that is known, or several to choose from
KnowsStock = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Entities:
    """A sentence taken apart."""

    stocks: tuple[str, ...]  #: as they were written, or, where misspelt or inflected, their name or symbol
    named: tuple[str, ...]  #: the same for each slot of a stock, also of one that is named twice
    horizon: int | None
    day: NamedDay | None  #: to come, where no horizon is told
    time_said: str  #: the words of either, folded
    time_beside: str  #: the words of a second time to come of another length, folded
    past_said: str  #: the words of a time that has passed, folded
    percent: str
    price: str
    currency: str  #: of the price, where it was said
    amounts: tuple[str, ...]  #: what stands in each slot of a percentage or price
    slotted: tuple[str, ...]  #: its words without filler, slots in the place of what was found
    unknown: tuple[bool, ...]  #: of each of these, whether it is no word of the language
    written: tuple[str, ...]  #: of each of these, how it was written


def entities(words: tuple[Word, ...], code: str, knows: KnowsStock, tried: Sequence[str] = ()) -> Entities:
    """The stocks, times and amounts of a sentence in a language. Frequent words of those tried before are no stocks."""
    common = frozenset[str]().union(*(language(other).words["common"] for other in (code, *tried)))
    known = frozenset(word.folded for word in words if any(language(other).has(word.folded) for other in tried))
    return _Search(words, code, common | known, knows).found()


class _Search:
    """Where in a sentence which stock stands."""

    def __init__(self, words: tuple[Word, ...], code: str, common: frozenset[str], knows: KnowsStock) -> None:
        self.words, self.spoken, self.code, self.common, self.knows = words, language(code), code, common, knows
        self.folded = [word.folded for word in words]
        self.free = [True] * len(words)
        self.stocks: dict[int, tuple[int, str]] = {}  # start: stop, name
        self.strange = sum(not self.spoken.has(word) for word in self.folded)
        self.spellable = self.strange <= _MOST_STRANGE
        self.capitals = not any(word.written.islower() for word in words) and len(words) > 1
        for start, stop in idioms(self.folded, self.spoken):
            self.free[start:stop] = [False] * (stop - start)

    def found(self) -> Entities:
        """All that the sentence names."""
        in_idioms = [not free for free in self.free]
        self._take(self._sure)
        day = self._named_day()
        past = past_time(self.words, self.free, self.spoken)
        amount, time = self._numbers()
        self._take(self._in_a_list)
        self._take_unlisted()
        if not self.stocks:
            self._take(self._doubtful)
        if not self.stocks and self.strange <= _MOST_STRANGE_BESIDE_NAME:
            self._take(self._misspelt)
        if not self.stocks and self._nothing_else(amount, time):
            self._take(self._anything)
        if len(self.stocks) == 0 and time and not amount:  # "3m" is a company where there is no other
            self.free = [not within for within in in_idioms]
            self._take(self._time_like)
            time = [] if self.stocks else time
        return self._slotted(amount, time, day, self._words(past))

    def _named_day(self) -> NamedDay | None:
        days = named_days(self.words, self.free, self.spoken, self.code)
        for day in days:
            self.free[day.start : day.stop] = [False] * (day.stop - day.start)
        return days[0] if days else None

    def _numbers(self) -> tuple[list[Amount], list[Time]]:
        time = times(self.words, self.free, self.spoken)
        for each in time:
            self.free[each.start : each.stop] = [False] * (each.stop - each.start)
        amount = amounts(self.words, self.free, self.spoken, self.code)
        for found in amount:
            self.free[found.start : found.stop] = [False] * (found.stop - found.start)
        return amount, time

    def _take(self, reading: Callable[[int, int], str | None]) -> None:
        """The longest runs of free words of which a reading says that they are a stock, from left to right."""
        at = 0
        while at < len(self.words):
            for stop in range(min(len(self.words), at + MOST_WORDS), at, -1):
                if all(self.free[at:stop]) and not any(word.begins for word in self.words[at + 1 : stop]):
                    name = reading(at, stop)
                    if name is not None and not self.knows(name):  # the market at hand may lack a company
                        name = " ".join(word.written for word in self.words[at:stop]) if is_listed(name) else None
                    if name is not None:
                        self.stocks[at] = stop, name
                        self.free[at:stop] = [False] * (stop - at)
                        at = stop - 1
                        break
            at += 1

    def _take_unlisted(self) -> None:
        """Words that are paired with a stock and mean nothing: a company that nobody here knows, or a misspelt one."""
        if not self.stocks or self.strange > _MOST_STRANGE:
            return
        at = 0
        while at < len(self.words):
            stop = at
            while stop < min(len(self.words), at + _LONGEST_UNLISTED) and self._is_strange(stop, first=stop == at):
                stop += 1
            if stop > at and self._is_paired(at, stop):
                near = self._misspelt(at, stop)
                written = " ".join(word.written for word in self.words[at:stop])
                self.stocks[at] = stop, near if near is not None and self.knows(near) else written
                self.free[at:stop] = [False] * (stop - at)
            at = max(stop, at + 1)

    def _is_strange(self, at: int, *, first: bool) -> bool:
        word = self.folded[at]
        return (
            self.free[at]
            and (first or not self.words[at].begins)
            and len(word) >= _SHORTEST_UNLISTED
            and word.isalpha()
            and not self.spoken.has(word)
            and not self._is_common(word)
            and nearest_word(word, self.spoken) is None
        )

    def _is_paired(self, start: int, stop: int) -> bool:
        """Whether a word such as "or" stands between a stock and these words, or commas set them off in a list."""
        ends = {end for end, _name in self.stocks.values()}
        pairs = self.spoken.words["pairs"]
        after = start - 1 in ends and self.folded[start - 1] in pairs
        before = stop + 1 in self.stocks and self.folded[stop] in pairs
        listed = start in ends and self.words[start].begins
        goes_on = stop < len(self.words) and (self.words[stop].begins or self.folded[stop] in pairs)
        return after or before or (listed and (goes_on or not self.words[start].written.islower()))

    def _sure(self, start: int, stop: int) -> str | None:
        """A name that is no word of the language, and a symbol that cannot be one by chance."""
        folded, written = self.folded[start:stop], " ".join(word.written for word in self.words[start:stop])
        if (named := self.spoken.value("names", " ".join(folded))) is not None:
            return named
        known = lexicon()
        if len(folded) > 1:
            return written if self._is_phrase_of_names(folded, known.names.keys() | known.beginnings.keys()) else None
        word, plain = folded[0], written.lstrip("$")
        if written.startswith("$") and plain[:1].isalpha():
            return plain
        if self._is_letter_of_stock(start):
            return plain
        if self._is_ordinary(word) or word in self.spoken.vocabulary:
            return None
        if self._in_time_or_number(word):
            return None
        key = key_of(word)
        if key in known.names or (key in known.beginnings and len(key) >= _SURE_IN_SMALL):
            return written
        if word.endswith("s") and len(word) > _SURE_IN_SMALL and key[:-1] in known.names:
            return word[:-1]  # "teslas"
        capital = plain.isupper() and plain.isascii() and len(plain) <= _LONGEST_SYMBOL and not self.capitals
        if capital and (plain.isalpha() or plain.replace(".", "").replace("-", "").isalpha()):
            return plain
        symbol = word.upper() in known.symbols or self._has_marks(word)
        return written if symbol and len(word) >= _SURE_IN_SMALL and not self.spoken.has(word) else None

    def _is_letter_of_stock(self, at: int) -> bool:
        """A symbol of one letter, as exchanges write it, in a sentence that is not all in capitals."""
        after_number = at > 0 and self.folded[at - 1][0].isdigit()  # "10 K"
        return self.words[at].written in _LETTERS and not self.capitals and not after_number

    def _is_phrase_of_names(self, folded: Sequence[str], names: object) -> bool:
        """Several words are a name as they are, or written together where none of them is a frequent word."""
        ends = (folded[0], folded[-1])
        if any(end in self.spoken.words["joiners"] or end == "&" for end in ends):
            return False
        if ends[0] in {"the"} or "".join(folded).isdigit():
            return False
        known = lexicon()
        key = key_of(" ".join(folded))
        if len(key) < _SURE_IN_SMALL:
            return False
        if key in known.names:
            return key not in map(key_of, folded) and not all(self._is_common(word) for word in folded)
        if key in known.beginnings:
            return key not in map(key_of, folded) and not any(self._is_common(word) for word in ends)
        return False

    def _in_a_list(self, start: int, stop: int) -> str | None:
        """A short symbol or doubtful name beside a joiner that has a stock on its other side: "ford and gm"."""
        word = self.folded[start]
        doubtful = word in self.spoken.words["doubtful"] and not self._is_common(word)
        if stop - start > 1 or not self.stocks or (self.spoken.has(word) and not doubtful):
            return None
        ends = {end for end, _name in self.stocks.values()}
        joined = (
            start > 0
            and (start - 1 in ends or self.folded[start - 1] in self.spoken.words["joiners"])
            and (start - 2 in ends or start - 1 in ends or self.words[start].begins)
        ) or (
            start + 2 < len(self.words)
            and (self.folded[start + 1] in self.spoken.words["joiners"] or self.words[start + 1].begins)
            and (start + 2 in self.stocks or start + 1 in self.stocks)
        )
        known = lexicon()
        named = word.upper() in known.symbols or (doubtful and key_of(word) in known.names)
        return word if joined and named else None

    def _doubtful(self, start: int, stop: int) -> str | None:
        """Where no stock is named for sure: names that are words too, and symbols of three small letters."""
        if stop - start > 1:
            return None
        word = self.folded[start]
        if self._is_common(word) or self._in_time_or_number(word):
            return None
        if word in self.spoken.words["doubtful"]:
            known = lexicon()
            return word if key_of(word) in known.names or word.upper() in known.symbols else None
        if self.spoken.has(word):
            return None
        return word if len(word) == 3 and word.upper() in lexicon().symbols else None

    def _misspelt(self, start: int, stop: int) -> str | None:
        """A name that a word nearly is, or two words written as one."""
        if stop - start > 2 or any(self.spoken.has(word) or self._is_common(word) for word in self.folded[start:stop]):
            return None
        word = key_of("".join(self.folded[start:stop]))
        near = misspelt_name(word)
        if near is None:
            return None
        other = nearest_word(word, self.spoken)
        return near[0] if other is None or other[1] < near[1] else None

    def _anything(self, start: int, stop: int) -> str | None:
        """Whatever is known, where nothing but filler stands around it."""
        word = self.folded[start]
        if stop - start > 1 or word in self.common:
            return None
        return word if word.upper() in lexicon().symbols or key_of(word) in lexicon().names else None

    def _time_like(self, start: int, stop: int) -> str | None:
        return (
            self.folded[start]
            if stop - start == 1 and self.folded[start][0].isdigit() and key_of(self.folded[start]) in lexicon().names
            else None
        )

    def _nothing_else(self, amount: list[Amount], time: list[Time]) -> bool:
        """Whether one word is left of the sentence."""
        timed = sum(each.stop - each.start for each in time)
        left = [word for word in self.folded if not self.spoken.is_in("filler", word)]
        return not amount and len(left) - timed == 1

    def _is_common(self, word: str) -> bool:
        return word in self.common or word in self.spoken.words["joiners"]

    def _is_ordinary(self, word: str) -> bool:
        return self._is_common(word) or word in self.spoken.words["doubtful"] or self.spoken.is_in("filler", word)

    def _in_time_or_number(self, word: str) -> bool:
        return word[:1].isdigit() or (word in self.spoken.values["units"])

    @staticmethod
    def _has_marks(word: str) -> bool:
        return word[:1] == "^" or (any(mark in word for mark in ".-=") and word.replace(".", "").isalpha())

    def _said(self, when: Time | NamedDay | None) -> str:
        """The words of a time: "5 years", "next year"."""
        if when is None:
            return ""
        lone = isinstance(when, Time) and when.stop == when.start + 1
        beside = self.folded[when.start - 1] if lone and when.start > 0 else ""
        start = when.start - (beside in self.spoken.words["between"])
        return " ".join(self.folded[start : when.stop])

    def _words(self, when: Time | None) -> str:
        return " ".join(self.folded[when.start : when.stop]) if when is not None else ""

    def _beside(self, time: list[Time]) -> str:
        """The words of a second time of another length, unless one of the two only says that it is asked now."""
        said = [self._said(each) for each in time[:2]]
        if len(said) < 2 or time[0].sessions == time[1].sessions or set(said) & self.spoken.words["now"]:
            return ""
        return said[1]

    def _slotted(self, amount: list[Amount], time: list[Time], day: NamedDay | None, past: str) -> Entities:
        slots: dict[int, tuple[int, str]] = {start: (stop, STOCK) for start, (stop, _name) in self.stocks.items()}
        slots |= {each.start: (each.stop, TIME) for each in time}
        if day is not None:
            slots[day.start] = day.stop, TIME
        slots |= {found.start: (found.stop, PERCENT if found.percent else PRICE) for found in amount}
        slotted: list[str] = []
        unknown: list[bool] = []
        written: list[str] = []
        at = 0
        while at < len(self.words):
            stop, slot = slots.get(at, (at + 1, ""))
            correct = not self.spellable or self.folded[at] in self.common  # also words of languages tried before
            word = slot or (self.folded[at] if correct else spelt(self.folded[at], self.spoken))
            if not slot and " ".join(self.folded[at : at + 2]) in self.spoken.words["filler"]:
                at += 2
                continue
            if slot or not self.spoken.is_in("filler", word):
                slotted.append(word)
                unknown.append(not slot and not self.spoken.has(word))
                written.append(self.words[at].written)
            at = stop
        names = [name for _start, (_stop, name) in sorted(self.stocks.items())]
        return Entities(
            tuple(each_once(names))[:MOST_STOCKS],
            tuple(names),
            time[0].sessions if time else None,
            day if not time else None,
            self._said(time[0] if time else day),
            self._beside(time),
            past,
            next((found.written for found in amount if found.percent), ""),
            next((found.written for found in amount if not found.percent), ""),
            next((found.currency for found in amount if not found.percent), ""),
            tuple(found.written for found in amount),
            tuple(slotted),
            tuple(unknown),
            tuple(written),
        )
