"""What a message asks of the stock that was asked about before: "and next month?", "why?", "up or down?". Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.understand.cues import A_STOCK, Scores, scores
from bot.understand.entities import PERCENT, PRICE, STOCK, TIME, Entities
from bot.understand.language import Language
from bot.understand.meaning import Intent, Request, Topic
from bot.understand.words import Word

_ENOUGH = 2.0  #: score from which a cue is believed
_A_HINT = 1.0  #: the same of a forecast, which a stock speaks for already
_MOST_BESIDE = 2  #: words of no cue in an alert that says how far; elsewhere there may be none
_ANSWERED = (
    *(Intent.FORECAST, Intent.WHY, Intent.TRACK, Intent.ADVICE),
    *(Intent.ALERT, Intent.WATCH, Intent.UNWATCH, Intent.GROWTH, Intent.REPORT),
)


#: what may be asked of all stocks, and of the last
OF_ONE_OR_ALL = frozenset({Intent.TRACK, Intent.ADVICE})


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is asked of the last stock."""

    intent: Intent
    score: float
    assumed: Entities  #: the sentence as if it named a stock
    read: Scores  #: of it
    pronoun: bool  #: whether a word such as "it" stands for the stock


def goes_on(words: Sequence[Word], spoken: Language) -> bool:
    """Whether a message begins like one that goes on: "and Tesla?", "what about Tesla?"."""
    folded = [word.folded for word in words]
    return any(" ".join(folded[:count]) in spoken.words["follow"] for count in range(1, 5))


def of_last(found: Entities, spoken: Language) -> FollowUp | None:
    """What a sentence without a stock would ask if it named one.

    None where it asks nothing of a stock, or has words that are not of the language, or are part of no such question.
    """
    if found.stocks or any(found.unknown) or not found.slotted:
        return None
    assumed = _with_stock(found, spoken)
    read = scores(assumed, spoken, 1, of_last=True)
    if Topic.LIST.value in read.marks or Topic.PHONE.value in read.marks:
        return None  # it is asked of the watchlist, or of the chat
    intent = max(_ANSWERED, key=lambda intent: read.intents.get(intent, 0.0))
    score = read.intents.get(intent, 0.0)
    if intent is Intent.FORECAST:
        score -= A_STOCK
        enough = score >= _A_HINT if read.covered else TIME in found.slotted
    else:
        enough = score >= _ENOUGH
    if intent is Intent.ADVICE and any(word in spoken.words["which"] for word in found.slotted):
        return None  # "what should I buy" is about none of before
    slots = {STOCK, TIME, PERCENT, PRICE}
    beside = [
        word
        for at, word in enumerate(assumed.slotted)
        if at not in read.covered and word not in slots and not _joins(word, spoken)
    ]
    sized = intent is Intent.ALERT and bool(found.percent or found.price)
    if not enough or len(beside) > (_MOST_BESIDE if sized else 0):
        return None
    return FollowUp(intent, score, assumed, read, STOCK in assumed.slotted[: len(found.slotted)])


def is_rather(further: FollowUp, score: float, meaning: Request | None, *, named: bool) -> bool:
    """Whether a sentence goes on from an earlier one, and does not mean what it would mean by itself.

    `named` tells whether that is about a stock that is known.
    """
    if meaning is None or (meaning.stocks and not named and meaning.topic is None):
        return True
    if meaning.topic is Topic.MARKET:
        return False
    intent, sized = further.intent, bool(further.assumed.percent or further.assumed.price)
    if intent is Intent.ALERT:
        return meaning.intent is Intent.ALERTS and sized
    if intent is Intent.WHY and meaning.intent is Intent.TODAY:
        return further.pronoun
    return intent is meaning.intent or (intent in OF_ONE_OR_ALL and further.score > score)


def is_it(further: FollowUp | None, meaning: Request) -> bool:
    """Whether what seems to be asked of the market is asked of "it", which may be a stock of before."""
    return further is not None and further.pronoun and meaning.topic is Topic.MARKET


def _with_stock(found: Entities, spoken: Language) -> Entities:
    """A sentence with a stock in the place of its pronoun, else at its end."""
    at = next((at for at, word in enumerate(found.slotted) if word in spoken.words["pronouns"]), len(found.slotted))
    return replace(
        found,
        slotted=(*found.slotted[:at], STOCK, *found.slotted[at + 1 :]),
        unknown=(*found.unknown[:at], False, *found.unknown[at + 1 :]),
        written=(*found.written[:at], "", *found.written[at + 1 :]),
    )


def _joins(word: str, spoken: Language) -> bool:
    lists = ("follow", "pronouns", "between", "by", "joiners", "pairs")
    return any(word in spoken.words[section] for section in lists) or spoken.is_in("filler", word)
