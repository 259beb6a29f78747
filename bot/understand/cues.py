"""Which intent the cues of a sentence speak for."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bot.understand.entities import PRICE, TIME, Entities
from bot.understand.language import OF_LAST, WITH_STOCK, WITHOUT_STOCK, Language
from bot.understand.meaning import Intent, Topic
from bot.understand.pattern import Fit, fits

A_STOCK = 1.5  #: what a stock alone says for a forecast
SEVERAL = 2.9  #: what several say for a comparison
_A_TIME = 1.0
_MOST_FOR_A_FORECAST = 3.9  #: a forecast is what is meant where nothing else is said, however often it is said
_A_DIRECTION = 1.0
_A_CONDITION = 6.0  #: "if Tesla falls 5 %" asks for an alert, whatever verb asks for it
_BOUND = 0.6  #: what an alert's mark adds to an alert that something else speaks for
SOCIAL = frozenset({Intent.HELLO, Intent.THANKS, Intent.BYE, Intent.SORRY, Intent.RUDE})
_WITHOUT_STOCK = SOCIAL | {Intent.HELP, Intent.LIST, Intent.TODAY}  #: where a stock is named, something else is asked
_HOUR = re.compile(r"\d{1,2}(am|pm|h|uhr)")
CLOCK, LANGUAGE, TOPIC, AHEAD = "{clock}", "{language}", "{topic}", "{ahead}"
#: cues for a topic speak for its intent, too
_INTENTS = {intent.value: intent for intent in Intent} | {
    Topic.SELF.value: Intent.HELP,
    Topic.MARKET.value: Intent.FORECAST,
    Topic.HOLDING.value: Intent.ADVICE,
    Topic.LOSS.value: Intent.FORECAST,
    Topic.MISS.value: Intent.TRACK,
    Topic.SCORE.value: Intent.EXPLAIN,
    Topic.LIMITS.value: Intent.EXPLAIN,
    Topic.SOURCE.value: Intent.EXPLAIN,
}
_DIRECTIONS = frozenset({"up", "down", "either"})


@dataclass(frozen=True, slots=True)
class CueMatch:
    """A cue where it stands in a sentence."""

    start: int
    stop: int
    label: str
    weight: float
    gap: bool  #: whether it holds words that it does not name


@dataclass(frozen=True, slots=True)
class Scores:
    """What the cues of a sentence come to."""

    intents: dict[Intent, float]
    marks: dict[str, int]  #: "up", "above", "earnings" and the like, and where the first of each stands
    covered: frozenset[int]  #: the words that are part of a cue


#: where no stock is named, such a question is about one only if it says so: "how sure are you" about that
_OF_LAST_ONLY = frozenset({Intent.TRACK.value, Intent.ADVICE.value, Topic.HOLDING.value})


def scores(found: Entities, spoken: Language, stocks: int, *, of_last: bool = False) -> Scores:
    """How much speaks for each intent. Longer cues hide those within them.

    `of_last` is for a sentence with the stock that was asked about before in the place of the one it does not name.
    """
    matches = _longest(list(_matches(found, spoken, stocks, of_last)))
    totals: dict[Intent, float] = defaultdict(float)
    marks: dict[str, int] = {}
    covered: set[int] = set()
    for match in matches:
        covered.update(range(match.start, match.stop))
        if (intent := _INTENTS.get(match.label)) is not None:
            totals[intent] += match.weight
        if intent is None or match.label != intent.value:
            marks.setdefault(match.label, match.start)
    if stocks:
        for intent in _WITHOUT_STOCK:
            totals.pop(intent, None)
        totals[Intent.FORECAST] += A_STOCK + _A_TIME * (TIME in found.slotted)
        totals[Intent.FORECAST] += _A_DIRECTION * bool(_DIRECTIONS & marks.keys())
        if stocks > 1:
            totals[Intent.COMPARE] += SEVERAL
            del totals[Intent.FORECAST]
        else:
            totals[Intent.FORECAST] = min(totals[Intent.FORECAST], _MOST_FOR_A_FORECAST)
        is_condition = "condition" in marks and Topic.LOSS.value not in marks  # "what if I put 500 in" is none
        if is_condition and (PRICE in found.slotted or found.percent or "unusual" in marks):
            totals[Intent.ALERT] += _A_CONDITION
        if Intent.ALERT in totals:
            bound = {"above", "below", "up", "down", "either", "earnings", "unusual"} & marks.keys()
            totals[Intent.ALERT] += _BOUND * len(bound) + (PRICE in found.slotted or bool(found.percent))
    return Scores(dict(totals), marks, frozenset(covered))


def _matches(found: Entities, spoken: Language, stocks: int, of_last: bool) -> Iterator[CueMatch]:
    filler = spoken.words["filler"]
    words = [frozenset((*spoken.keys(word), *_slots(found, at, spoken))) for at, word in enumerate(found.slotted)]
    for start, keys in enumerate(words):
        for cue in {id(cue): cue for key in keys for cue in spoken.cues.get(key, ())}.values():
            if (cue.needs == WITH_STOCK and not stocks) or (cue.needs == WITHOUT_STOCK and stocks):
                continue
            if (cue.needs == OF_LAST) is not of_last and (cue.needs == OF_LAST or cue.label in _OF_LAST_ONLY):
                continue
            usable = (fit for fit in fits(cue.pattern, words, start, filler) if fit.words and _is_enough(fit))
            best = max(usable, key=lambda fit: (fit.words, fit.stop), default=None)
            if best is not None:
                weight = cue.weight or 1.0 + best.words
                yield CueMatch(start, best.stop, cue.label, weight, best.gap)


def _slots(found: Entities, at: int, spoken: Language) -> Iterator[str]:
    """What else a word is, that cues can name."""
    slotted = found.slotted
    if slotted[at] == TIME and found.time_said not in spoken.words["now"]:
        yield AHEAD
    if _HOUR.fullmatch(slotted[at]):
        yield CLOCK
    if spoken.language_at(slotted, at) is not None:
        yield LANGUAGE
    if spoken.topic_at(slotted, at) is not None:
        yield TOPIC


def _is_enough(fit: Fit) -> bool:
    """Whether more than two words are left of a phrase that has lost its filler."""
    return fit.words > 2 or not fit.skipped


def _longest(matches: list[CueMatch]) -> list[CueMatch]:
    """Matches that lie within no longer one, each stretch of words counted once for each label."""
    ranked = sorted(matches, key=lambda match: (match.start - match.stop, -match.weight))
    kept: list[CueMatch] = []
    for match in ranked:
        hidden = any(
            other.start < match.stop
            and match.start < other.stop
            and (other.label == match.label or _is_within(match, other))
            for other in kept
        )
        if not hidden:
            kept.append(match)
    return kept


def _is_within(match: CueMatch, other: CueMatch) -> bool:
    """Whether a longer cue for an intent hides this one; what a price does is no matter of intents."""
    if other.gap or match.label not in _INTENTS or other.label not in _INTENTS:
        return False
    longer = other.stop - other.start > match.stop - match.start
    return longer and other.start <= match.start and match.stop <= other.stop
