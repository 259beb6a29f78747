"""Whether a rule fires after a session, with a named reason, also for "no". Pure.

measure   the figure that the rule looks at
| judge   against its threshold, by its state: armed, or waiting for the figure to come back
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

import numpy as np

from bellwether.alerts.rules.rarity import Rarity
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind
from bellwether.core.types import Q05, Q50, Bars, Forecast, Instrument
from bellwether.market.holes import Gap


class RuleReason(Enum):
    """Why a rule fires, or does not."""

    CROSSED = "the figure has passed the threshold since it was last looked at"
    STANDS_BEYOND = "the figure was beyond the threshold already when it was first looked at"
    NOT_REACHED = "the figure has not reached the threshold"
    STILL_BEYOND = "it was told already, and the figure has not been back"
    NOT_FAR_ENOUGH_BACK = "the figure is back, but by less than the margin"
    REARMED = "the figure has been back by the margin, so the rule waits for the next crossing"
    JUDGED_ALREADY = "this session was looked at before"
    EXPIRED = "the rule was to end by now"
    NO_FIGURE = "there is no sound figure for this session: the model is silent, or a price or date is not known"
    SESSION_MISSING = "the session before has no close, so how far the price moved in this one is not known"
    WAITING_FOR_PRICES = "the prices of the session are not in yet"
    TOO_LATE = "the message would not be fresh any more"


FIRES = frozenset({RuleReason.CROSSED, RuleReason.STANDS_BEYOND})
#: how far back a figure must come before its rule fires again, as a share of the threshold, and at least
MARGINS = {
    RuleKind.GROWTH: (0.2, 0.005),
    RuleKind.CHANCE: (0.0, 0.02),
    RuleKind.RISK: (0.1, 0.005),
    RuleKind.UNUSUAL: (1.0, 0.0),
    RuleKind.PRICE: (0.01, 0.0),
    RuleKind.MOVE: (0.0, 0.0),
    RuleKind.EARNINGS: (0.0, 0.0),
}
_SPLIT = 0.02  #: a quoted close that differs by more from what it was when the rule was made was split since


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What is known of one symbol after a session."""

    instrument: Instrument
    bars: Bars  #: up to that session
    forecasts: Mapping[int, Forecast]  #: by horizon
    rarities: Mapping[int, Rarity | None]  #: by horizon; None where its own past is too short
    next_session: date
    earnings: date | None = None  #: the next day on which the company reports, where known
    gap: Gap = Gap.NONE  #: between its last two closes
    is_cut: bool = False  #: prices of before the first bar are in another scale than these

    @property
    def session(self) -> date:
        """The session in question."""
        return self.bars.cutoff

    @property
    def move(self) -> float | None:
        """The close against the one of the session before, as quoted: a fraction; None without that one."""
        if len(self.bars) < 2 or self.gap is Gap.HOLE:
            return None
        return float(self.bars.quoted_closes[-1] / self.bars.quoted_closes[-2]) - 1


