"""From a message to its meaning. Pure: companies are looked up in what is known here.

text | words | phrase that is a whole message? | its intent
             | entities in slots | cues        | the intent that most speaks for, if enough does; else the likeliest
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from bellwether.core.i18n.translate import ENGLISH, LANGUAGES
from bot.understand.cues import A_STOCK, LANGUAGE, SOCIAL, Scores, scores
from bot.understand.entities import Entities, KnowsStock, entities
from bot.understand.follow_ups import OF_ONE_OR_ALL, FollowUp, goes_on, is_it, is_rather, of_last
from bot.understand.language import Language, language
from bot.understand.lexicon import is_listed
from bot.understand.meaning import Intent, Request, Topic
from bot.understand.request_of import OF_NO_STOCK, WHOLE_MARKET, language_in, request_of
from bot.understand.words import Word, as_written, words_of

ENOUGH = 2.0  #: score from which an intent is believed: a cue of one word
_STRANGE = 0.25  #: what each word that is none of the language takes from a score, where no stock is named
_MOST_STRANGE_BESIDE = 1  #: such words beside a stock that nothing is asked of
_MOST_BESIDE = 8  #: words in all, the stock among them, of a sentence that asks nothing
_BESIDE_THANKS = 1.5  #: what a supposed company must speak for more, where there are thanks or a greeting
_SURE = 2.6  #: score of a sentence in the language that has most of its words, from which no other language is tried
_COVERED = 0.6  #: share of its words from which a message is in the chat's language
_LONGEST_NAME = 3  #: words of a company's name that nobody here knows
_LONGEST_COURTESY = 4  #: words
_LONGEST_MESSAGE = 40  #: words that are read
_BUTTONS = 3
_HYPHENED = re.compile(r"(?<=\w)-(Aktien?|Anteile?|Papiere?|shares?|stocks?)\b", re.IGNORECASE)  #: "Apple-Aktien"
_SIGNS = {
    "👍": Intent.THANKS,
    "🙏": Intent.THANKS,
    "❤": Intent.THANKS,
    "👌": Intent.THANKS,
    "👋": Intent.HELLO,
    "?": Intent.HELP,
}
_WITH_UNKNOWN = frozenset(Intent) - OF_NO_STOCK - {Intent.ALERTS, Intent.UNALERT}

#: words that can only be asked about; a "chart" or a "chance" may be wanted
_TOPICS_ALONE = frozenset({Topic.STORM, Topic.VOLATILE, Topic.RULE, Topic.TICKER, Topic.MIDDLE})

#: the first three where none is likelier
_WORTH_A_BUTTON = (
    *(Intent.HELP, Intent.TODAY, Intent.LIST),
    *(Intent.TRACK, Intent.EXPLAIN, Intent.SETTINGS, Intent.ALERTS),
)


@dataclass(frozen=True, slots=True)
class Unclear:
    """A message that was not understood."""

    likely: tuple[Intent, ...]  #: what it may mean, the likeliest first


def understand(text: str, chat_language: str, knows: KnowsStock) -> Request | Unclear:
    """What a message asks for. The chat's language is tried first, then English, then the others.

    What surely is a phrase of ours goes before what may be a company: "hola" is a greeting, though nearly a drink.
    """
    words = words_of(_HYPHENED.sub(r" \1", text))[:_LONGEST_MESSAGE]
    if not words:
        return next(
            (Request(intent) for sign, intent in _SIGNS.items() if sign in text), Unclear(_WORTH_A_BUTTON[:_BUTTONS])
        )
    knows = cache(knows)
    if not _is_capitals_of_stock(text, knows):
        for code in _codes(words, chat_language):
            if (request := _whole_phrase(words, language(code))) is not None:
                if request.intent not in OF_ONE_OR_ALL:
                    return request
                further = of_last(entities(words, code, knows), language(code))
                is_same = further is not None and further.intent is request.intent
                return replace(request, follows=is_same)
    best: tuple[float, Request] | None = None
    likely: dict[Intent, float] = {}
    tried: list[str] = []
    for code in _codes(words, chat_language):
        found = entities(words, code, knows, tried)
        tried.append(code)
        score, meaning, totals = _meaning(found, language(code))
        if not likely:
            likely = totals
        further = of_last(found, language(code))
        named = meaning is not None and any(map(knows, meaning.stocks))
        if further is not None and is_rather(further, score, meaning, named=named):
            best = further.score, _request_of(further, language(code))
            break
        if meaning is not None and (goes_on(words, language(code)) if found.stocks else is_it(further, meaning)):
            meaning = replace(meaning, follows=True)
        if meaning is not None and (best is None or score > best[0] + 1):
            best = score, meaning
        if best is not None and (best[0] >= _SURE or best[1].stocks):
            break
    if best is not None:
        return _in_their_words(best[1], text, knows)
    ranked = sorted(_WORTH_A_BUTTON, key=lambda intent: -likely.get(intent, 0.0))
    return Unclear(tuple(ranked[:_BUTTONS]))


def _in_their_words(asked: Request, text: str, knows: KnowsStock) -> Request:
    """What is asked, with its times and unknown names as they stand in the text."""
    said, beside, past = (as_written(text, folded) or folded for folded in (asked.said, asked.beside, asked.past))
    stocks = tuple(name if knows(name) else as_written(text, name.casefold()) or name for name in asked.stocks)
    others = tuple(_in_their_words(other, text, knows) for other in asked.beside_it)
    return replace(asked, stocks=stocks, said=said, beside=beside, past=past, beside_it=others)


def _request_of(further: FollowUp, spoken: Language) -> Request:
    """What is asked of the stock that was asked about before."""
    told = request_of(further.intent, ("",), further.assumed, further.read, spoken)
    others = tuple(replace(other, stocks=tuple(filter(None, other.stocks))) for other in told.beside_it)
    return replace(told, stocks=(), follows=True, beside_it=others)


def _codes(words: tuple[Word, ...], chat_language: str) -> Iterator[str]:
    """The languages, the likeliest first; each is loaded only when its turn comes."""
    order = tuple(dict.fromkeys((chat_language, ENGLISH, *LANGUAGES)))
    cyrillic = any("\u0400" <= letter <= "\u04ff" for word in words for letter in word.folded)
    if cyrillic:
        order = tuple(dict.fromkeys(("ru", *order)))
    first = order[0]
    share = _share(words, language(first))
    if cyrillic or share >= _COVERED:
        yield first
        order = order[1:]
    shares = {code: _share(words, language(code)) for code in order}
    yield from sorted((code for code in order if shares[code] or code == first), key=lambda code: -shares[code])


def _share(words: tuple[Word, ...], spoken: Language) -> float:
    """Which part of the words are of a language."""
    return sum(spoken.has(word.folded) for word in words) / len(words)


def _is_capitals_of_stock(text: str, knows: KnowsStock) -> bool:
    """Whether a message is a symbol as exchanges write it: NICE is a company, "nice" is praise."""
    written = text.strip()
    return written.isupper() and written.isalpha() and knows(written)


def _whole_phrase(words: tuple[Word, ...], spoken: Language) -> Request | None:
    """The phrase that a message is, whole or but for filler; a language's name is one, too."""
    whole = [word.folded for word in words]
    without = _without_filler(whole, spoken)
    in_full = [spoken.values["short"].get(word, word) for word in whole]  # "r u a bot"
    asked = next((spoken.alone[key] for key in map(" ".join, (whole, without, in_full)) if key in spoken.alone), None)
    if asked is not None:
        return _by_itself(asked)
    if (code := language_in(without, spoken)) is not None:
        slotted = (LANGUAGE if spoken.language_at(without, at) else word for at, word in enumerate(without))
        if spoken.alone.get(" ".join(slotted)) == Intent.SETTINGS.value:
            return Request(Intent.SETTINGS, language=code)
    topic = spoken.value("topics", " ".join(without))
    if topic is not None and Topic(topic.lower()) in _TOPICS_ALONE:
        return Request(Intent.EXPLAIN, topic=Topic(topic.lower()))
    return _courtesies(without, spoken)


