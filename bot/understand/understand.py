"""From a message to its meaning. Pure: companies are looked up in what is known here."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from bellwether.core.i18n.translate import ENGLISH, LANGUAGES
from bellwether.core.types import MAX_HORIZON
from bot.understand.grammar import Grammar, Pattern, fold_words, grammar
from bot.understand.meaning import Intent, Meaning

ENOUGH = 86  #: rapidfuzz score, 0 to 100, from which a message is taken for a phrase that it nearly is
_SHORTEST = 4  #: letters of a message that may be taken for another
_LONGEST_NAME = 4  #: words of a company's name that nobody here knows
_MOST_STOCKS = 5
_BUTTONS = 3
_SIGNS = {
    "👍": Intent.THANKS,
    "🙏": Intent.THANKS,
    "❤": Intent.THANKS,
    "👌": Intent.THANKS,
    "👋": Intent.HELLO,
    "?": Intent.HELP,
}

#: whether a text surely names a stock that is known, or several to choose from
KnowsStock = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Unclear:
    """A message that was not understood."""

    likely: tuple[Intent, ...]  #: what it may mean, the likeliest first


def understand(text: str, language: str, knows: KnowsStock) -> Meaning | Unclear:
    """What a message asks for. The chat's language is tried first, then English, then the others.

    What surely is a phrase of ours goes before what may be a company, and a company that is known before one that has
    to be searched for: "hola" is a greeting, though it is nearly a drink.
    """
    words = fold_words(text)
    if not words:
        return next(
            (Meaning(intent) for sign, intent in _SIGNS.items() if sign in text), Unclear(_WORTH_A_BUTTON[:_BUTTONS])
        )
    knows = cache(knows)  # each of five grammars asks the same
    grammars = [grammar(code) for code in dict.fromkeys((language, ENGLISH, *LANGUAGES))]
    if (intent := _phrase(words, grammars)) is not None and not _is_capitals_of_stock(text, knows):
        return Meaning(intent)
    sentences = [(words, None), *_without_time(words, grammars)]
    if (meaning := _stocks_alone(sentences, grammars, knows)) is not None:
        return meaning
    readings = [reading for sentence in sentences for each in grammars for reading in _readings(*sentence, each, knows)]
    for reading in readings:
        if all(knows(stock) for stock in reading.stocks):
            return reading
    if (intent := _nearly_a_phrase(words, grammars)) is not None:
        return Meaning(intent)
    if readings:
        return readings[-1]
    if (meaning := _some_of_several(sentences, grammars, knows)) is not None:
        return meaning
    rest, horizon = sentences[-1]
    stock = _stock(rest, grammars[0])
    if stock and len(stock.split()) <= (1 if horizon is None else _LONGEST_NAME):
        return Meaning(Intent.FORECAST, (stock,), horizon)
    return Unclear(_likeliest(words, grammars))


def _phrase(words: str, grammars: Sequence[Grammar]) -> Intent | None:
    plain = words.replace(" ,", "")
    return next((each.phrases[plain] for each in grammars if plain in each.phrases), None)


def _is_capitals_of_stock(text: str, knows: KnowsStock) -> bool:
    """Whether a message is a symbol as exchanges write it: NICE is a company, "nice" is praise."""
    written = text.strip()
    return written.isupper() and written.isalpha() and knows(written)


def _stocks_alone(
    sentences: Sequence[tuple[str, int | None]], grammars: Sequence[Grammar], knows: KnowsStock
) -> Meaning | None:
    """A forecast or a comparison where nothing but stocks, and perhaps a time, is named."""
    for words, horizon in sentences:
        for each in grammars:
            stocks = _stocks(words, each, knows)
            if stocks and all(map(knows, stocks)):
                return Meaning(Intent.FORECAST if len(stocks) == 1 else Intent.COMPARE, stocks, horizon)
    return None


def _some_of_several(
    sentences: Sequence[tuple[str, int | None]], grammars: Sequence[Grammar], knows: KnowsStock
) -> Meaning | None:
    """A comparison of stocks of which not all are known: whoever answers says which is not."""
    for words, horizon in sentences:
        for each in grammars:
            stocks = _stocks(words, each, knows)
            if len(stocks) > 1 and any(map(knows, stocks)) and all(len(stock.split()) <= 2 for stock in stocks):
                return Meaning(Intent.COMPARE, stocks, horizon)
    return None


def _readings(words: str, horizon: int | None, each: Grammar, knows: KnowsStock) -> Iterator[Meaning]:
    """What the patterns of one language make of a sentence, those that say most first."""
    for pattern in each.patterns:
        if (match := pattern.regex.fullmatch(f" {words}")) is not None:
            reading = _read(pattern, match, horizon, each, knows)
            if reading is not None:
                yield reading


def _read(
    pattern: Pattern, match: re.Match[str], horizon: int | None, each: Grammar, knows: KnowsStock
) -> Meaning | None:
    """A pattern's meaning with what its slots hold; None where that cannot be."""
    slots = match.groupdict()
    if "stocks" in slots:
        stocks = _stocks(slots["stocks"].strip(), each, knows)
        if not 2 <= len(stocks) <= _MOST_STOCKS:
            return None
    else:
        stocks = tuple(_stock(slots[slot].strip(), each) for slot in ("stock", "other") if slot in slots)
        if any(not stock or (len(stock.split()) > _LONGEST_NAME and not knows(stock)) for stock in stocks):
            return None
    return Meaning(pattern.intent, stocks, horizon, pattern.kind, pattern.direction, slots.get("amount") or "")