@dataclass(frozen=True, slots=True)
class Unseen:
    """There is no telling how a symbol stands after a session."""

    reason: RuleReason
    until: date | None = None  #: the last session with prices, where they ended long ago


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What came of looking at a rule."""

    reason: RuleReason
    rule: AlertRule  #: as it is to be kept
    finished: bool = False  #: it is not to be kept at all

    @property
    def fires(self) -> bool:
        """Whether the chat is to be told."""
        return self.reason in FIRES


def measure(rule: AlertRule, seen: Observation) -> float | None:
    """The figure that a rule looks at; None where there is no sound one.

    Where the model is silent its place is taken by a plain rule, which is no reason to alarm anybody.
    """
    if rule.kind is RuleKind.MOVE:
        return seen.move
    if rule.kind is RuleKind.PRICE:
        return seen.bars.quoted_close / split_since(rule, seen)
    if rule.kind is RuleKind.EARNINGS:
        return None if seen.earnings is None else float(seen.session < seen.earnings <= seen.next_session)
    made = seen.forecasts.get(rule.horizon)
    if made is None or made.problem is not None:
        return None
    if rule.kind is RuleKind.UNUSUAL:
        rarity = seen.rarities.get(rule.horizon)
        return None if rarity is None else rarity.share
    return {
        RuleKind.GROWTH: made.growths[Q50],
        RuleKind.CHANCE: made.probability_of_growth,
        RuleKind.RISK: made.growths[Q05],
    }[rule.kind]


def split_since(rule: AlertRule, seen: Observation) -> float:
    """What a price of the rule's day must be multiplied by to be in today's shares: 0.25 after a split in four.

    Sources quote the whole past in today's shares, so the close of the day on which the rule was made tells. NaN where
    the prices of that day were left out, for they cannot be compared with later ones.
    """
    bars = seen.bars
    if rule.set_on is None or rule.set_close is None:
        return 1.0
    if seen.is_cut and np.datetime64(rule.set_on) < bars.sessions[0]:
        return float("nan")
    at = int(np.searchsorted(bars.sessions, np.datetime64(rule.set_on)))
    if at == len(bars) or bars.sessions[at] != np.datetime64(rule.set_on):
        return 1.0
    ratio = float(bars.quoted_closes[at]) / rule.set_close
    return ratio if abs(ratio - 1) > _SPLIT else 1.0


def judge(rule: AlertRule, figure: float | None, session: date, now: datetime, between: Gap = Gap.NONE) -> RuleVerdict:
    """Look at a rule after a session, where `between` lies before its close. The same session is never judged twice.

    A move is of one session: with a hole before it, it is looked at again, for the missing close may still come.
    """
    if rule.expires_at is not None and now >= rule.expires_at:
        return RuleVerdict(RuleReason.EXPIRED, rule, finished=True)
    if rule.judged is not None and session <= rule.judged:
        return RuleVerdict(RuleReason.JUDGED_ALREADY, rule)
    if rule.kind is RuleKind.MOVE and between is Gap.HOLE:
        return RuleVerdict(RuleReason.SESSION_MISSING, rule)
    if figure is None or not np.isfinite(figure):
        return RuleVerdict(RuleReason.NO_FIGURE, replace(rule, judged=session))
    looked_at = replace(rule, judged=session, last_value=figure)
    if _beyond(rule, figure, 0.0):
        # a session's move is news each time: there is no state that it could have stayed in
        if not rule.armed and rule.kind is not RuleKind.MOVE:
            return RuleVerdict(RuleReason.STILL_BEYOND, looked_at)
        reason = RuleReason.STANDS_BEYOND if rule.last_value is None else RuleReason.CROSSED
        return RuleVerdict(reason, replace(looked_at, armed=False), finished=rule.repeat is Repeat.ONCE)
    if rule.armed:
        return RuleVerdict(RuleReason.NOT_REACHED, looked_at)
    if _beyond(rule, figure, margin(rule)):
        return RuleVerdict(RuleReason.NOT_FAR_ENOUGH_BACK, looked_at)
    return RuleVerdict(RuleReason.REARMED, replace(looked_at, armed=True))


def margin(rule: AlertRule) -> float:
    """How far back its figure must come before a rule fires again, in the unit of its threshold.

    Never more than half of the way to where no figure could ever come back to: nought, or all.
    """
    share, least = MARGINS[rule.kind]
    size = abs(rule.threshold)
    wanted = max(share * size, least)
    if rule.kind is RuleKind.UNUSUAL or (rule.kind is RuleKind.CHANCE and rule.direction is Direction.BELOW):
        return min(wanted, (1 - size) / 2)
    return min(wanted, size / 2)


def _beyond(rule: AlertRule, figure: float, slack: float) -> bool:
    """Whether a figure is beyond the threshold, or not yet back from it by `slack`."""
    if rule.direction is Direction.ABOVE:
        return figure >= rule.threshold - slack
    if rule.direction is Direction.BELOW:
        return figure <= rule.threshold + slack
    return abs(figure) >= rule.threshold - slack
