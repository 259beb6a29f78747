"""One tick of the alert rules: what fires after the last session is written down as rows. Nothing is sent here.

rules_table.unjudged    each calendar's rules that were not judged since its last closed session: one read
| observe_session       prices and forecasts: each symbol once, but for rules that wait for a missing close
| decide_rules          a verdict for each rule, and what is said of those that fire or have ended (pure)
| write_states          the rules of one symbol that stay silent, those let rest: one transaction a symbol
| write_fired           alerts, messages within each chat's budget, the state of their rules: one transaction a page

Each calendar is read once, so a rule may be edited, paused or removed before its symbol's turn comes: what is written
is written only for rules that still are as they were read. The states of a symbol are written as soon as it is done,
for observing many takes minutes: the lock is held for milliseconds, and a tick that is killed has lost one symbol. What
fires is written at the end, for a chat's budget is spent on the most surprising.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from bellwether.alerts import rules_table
from bellwether.alerts.observe import lacks_close, observe_session
from bellwether.alerts.rule_decisions import ClosedSession, Fired, RuleDecisions, decide_rules
from bellwether.alerts.rules.judge import RuleReason
from bellwether.alerts.rules_table import UnjudgedRule
from bellwether.alerts.write_alerts import write_fired, write_states
from bellwether.core import metrics
from bellwether.db.database import Store
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.market.calendar import closes_at
from bellwether.services import Services

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RulesTick:
    """What one tick of the rules did: how many rules for each reason, and what came of those that fired."""

    reasons: Counter[RuleReason]
    told: int = 0  #: by a message of their own
    folded: int = 0  #: left for the digest
    rested: int = 0  #: let rest, since there is no looking at their symbols any more


def judge_rules(services: Services, now: datetime, stopping: Callable[[], bool] = lambda: False) -> RulesTick:
    """Look at every rule once a session, and write down what fires. Safe to run late, twice or not at all.

    `stopping` is asked before each symbol. Raises StoreError when the rows cannot be read or written.
    """
    store, did, fired = services.store, RulesTick(Counter()), list[Fired]()
    with store.reading() as db:
        wishes, newest = ChatWishes.read(db), rules_table.newest_judged(db)
    freshness = timedelta(minutes=services.settings.alerts.freshness)
    sessions = [ClosedSession.at(calendar, now, freshness) for calendar in newest]
    if services.provider.live:  # else its rehearsed sessions come in any order
        did.reasons.update(_put_right(store, sessions, newest, now))
    for closed in sessions:
        if now >= closed.fresh_until:
            continue
        with store.reading() as db:
            unjudged = rules_table.unjudged(db, closed.calendar, closed.session)
        for symbol, of_symbol in groupby(unjudged, key=lambda unjudged: unjudged.rule.symbol):
            if stopping():
                break
            decided = _decide_symbol(services, symbol, list(of_symbol), closed, now, wishes)
            did.reasons.update(decided.reasons)
            did.rested += write_states(store, services.clock, services.universe, decided, now, wishes)
            fired += decided.fired
    did.told, did.folded = write_fired(store, services.clock, fired, now, wishes)
    return did


def _decide_symbol(
    services: Services,
    symbol: str,
    unjudged: Sequence[UnjudgedRule],
    closed: ClosedSession,
    now: datetime,
    wishes: ChatWishes,
) -> RuleDecisions:
    """Observe a symbol for the rules that do not wait for a close, and decide."""
    waiting = {read.rule.id for read in unjudged if read.waits_for_close(now)}
    if waiting and not lacks_close(services.provider, symbol, closed.session):
        waiting = set()
    rules = [read.rule for read in unjudged if read.rule.id not in waiting]
    reasons = Counter({RuleReason.SESSION_MISSING: len(waiting)} if waiting else {})
    if not rules:
        return RuleDecisions(rules, closed, reasons)
    decided = decide_rules(rules, observe_session(services, symbol, closed.session, rules), closed, now, wishes)
    reasons.update(decided.reasons)
    return replace(decided, reasons=reasons)


def _put_right(
    store: Store, sessions: Sequence[ClosedSession], newest: dict[str, date | None], now: datetime
) -> Counter[RuleReason]:
    """See to rules that were judged while the clock was ahead, and to those whose news is not fresh any more."""
    reasons = Counter[RuleReason]()
    for closed in sessions:
        judged, is_stale = newest[closed.calendar], now >= closed.fresh_until
        was_ahead = judged is not None and judged > closed.session
        if not was_ahead and not is_stale:
            continue
        with store.transaction() as db:
            if was_ahead:
                rules_table.forgive_clock(db, closed.calendar, closed.session)
            dropped = 0
            if is_stale:
                closed_at = closes_at(closed.calendar, closed.session)
                dropped = rules_table.skip(db, closed.calendar, closed.session, closed_at)
        if dropped:
            reasons[RuleReason.TOO_LATE] += dropped
            metrics.RULES_DROPPED.add(dropped)
            log.warning("%d alert rules were not looked at while their news of %s was fresh.", dropped, closed.session)
    return reasons