def _stocks(words: str, each: Grammar, knows: KnowsStock) -> tuple[str, ...]:
    """The stocks of a list. Spaces alone part them where each word is a stock."""
    if knows(whole := _stock(words, each)):
        return (whole,)
    parts = [part for part in each.joiners.split(f" {words}") if part and part.strip()]
    if len(parts) == 1 and all(knows(_stock(word, each)) for word in words.split()):
        parts = words.split()
    return tuple(dict.fromkeys(_stock(part.strip(), each) for part in parts))


def _stock(words: str, each: Grammar) -> str:
    """A stock without the words of no weight around it; by its symbol where this language calls it otherwise."""
    bare = each.after.sub("", each.before.sub("", f" {words}"))
    return next((symbol for pattern, symbol in each.names if pattern.fullmatch(bare)), bare.strip())


def _without_time(words: str, grammars: Sequence[Grammar]) -> list[tuple[str, int]]:
    """A sentence without the longest time in it, and that time in sessions; none where it names no time."""
    spaced = re.sub(r"(?<= )(\d{1,4})([^\W\d_]+)(?= |$)", r"\1 \2", f" {words}")  # 10d
    best: tuple[str, int, int] | None = None
    for each in grammars:
        for pattern, sessions in each.when:
            for match in pattern.finditer(spaced):
                written = match.groupdict().get("number")
                times = (
                    1 if written is None else each.numbers.get(written) or (int(written) if written.isdigit() else 0)
                )
                if times * sessions >= 1 and (best is None or len(match[0]) > best[2]):
                    rest = f"{spaced[: match.start()]}{spaced[match.end() :]}".strip()
                    best = (rest, min(times * sessions, MAX_HORIZON), len(match[0]))
    return [best[:2]] if best is not None else []


def _nearly_a_phrase(words: str, grammars: Sequence[Grammar]) -> Intent | None:
    """The phrase that a message nearly is: "helo", "thank yuo"."""
    if len(words) < _SHORTEST:
        return None
    best: tuple[float, Intent | None] = (0.0, None)
    for each in grammars:
        near = process.extractOne(words, each.phrases.keys(), scorer=fuzz.ratio, score_cutoff=ENOUGH)
        if near is not None and near[1] > best[0] and near[0][0] == words[0]:
            best = near[1], each.phrases[near[0]]
    return best[1]


def _likeliest(words: str, grammars: Sequence[Grammar]) -> tuple[Intent, ...]:
    """The intents whose phrases have most in common with a message, one for each button."""

    def score(intent: Intent) -> float:
        """Of the nearest phrase, in the chat's language or in English."""
        phrases = [phrase for each in grammars[:2] for phrase in each.short_phrases.get(intent, ())]
        near = process.extractOne(words, phrases, scorer=fuzz.token_set_ratio)
        return near[1] if near is not None else 0.0

    return tuple(sorted(_WORTH_A_BUTTON, key=score, reverse=True)[:_BUTTONS])


#: the first three where none is likelier
_WORTH_A_BUTTON = (
    *(Intent.HELP, Intent.TODAY, Intent.LIST),
    *(Intent.TRACK, Intent.EXPLAIN, Intent.SETTINGS, Intent.ALERTS),
)
