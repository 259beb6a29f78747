"""One tick of the alert rules: what fires after the last session is written down as rows. Nothing is sent here.

calendars that rules depend on
| last_closed_session   the session each is in, its prices settled; fresh still?
| unjudged              the rules that were not looked at since, but for moves whose first close is still missing
| see                   each symbol once
| judge                 each rule, with a reason
| let_rest              those whose symbol has vanished
| Writer                what fired becomes rows
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bellwether.alerts import rules_table
from bellwether.alerts.delisted_rules import let_rest
from bellwether.alerts.observe import ObservedSymbol, observe
from bellwether.alerts.rules.budget import surprise_of_move, surprise_of_rarity
from bellwether.alerts.rules.judge import RuleReason, RuleVerdict, judge, measure
from bellwether.alerts.text import alerts
from bellwether.alerts.text.events import event
from bellwether.alerts.write_alerts import AlertWriter, Fired
from bellwether.core import metrics
from bellwether.core.alert_types import FORECASTS, Alert, AlertRule, RuleKind
from bellwether.core.errors import BellwetherError, DoubtfulBars
from bellwether.core.types import Q10, Q90
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.market.bars import STALE_AFTER
from bellwether.market.calendar import SETTLING, closes_at, last_closed_session
from bellwether.market.holes import Gap, last_gap, last_steps
from bellwether.services import Services

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RulesTick:
    """What one tick of the rules did: how many rules for each reason, and what came of those that fired."""

    reasons: Counter[RuleReason]
    told: int = 0  #: by a message of their own
    folded: int = 0  #: left for the digest
    rested: int = 0  #: let rest, since there is no looking at their symbols any more


@dataclass(frozen=True, slots=True)
class Unseen:
    """There is no telling how a symbol stands after a session."""

    reason: RuleReason
    until: date | None = None  #: the last session with prices, where they ended long ago


def judge_rules(services: Services, now: datetime, stopping: Callable[[], bool] = lambda: False) -> RulesTick:
    """Look at every rule once a session, and write down what fires. Safe to run late, twice or not at all.

    `stopping` is asked before each symbol. Raises StoreError when the rows cannot be read or written.
    """
    run = _RulesRun(services, now, stopping)
    with services.store.reading() as db:
        calendars = rules_table.calendars(db)
    for calendar in calendars:
        run.calendar(calendar, last_closed_session(calendar, now - SETTLING))
    writer = AlertWriter(services, now, run.wishes)
    writer.write(run.fired)
    run.did.told, run.did.folded = writer.told, writer.folded
    return run.did


class _RulesRun:
    """One tick: what has fired is collected first, for a chat's budget is spent on the most surprising."""

    def __init__(self, services: Services, now: datetime, stopping: Callable[[], bool]) -> None:
        self.did = RulesTick(Counter())
        self._services, self._now, self._stopping = services, now, stopping
        self.fired: dict[int, list[Fired]] = {}
        with services.store.reading() as db:
            self.wishes = ChatWishes.read(db)

    def calendar(self, calendar: str, session: date) -> None:
        """Judge the rules about what trades on one exchange."""
        if self._services.provider.live:  # else its rehearsed sessions come in any order
            with self._services.store.transaction() as db:
                rules_table.forgive_clock(db, calendar, session)
        due_at = closes_at(calendar, session) + SETTLING
        fresh_until = due_at + timedelta(minutes=self._services.settings.alerts.freshness)
        if self._now >= fresh_until:
            self._drop(calendar, session)
            return
        with self._services.store.reading() as db:
            symbols = rules_table.symbols_unjudged(db, calendar, session)
        for symbol in symbols:
            if self._stopping():
                return
            with self._services.store.reading() as db:
                rules = rules_table.unjudged(db, symbol, calendar, session)
            self._symbol(symbol, session, rules, due_at, fresh_until)

    def _drop(self, calendar: str, session: date) -> None:
        """Count the rules that were to be looked at while a message would have been fresh, and were not."""
        if not self._services.provider.live:  # its rehearsed sessions come in any order
            return
        with self._services.store.transaction() as db:
            dropped = rules_table.skip(db, calendar, session, closes_at(calendar, session))
        if dropped:
            self.did.reasons[RuleReason.TOO_LATE] += dropped
            metrics.RULES_DROPPED.add(dropped)
            log.warning("%d alert rules were not looked at while their news of %s was fresh.", dropped, session)

    def _symbol(
        self, symbol: str, session: date, rules: list[AlertRule], due_at: datetime, fresh_until: datetime
    ) -> None:
        """Judge the rules about one symbol, and keep the state of those that do not fire."""
        rules = self._without_waiting(symbol, session, rules)
        if not rules:
            return
        looked = self._see(symbol, session, rules)
        seen = looked if isinstance(looked, ObservedSymbol) else None
        if isinstance(looked, Unseen) and looked.reason is RuleReason.WAITING_FOR_PRICES:
            self.did.reasons[looked.reason] += len(rules)
            return
        quiet, lacking = [], []
        for rule in rules:
            figure = measure(rule, seen.sight) if seen else None
            verdict = judge(rule, figure, session, self._now, seen.sight.gap if seen else Gap.NONE)
            self.did.reasons[verdict.reason] += 1
            if verdict.fires and seen is not None and figure is not None:
                with self.wishes.speaking(rule.chat_id):
                    fired = self._fire(verdict, figure, seen, due_at, fresh_until)
                self.fired.setdefault(rule.chat_id, []).append(fired)
            elif verdict.reason is RuleReason.EXPIRED:
                with self.wishes.speaking(rule.chat_id):
                    ended = self._ended(verdict, session, due_at, fresh_until)
                self.fired.setdefault(rule.chat_id, []).append(ended)
            elif verdict.reason is RuleReason.SESSION_MISSING:
                lacking.append(rule)
            else:
                quiet.append(verdict.rule)
        with self._services.store.transaction() as db:
            rules_table.lack_a_close(db, lacking, session)
            if isinstance(looked, Unseen):
                rules_table.miss(db, quiet, session)
            else:
                rules_table.keep_state(db, quiet)
        if isinstance(looked, Unseen):
            self.did.rested += let_rest(self._services, quiet, session, looked.until, self._now)

    def _without_waiting(self, symbol: str, session: date, rules: list[AlertRule]) -> list[AlertRule]:
        """The rules without those that found a close missing, while that close has not come.

        The bars are those that are kept: asking the source for the close again is the refresh's work.
        """
        with self._services.store.reading() as db:
            lacking = rules_table.lacking_a_close(db, symbol, session)
        waiting = {rule.id for rule in rules if rule.id in lacking and not self._is_over(rule)}
        if not waiting or not self._still_lacks(symbol, session):
            return rules
        self.did.reasons[RuleReason.SESSION_MISSING] += len(waiting)
        return [rule for rule in rules if rule.id not in waiting]

    def _is_over(self, rule: AlertRule) -> bool:
        """Whether a rule's time is over, which it is to say."""
        return rule.expires_at is not None and self._now >= rule.expires_at

    def _still_lacks(self, symbol: str, session: date) -> bool:
        """Whether the close before this session is missing in what is kept."""
        provider = self._services.provider
        try:
            bars = provider.bars(symbol, session)
            one = bars.origin.instrument if bars.origin and bars.origin.instrument else provider.instrument(symbol)
        except BellwetherError:
            return False  # whoever looks tells why
        return bars.cutoff == session and last_gap(one.calendar, bars) is Gap.HOLE

    def _see(self, symbol: str, session: date, rules: list[AlertRule]) -> ObservedSymbol | Unseen:
        """The symbol after this very session; or why there is no telling, now or at all."""
        try:
            seen = observe(self._services, symbol, session, rules)
        except BellwetherError as problem:
            if problem.waiting_helps:
                log.warning("No alerts on %s for now: %s", symbol, problem)
                return Unseen(RuleReason.WAITING_FOR_PRICES)
            log.warning("No alerts on %s: %s", symbol, problem)
            # prices in doubt are there: the symbol has not vanished, however long the doubt lasts
            return Unseen(RuleReason.NO_FIGURE, until=session if isinstance(problem, DoubtfulBars) else None)
        cutoff = seen.sight.session
        if cutoff == session:
            return seen
        # prices that ended long ago will not come; those of a market that is not live have other sessions
        waits = not self._services.provider.live or (session - cutoff).days <= STALE_AFTER
        return Unseen(RuleReason.WAITING_FOR_PRICES) if waits else Unseen(RuleReason.NO_FIGURE, until=cutoff)

    def _fire(
        self, verdict: RuleVerdict, figure: float, seen: ObservedSymbol, due_at: datetime, fresh_until: datetime
    ) -> Fired:
        """What is to be said about a rule that fires."""
        rule, sight, one = verdict.rule, seen.sight, seen.instrument
        made = sight.forecasts.get(rule.horizon) if rule.kind in FORECASTS else None
        surprise = surprise_of_move(sight.bars, last_steps(one.calendar, sight.bars))
        if rule.kind is RuleKind.UNUSUAL:
            surprise = max(surprise, surprise_of_rarity(figure))
        line = event(rule, verdict.reason, figure, sight, one)
        alert = Alert(
            id=0,
            rule_id=rule.id,
            chat_id=rule.chat_id,
            symbol=rule.symbol,
            calendar=rule.calendar,
            kind=rule.kind,
            session=sight.session,
            line=line,
            surprise=surprise,
            message_key=None,
            horizon=rule.horizon,
            target_session=made.target_session if made else None,
            low=made.log_returns[Q10] if made else None,
            high=made.log_returns[Q90] if made else None,
            wish=alerts.describe(rule, one.currency),
        )
        return Fired(verdict, alert, alerts.message(line, rule, made, one), due_at, fresh_until)

    def _ended(self, verdict: RuleVerdict, session: date, due_at: datetime, fresh_until: datetime) -> Fired:
        """A rule whose time is over says so in the digest: it must not fall silent without a word."""
        rule = verdict.rule
        line = alerts.ended(rule)
        alert = Alert(
            0,
            rule.id,
            rule.chat_id,
            rule.symbol,
            rule.calendar,
            rule.kind,
            session,
            line,
            0.0,
            None,
            0,
            None,
            None,
            None,
        )
        return Fired(verdict, alert, "", due_at, fresh_until)