def _without_filler(words: list[str], spoken: Language) -> list[str]:
    """The words but for those of politeness, also of two: "por favor"."""
    left: list[str] = []
    at = 0
    while at < len(words):
        if at + 1 < len(words) and " ".join(words[at : at + 2]) in spoken.words["filler"]:
            at += 2
            continue
        if not spoken.is_in("filler", words[at]):
            left.append(words[at])
        at += 1
    return left


def _by_itself(section: str) -> Request:
    """What a whole phrase asks for, by the section that it stands in."""
    if section == Topic.SELF.value:
        return Request(Intent.HELP, topic=Topic.SELF)
    if section in {Topic.LIMITS.value, Topic.SOURCE.value}:
        return Request(Intent.EXPLAIN, topic=Topic(section))
    if section == Topic.MARKET.value:
        return Request(Intent.FORECAST, (WHOLE_MARKET,), topic=Topic.MARKET)
    if section == Topic.NOD.value:
        return Request(Intent.THANKS, topic=Topic.NOD)
    if section == Topic.LAST.value:
        return Request(Intent.UNALERT, topic=Topic.LAST)
    return Request(Intent(section))


def _courtesies(words: list[str], spoken: Language) -> Request | None:
    """What a message says that is nothing but courtesies in a row: "wow cool", "perfect, bye"."""
    said: list[Request] = []
    at = 0
    while at < len(words):
        stops = range(min(len(words), at + _LONGEST_COURTESY), at, -1)
        stop = next((stop for stop in stops if " ".join(words[at:stop]) in spoken.alone), None)
        courtesy = _by_itself(spoken.alone[" ".join(words[at:stop])]) if stop is not None else None
        if stop is None or courtesy is None or courtesy.intent not in SOCIAL:
            return None
        said.append(courtesy)
        at = stop
    more = [courtesy for courtesy in said if courtesy.topic is not Topic.NOD]  # "thanks, ok" is thanks
    return (more or said)[-1] if said else None


