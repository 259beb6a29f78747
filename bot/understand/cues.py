"""Which intent the cues of a sentence speak for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.understand.entities import PRICE, TIME, Entities
from bot.understand.language import WITH_STOCK, WITHOUT_STOCK, Cue, Language
from bot.understand.meaning import Intent

_LONGEST_GAP = 3  #: words that "..." stands for
_A_STOCK = 1.5  #: what a stock alone says for a forecast
_SEVERAL = 2.9  #: what several say for a comparison
_A_TIME = 1.0
_MOST_FOR_A_FORECAST = 3.9  #: a forecast is what is meant where nothing else is said, however often it is said
_A_DIRECTION = 1.0
_BOUND = 0.6  #: what an alert's mark adds to an alert that something else speaks for
SOCIAL = frozenset({Intent.HELLO, Intent.THANKS, Intent.BYE})
_WITHOUT_STOCK = SOCIAL | {Intent.HELP, Intent.LIST, Intent.TODAY}  #: where a stock is named, something else is asked
_INTENTS = {intent.value: intent for intent in Intent}
_DIRECTIONS = frozenset({"up", "down", "either"})


@dataclass(frozen=True, slots=True)
class Match:
    """A cue where it stands in a sentence."""

    start: int
    stop: int
    cue: Cue


@dataclass(frozen=True, slots=True)
class Scores:
    """What the cues of a sentence come to."""

    intents: dict[Intent, float]
    marks: dict[str, int]  #: "up", "above", "earnings" and the like, and where the first of each stands
    covered: frozenset[int]  #: the words that are part of a cue


def scores(found: Entities, spoken: Language, stocks: int) -> Scores:
    """How much speaks for each intent. Longer cues hide those within them."""
    matches = _longest(list(_matches(found.slotted, spoken, stocks)))
    totals: dict[Intent, float] = defaultdict(float)
    marks: dict[str, int] = {}
    covered: set[int] = set()
    for match in matches:
        covered.update(range(match.start, match.stop))
        if (intent := _INTENTS.get(match.cue.label)) is not None:
            totals[intent] += match.cue.weight
        else:
            marks.setdefault(match.cue.label, match.start)
    if stocks:
        for intent in _WITHOUT_STOCK:
            totals.pop(intent, None)
        totals[Intent.FORECAST] += _A_STOCK + _A_TIME * (TIME in found.slotted)
        totals[Intent.FORECAST] += _A_DIRECTION * bool(_DIRECTIONS & marks.keys())
        if stocks > 1:
            totals[Intent.COMPARE] += _SEVERAL
            del totals[Intent.FORECAST]
        else:
            totals[Intent.FORECAST] = min(totals[Intent.FORECAST], _MOST_FOR_A_FORECAST)
        if Intent.ALERT in totals:
            bound = {"above", "below", "up", "down", "either", "earnings", "unusual"} & marks.keys()
            totals[Intent.ALERT] += _BOUND * len(bound) + (PRICE in found.slotted or bool(found.percent))
    return Scores(dict(totals), marks, frozenset(covered))


def _matches(slotted: Sequence[str], spoken: Language, stocks: int) -> Iterator[Match]:
    for start, word in enumerate(slotted):
        for key in spoken.keys(word):
            for cue in spoken.cues.get(key, ()):
                if (
                    cue.label == "idioms"
                    or (cue.needs == WITH_STOCK and not stocks)
                    or (cue.needs == WITHOUT_STOCK and stocks)
                ):
                    continue
                stop = _end(cue.keys, 1, slotted, start + 1, spoken)
                if stop is not None:
                    yield Match(start, stop, cue)


def _end(keys: Sequence[str], key: int, slotted: Sequence[str], at: int, spoken: Language) -> int | None:
    """Where a cue's rest ends; None where the words are others."""
    while key < len(keys):
        if keys[key] == "...":
            ends = (
                _end(keys, key + 1, slotted, begin, spoken)
                for begin in range(at, min(len(slotted), at + _LONGEST_GAP + 1))
            )
            return next((end for end in ends if end is not None), None)
        if at >= len(slotted) or (keys[key] != slotted[at] and keys[key] not in spoken.keys(slotted[at])):
            return None
        key, at = key + 1, at + 1
    return at


def _longest(matches: list[Match]) -> list[Match]:
    """Matches that lie within no longer one, each stretch of words counted once for each label."""
    ranked = sorted(matches, key=lambda match: (match.start - match.stop, -match.cue.weight))
    kept: list[Match] = []
    for match in ranked:
        words = match.stop - match.start
        hidden = any(
            other.start < match.stop
            and match.start < other.stop
            and (other.cue.label == match.cue.label or _is_within(match, other, words))
            for other in kept
        )
        if not hidden:
            kept.append(match)
    return kept


def _is_within(match: Match, other: Match, words: int) -> bool:
    """Whether a longer cue for an intent hides this one; what a price does is no matter of intents."""
    gap = "..." in other.cue.keys or match.cue.label not in _INTENTS or other.cue.label not in _INTENTS
    return not gap and other.stop - other.start > words and other.start <= match.start and match.stop <= other.stop
