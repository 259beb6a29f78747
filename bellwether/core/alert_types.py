"""The values of alert rules: what a chat asked to be told, how it wants to be told, and what it was told.

Thresholds are fractions (0.05 is 5 %) but for prices, which are as quoted when the rule was made.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum

from bellwether.core.types import Theme


class RuleKind(Enum):
    """What a rule looks at, once a session."""

    GROWTH = "growth"  #: the median growth over the horizon
    CHANCE = "chance"  #: the probability of growth over the horizon
    RISK = "risk"  #: the growth that 1 in 20 outcomes fall short of, over the horizon
    UNUSUAL = "unusual"  #: how rare the outlook is among the symbol's own of the last year
    PRICE = "price"  #: the close, as quoted
    MOVE = "move"  #: the close against the one before, as quoted
    EARNINGS = "earnings"  #: whether the company reports on the next session


FORECASTS = frozenset({RuleKind.GROWTH, RuleKind.CHANCE, RuleKind.RISK, RuleKind.UNUSUAL})  #: these have a horizon


class Direction(Enum):
    """Which side of the threshold is worth a message."""

    ABOVE = "above"
    BELOW = "below"
    EITHER = "either"  #: as far away from zero, upward or downward


class Repeat(Enum):
    """What becomes of a rule that has fired."""

    ONCE = "once"  #: it is removed
    AGAIN = "again"  #: it fires again once the figure has been back by a margin


class DigestMode(Enum):
    """When a chat wants its digest."""

    ALWAYS = "always"  #: after every session
    UNUSUAL = "unusual"  #: only after a session that had something unusual to it
    WEEKLY = "weekly"  #: one a week, after its last session, about the whole of it


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One thing that a chat asked to be told."""

    id: int
    chat_id: int
    symbol: str
    calendar: str  #: trading calendar of the symbol
    kind: RuleKind
    direction: Direction
    threshold: float
    horizon: int  #: sessions; 0 for kinds without one
    repeat: Repeat
    created_at: datetime
    expires_at: datetime | None = None
    armed: bool = True  #: False from firing until the figure has been back
    last_value: float | None = None  #: what it looked at, at the last session judged
    judged: date | None = None  #: the last session judged
    paused: bool = False  #: it rests until its owner says otherwise
    missing_since: date | None = None  #: the first of the last sessions for which its symbol could not be looked at
    set_on: date | None = None  #: for prices: a session, and its close as quoted when the rule was made,
    set_close: float | None = None  #: by which a later split is noticed


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one local time to another, perhaps over midnight, messages wait."""

    since: time
    until: time


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How one chat wants to be told."""

    timezone: str = "UTC"  #: IANA name
    digest_mode: DigestMode = DigestMode.ALWAYS
    digest_at: time | None = None  #: local; None is a fixed while after the close
    quiet: QuietHours | None = None
    weekly_budget: int | None = (
        None  #: alerts of their own in seven days; the rest goes into the digest. None: no limit
    )
    changed_at: datetime | None = None  #: when one of the times was last changed
    pending: date | None = None  #: the oldest session whose digest was still to come then
    language: str | None = None  #: one of language.LANGUAGES; None: as Telegram tells of whoever writes
    expert: bool = False  #: all the numbers under a forecast, in place of explanations
    theme: Theme = "light"  #: of charts: no app tells a bot whether its own is dark
    storms: bool = False  #: a message when ranges of all stocks begin to hold too rarely or too often, and at its end


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one chat wants to be answered: the part of its settings that is read with every message."""

    language: str | None = None  #: these three as in `AlertSettings`
    expert: bool = False
    theme: Theme = "light"


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule has fired: stored once, whatever becomes of the message about it."""

    id: int
    rule_id: int
    chat_id: int
    symbol: str
    calendar: str
    kind: RuleKind
    session: date
    line: str  #: what happened, in one sentence of HTML
    surprise: float  #: how unusual it was, in standard deviations
    message_key: str | None  #: of its own message; None: it goes into the digest
    horizon: int  #: sessions; 0 where there is nothing to come of it
    target_session: date | None  #: when the horizon closes
    low: float | None  #: ends of the 80 % range, cumulative log returns
    high: float | None
    wish: str = ""  #: what the chat had asked for, in words; empty where the line says it


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """What a chat wants to be told of a symbol, before it is checked and kept as a rule."""

    kind: RuleKind
    threshold: float | None = None  #: None where the kind has a usual one (unusual) or none (earnings)
    direction: Direction | None = None  #: None is the one that the threshold suggests
    horizon: int = 10  #: sessions; not looked at for kinds without one
    repeat: Repeat = Repeat.AGAIN
    expires: date | None = None  #: the last day, by the chat's clock, on which it may fire