def _meaning(found: Entities, spoken: Language) -> tuple[float, Request | None, dict[Intent, float]]:
    """What a sentence means in a language, if anything, how much speaks for it, and what speaks for all intents."""
    read = scores(found, spoken, len(found.stocks))
    strange = sum(unknown and at not in read.covered for at, unknown in enumerate(found.unknown))
    if not found.stocks:
        read = Scores(
            {intent: score - _STRANGE * strange for intent, score in read.intents.items()}, read.marks, read.covered
        )
    intent, score = _most(read.intents)
    if not found.stocks and (company := _unknown_company(found)) is not None:
        named, stock = company
        supposed = scores(named, spoken, 1)
        other, supposed_score = _most({each: supposed.intents.get(each, 0.0) for each in _WITH_UNKNOWN})
        if intent in SOCIAL and score >= ENOUGH:
            supposed_score -= _BESIDE_THANKS
        timed = found.horizon is not None or found.day is not None
        only_time = all(word[0] == "{" or _is_of_time(word, spoken) for word in named.slotted)
        alone = len(named.slotted) == 1 or (timed and only_time)
        if (
            other is not None
            # "I have a question", but not "ich habe Apple-Aktien"
            and (Topic.HOLDING.value not in supposed.marks or is_listed(stock.partition("-")[0]))
            and not (other is intent is Intent.TRACK and score >= ENOUGH)
            and (
                supposed_score > max(score, ENOUGH + 1)
                or (alone and score < ENOUGH)
                or (other is intent is Intent.ADVICE and supposed_score >= score)
            )
        ):
            return supposed_score, request_of(other, (stock,), named, supposed, spoken), supposed.intents
    if intent is None or score < (ENOUGH if not found.stocks else 0):
        return 0.0, None, read.intents
    beside = len(found.slotted) - len(read.covered)
    by_the_way = strange > _MOST_STRANGE_BESIDE or beside > _MOST_BESIDE
    if intent is Intent.FORECAST and score <= A_STOCK and by_the_way:
        return 0.0, None, read.intents  # "order me an uber home, I'm drunk" names a company, and asks nothing of it
    return score, request_of(intent, found.stocks, found, read, spoken), read.intents


def _is_of_time(word: str, spoken: Language) -> bool:
    """Whether a word only leads to a time: "on" and "next" of "on the next day"."""
    return word in spoken.words["between"] or word in spoken.words["by"]


def _most(intents: dict[Intent, float]) -> tuple[Intent | None, float]:
    """The intent that most speaks for; greetings and thanks only where nothing else is asked."""
    asked = {intent: score for intent, score in intents.items() if intent not in SOCIAL and score >= ENOUGH}
    best = max(asked or intents, key=lambda intent: intents[intent], default=None)
    return best, intents[best] if best is not None else 0.0


def _unknown_company(found: Entities) -> tuple[Entities, str] | None:
    """A sentence with the one run of strange words in it as a stock; None where there is none, or are several."""
    runs: list[tuple[int, int]] = []
    for at, unknown in enumerate(found.unknown):
        if unknown and runs and runs[-1][1] == at:
            runs[-1] = runs[-1][0], at + 1
        elif unknown:
            runs.append((at, at + 1))
    if len(runs) != 1 or runs[0][1] - runs[0][0] > _LONGEST_NAME:
        return None
    start, stop = runs[0]
    name = " ".join(found.written[start:stop])
    if not any(letter.isalpha() for letter in name):
        return None
    rest = (*found.slotted[:start], "{stock}", *found.slotted[stop:])
    plain = (*found.unknown[:start], False, *found.unknown[stop:])
    written = (*found.written[:start], name, *found.written[stop:])
    return replace(found, stocks=(name,), slotted=rest, unknown=plain, written=written), name
