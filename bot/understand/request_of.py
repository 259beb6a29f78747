"""What a sentence asks for, once its intent is known: its stocks, times, amounts and topic as a Request. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bellwether.core.alert_types import Direction
from bot.understand.alert_clauses import alert_terms, clauses
from bot.understand.cues import SEVERAL, SOCIAL, Scores
from bot.understand.entities import PRICE, Entities
from bot.understand.language import Language
from bot.understand.lexicon import each_once
from bot.understand.meaning import Intent, Request, Topic

UNCLEAR = "nan"  #: an amount of money that may be read in two ways; as `float` reads what is no number
_SIX = re.compile(r"\d{6}")
_THREE_LAST = re.compile(r"\D{0,3}[1-9]\d{0,2}[.,]\d{3}\D{0,3}")
WHOLE_MARKET = "^GSPC"  #: the index that stands for all of it
#: intents that are of no stock, though one may be named
OF_NO_STOCK = SOCIAL | {
    *(Intent.HELP, Intent.LIST, Intent.STOP, Intent.DELETE, Intent.EMPTY),
    *(Intent.SETTINGS, Intent.TODAY, Intent.EXPLAIN, Intent.TARGETS),
}

#: the one part of each that may be asked about
_TOPIC_OF_INTENT = {
    Intent.ADVICE: Topic.HOLDING,
    Intent.REPORT: Topic.MINE,
    Intent.TRACK: Topic.MISS,
    Intent.FORECAST: Topic.ELSEWHERE,
    Intent.WATCH: Topic.ELSEWHERE,
}


def request_of(intent: Intent, stocks: tuple[str, ...], found: Entities, read: Scores, spoken: Language) -> Request:
    """What a sentence asks of these stocks; of an intent that takes neither stocks nor times they are left out."""
    request = _request_of(intent, stocks, found, read, spoken)
    if request.horizon is not None or request.day is not None:
        return replace(request, beside=found.time_beside)
    return replace(request, past=found.past_said)


def _request_of(intent: Intent, stocks: tuple[str, ...], found: Entities, read: Scores, spoken: Language) -> Request:
    if intent is Intent.SETTINGS:
        return Request(intent, language=language_in(found.slotted, spoken) or "")
    if intent is Intent.EXPLAIN:
        marked = (topic for topic in (Topic.SCORE, Topic.LIMITS, Topic.SOURCE) if topic.value in read.marks)
        return Request(intent, topic=next(marked, None) or _topic_explained(found, spoken))
    if intent is Intent.HELP:
        return Request(intent, topic=Topic.SELF if Topic.SELF.value in read.marks else None)
    if intent is Intent.FORECAST and not stocks and Topic.MARKET.value in read.marks:
        return Request(intent, (WHOLE_MARKET,), found.horizon, found.day, found.time_said, topic=Topic.MARKET)
    is_merely_several = intent is Intent.COMPARE and read.intents[intent] <= SEVERAL
    if is_merely_several and len(stocks) > 1 and Topic.TOGETHER.value in read.marks:  # "compare" asks for each
        return Request(Intent.RISK, tuple(each_once(found.named)), found.horizon, found.day, found.time_said)
    if intent is Intent.TARGETS and Topic.PHONE.value in read.marks:
        return Request(intent, topic=Topic.PHONE)
    if intent in OF_NO_STOCK:
        return Request(intent)
    if intent is Intent.UNALERT:
        meant = (topic for topic in (Topic.ALL, Topic.LAST) if topic.value in read.marks)
        return Request(intent, stocks, amount=found.price, topic=next(meant, None))
    if intent is Intent.FORECAST and len(stocks) == 1 and Topic.LOSS.value not in read.marks:
        kind, direction, amount = alert_terms(found, read)
        if amount and direction in {Direction.ABOVE, Direction.BELOW}:
            told = Request(intent, stocks, found.horizon, found.day, found.time_said, topic=Topic.CHANCE)
            return replace(told, kind=kind, direction=direction, amount=amount)
    if intent is Intent.FORECAST and len(stocks) == 1 and (topic := _asked_of(read)) is not None:
        at_stake = (_at_stake(found), found.currency) if topic is Topic.LOSS else ("", "")
        told = Request(intent, stocks, found.horizon, found.day, found.time_said, topic=topic)
        return replace(told, amount=at_stake[0], money=at_stake[1])
    if intent is Intent.WHY and found.time_said in spoken.words["now"]:  # "why so wide today" is of any horizon
        return Request(intent, stocks)
    if intent is not Intent.ALERT:
        of_intent = _TOPIC_OF_INTENT.get(intent)
        topic = of_intent if of_intent is not None and of_intent.value in read.marks else None
        return Request(intent, stocks, found.horizon, found.day, found.time_said, topic=topic)
    if not stocks and Topic.LIST.value in read.marks:
        kind, direction, amount = alert_terms(found, read)
        return Request(intent, kind=kind, direction=direction, amount=amount, topic=Topic.LIST)
    if not stocks:
        return Request(Intent.ALERTS)
    when = found.horizon, found.day, found.time_said
    ways = (topic for topic in (Topic.PHONE, Topic.ELSEWHERE) if topic.value in read.marks)
    topic = next(ways, None)
    several = clauses(found, spoken)
    if len(several) < 2:
        kind, direction, amount = alert_terms(found, read)
        return Request(intent, stocks[:1], *when, kind=kind, direction=direction, amount=amount, topic=topic)
    first, *further = (
        Request(Intent.WATCH, each.stocks)
        if each.watch
        else Request(intent, each.stocks, *when, kind=each.kind, direction=each.direction, amount=each.amount)
        for each in sorted(several, key=lambda each: each.watch)  # an alert leads, whose handler answers all
    )
    return replace(first, topic=topic, beside_it=tuple(further))


def _at_stake(found: Entities) -> str:
    """The money that may be lost; UNCLEAR where it is one number or another a thousand times as large.

    So are "150 200", perhaps two numbers, and "1.000 euros" in a language that writes 1,000.
    """
    numbers = [written if slot == PRICE else "" for slot, written in zip(found.slotted, found.written, strict=True)]
    first = next((at for at, written in enumerate(numbers) if written), len(numbers))
    two = "".join(numbers[first : first + 2])
    may_be_one = _SIX.fullmatch(two) and len(numbers[first]) == len(two) // 2
    may_have_thousands = first < len(numbers) and _THREE_LAST.fullmatch(numbers[first]) and float(found.price) < 1000
    return UNCLEAR if may_be_one or may_have_thousands else found.price.lstrip("+")


def _asked_of(read: Scores) -> Topic | None:
    """What a forecast is asked for, beside its range."""
    if Topic.LOSS.value in read.marks:
        return Topic.LOSS
    return Topic.DIRECTION if {"up", "down", Topic.DIRECTION.value} & read.marks.keys() else None


def language_in(words: Sequence[str], spoken: Language) -> str | None:
    """The language that is called: of "from english to german" the last."""
    called = (spoken.language_at(words, at) for at in range(len(words) - 1, -1, -1))
    return next((code for code in called if code is not None), None)


def _topic_explained(found: Entities, spoken: Language) -> Topic | None:
    """As `_topic_in`; of two numbers 8 and 10 are those of the range, others tell how many held."""
    topic = _topic_in(found.slotted, spoken)
    if topic is Topic.HELD and {"8", "10"} <= set(found.written):
        return Topic.RANGE
    return topic


def _topic_in(words: Sequence[str], spoken: Language) -> Topic | None:
    """The one topic that is named; None for several, which all of them explain."""
    named = {topic for at in range(len(words)) if (topic := spoken.topic_at(words, at)) is not None}
    return Topic(named.pop()) if len(named) == 1 else None
