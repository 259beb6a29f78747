"""What becomes of the rules about one symbol after a session, and what is said of those that fire or end. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bellwether.alerts.rules.budget import surprise_of_move, surprise_of_rarity
from bellwether.alerts.rules.judge import Observation, RuleReason, RuleVerdict, Unseen, judge, measure
from bellwether.alerts.text import alerts
from bellwether.alerts.text.events import event
from bellwether.core.alert_types import FORECASTS, Alert, AlertRule, RuleKind
from bellwether.core.types import Q10, Q90, Forecast
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.lateness import about_lateness
from bellwether.market.bars import STALE_AFTER
from bellwether.market.calendar import SETTLING, closes_at, last_closed_session
from bellwether.market.holes import Gap, last_steps


@dataclass(frozen=True, slots=True)
class ClosedSession:
    """The last session of an exchange whose prices have settled."""

    calendar: str
    session: date
    due_at: datetime
    fresh_until: datetime

    @classmethod
    def at(cls, calendar: str, now: datetime, freshness: timedelta) -> "ClosedSession":
        """The one that rules are judged for at an instant."""
        session = last_closed_session(calendar, now - SETTLING)
        due_at = closes_at(calendar, session) + SETTLING
        return cls(calendar, session, due_at, due_at + freshness)


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, or whose time is over, and what is to be said."""

    rule: AlertRule  #: as it was read
    verdict: RuleVerdict
    alert: Alert
    text: str  #: of a message of its own; empty for one that has ended
    closed: ClosedSession

    @property
    def surprise(self) -> float:
        """How unusual it is, in standard deviations."""
        return self.alert.surprise


@dataclass(frozen=True, slots=True)
class RuleDecisions:
    """What is to be written about the rules of one symbol."""

    rules: Sequence[AlertRule]  #: as they were read
    closed: ClosedSession
    reasons: Mapping[RuleReason, int]
    fired: Sequence[Fired] = ()
    judged: Sequence[AlertRule] = ()  #: as they are to be kept
    lack_close: Sequence[AlertRule] = ()
    unseen: Sequence[AlertRule] = ()  #: their symbol could not be looked at
    gone: Sequence[AlertRule] = ()  #: of these, those that are to rest
    prices_until: date | None = None  #: of a symbol that could not be looked at, where known

    def missing_since(self, rule: AlertRule) -> date:
        """The last day with prices for a rule that is to rest, as far as is known."""
        return missing_since(rule, self.closed.session, self.prices_until)


def decide_rules(
    rules: Sequence[AlertRule], seen: Observation | Unseen, closed: ClosedSession, now: datetime, wishes: ChatWishes
) -> RuleDecisions:
    """Judge the rules about one symbol by what was seen of it."""
    until = seen.until if isinstance(seen, Unseen) else None
    if isinstance(seen, Unseen) and seen.reason is RuleReason.WAITING_FOR_PRICES:
        return RuleDecisions(rules, closed, {seen.reason: len(rules)}, prices_until=until)
    reasons, fired = Counter[RuleReason](), list[Fired]()
    judged, lack_close, unseen = list[AlertRule](), list[AlertRule](), list[AlertRule]()
    for rule in rules:
        figure = measure(rule, seen) if isinstance(seen, Observation) else None
        verdict = judge(rule, figure, closed.session, now, seen.gap if isinstance(seen, Observation) else Gap.NONE)
        reasons[verdict.reason] += 1
        if verdict.fires and isinstance(seen, Observation) and figure is not None:
            with wishes.speaking(rule.chat_id):
                timezone = wishes.settings(rule.chat_id).timezone
                late = about_lateness(closed.due_at, now, rule.created_at, timezone)
                fired.append(_fired(rule, verdict, figure, seen, closed, late))
        elif verdict.reason is RuleReason.EXPIRED:
            # it says so in the digest: it must not fall silent without a word
            with wishes.speaking(rule.chat_id):
                alert = _alert(rule, closed.session, alerts.ended(rule))
                fired.append(Fired(rule, verdict, alert, "", closed))
        elif verdict.reason is RuleReason.SESSION_MISSING:
            lack_close.append(rule)
        elif isinstance(seen, Unseen):
            unseen.append(verdict.rule)
        else:
            judged.append(verdict.rule)
    gone = [rule for rule in unseen if is_gone(rule, closed.session, until)]
    return RuleDecisions(rules, closed, reasons, fired, judged, lack_close, unseen, gone, until)


def _fired(
    rule: AlertRule, verdict: RuleVerdict, figure: float, seen: Observation, closed: ClosedSession, late: str
) -> Fired:
    made = seen.forecasts.get(rule.horizon) if rule.kind in FORECASTS else None
    surprise = surprise_of_move(seen.bars, last_steps(seen.instrument.calendar, seen.bars))
    if rule.kind is RuleKind.UNUSUAL:
        surprise = max(surprise, surprise_of_rarity(figure))
    line = event(verdict.rule, verdict.reason, figure, seen)
    opening = f"{late}\n" if late else ""
    wish = alerts.describe(rule, seen.instrument.currency)
    alert = _alert(rule, seen.session, line, rule.horizon, surprise, made, wish)
    text = opening + alerts.message(line, rule, made, seen.instrument.currency, seen.session)
    return Fired(rule, verdict, alert, text, closed)


def _alert(
    rule: AlertRule,
    session: date,
    line: str,
    horizon: int = 0,
    surprise: float = 0.0,
    made: Forecast | None = None,
    wish: str = "",
) -> Alert:
    return Alert(
        id=0,
        rule_id=rule.id,
        chat_id=rule.chat_id,
        symbol=rule.symbol,
        calendar=rule.calendar,
        kind=rule.kind,
        session=session,
        line=line,
        surprise=surprise,
        message_key=None,
        horizon=horizon,
        target_session=made.target_session if made else None,
        low=made.log_returns[Q10] if made else None,
        high=made.log_returns[Q90] if made else None,
        wish=wish,
    )


def is_gone(rule: AlertRule, session: date, until: date | None) -> bool:
    """Whether the symbol of a rule has had no prices for so long that the rule is to rest and its owner should know.

    `until` is the last session with prices; None where the source does not know the ticker at all, which may be a slip
    of a moment: then the sessions count for which the rule was looked at in vain.
    """
    return (session - missing_since(rule, session, until)).days >= STALE_AFTER


def missing_since(rule: AlertRule, session: date, until: date | None) -> date:
    """The last day with prices of a rule's symbol, or the first on which it was looked at in vain."""
    return until or rule.missing_since or session
