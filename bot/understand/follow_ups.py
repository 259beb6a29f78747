"""What a message asks of the stock that was asked about before: "and next month?", "why?", "up or down?". Pure."""

from collections.abc import Sequence
from dataclasses import replace

from bot.understand.cues import A_STOCK, Scores, scores
from bot.understand.entities import PERCENT, PRICE, STOCK, TIME, Entities
from bot.understand.language import Language
from bot.understand.meaning import Intent
from bot.understand.words import Word

_ENOUGH = 2.0  #: score from which a cue is believed
_MOST_BESIDE = 2  #: words that are part of no cue
_ANSWERED = (
    *(Intent.FORECAST, Intent.WHY, Intent.TRACK, Intent.ADVICE),
    *(Intent.ALERT, Intent.WATCH, Intent.UNWATCH, Intent.GROWTH),
)
_OF_ALL_TOO = frozenset({Intent.TRACK, Intent.ADVICE})


def goes_on(words: Sequence[Word], spoken: Language) -> bool:
    """Whether a message begins like one that goes on: "and Tesla?", "what about Tesla?"."""
    folded = [word.folded for word in words]
    return any(" ".join(folded[:count]) in spoken.words["follow"] for count in range(1, 5))


def of_last(found: Entities, spoken: Language) -> tuple[Intent, float, Entities, Scores] | None:
    """What a sentence without a stock would ask if it named one: the intent, its score, and what to tell it from.

    None where it asks nothing of a stock, or has words that are not of the language.
    """
    if found.stocks or any(found.unknown) or not found.slotted:
        return None
    assumed = _with_stock(found, spoken)
    read = scores(assumed, spoken, 1, of_last=True)
    intent = max(_ANSWERED, key=lambda intent: read.intents.get(intent, 0.0))
    score = read.intents.get(intent, 0.0)
    beside = [
        word
        for at, word in enumerate(assumed.slotted)
        if at not in read.covered and word not in {STOCK, TIME, PERCENT, PRICE} and not _joins(word, spoken)
    ]
    if intent is Intent.FORECAST:
        score -= A_STOCK
        if not read.covered and (beside or TIME not in found.slotted):
            return None
        if read.covered and score < _ENOUGH - 1:  # a cue at least, or which way
            return None
    elif score < _ENOUGH:
        return None
    most = 0 if intent in _OF_ALL_TOO else _MOST_BESIDE  # "which stock should I buy" is about none of before
    return (intent, score, assumed, read) if len(beside) <= most else None


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
