"""What fired becomes rows: alerts, messages of their own within each chat's budget, and the state of their rules.

a chat's alerts of one tick
| still_unjudged   but for rules that were removed, or judged by another tick, meanwhile
| within_budget    messages of their own for the most surprising, the rest for the digest
| after_quiet      not before its quiet hours end
| one transaction  all of it, or nothing
"""

from dataclasses import dataclass, replace
from datetime import datetime

from bellwether.alerts import alerts_table, rules_table, subscriptions_table
from bellwether.alerts.rules.budget import WEEK, within_budget
from bellwether.alerts.rules.judge import RuleVerdict
from bellwether.alerts.text import digest_notes
from bellwether.core.alert_types import Alert
from bellwether.db.database import Database
from bellwether.delivery import chats_table, lateness, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.kinds import LEFTOVERS
from bellwether.delivery.lateness import is_late
from bellwether.forecasting import sentences
from bellwether.services import Services

CHATS_AT_ONCE = 500  #: written in one transaction: some ten milliseconds, in which nobody else can write


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, and what is to be said."""

    verdict: RuleVerdict
    alert: Alert
    text: str  #: of its message, but for the line that says that it is late
    due_at: datetime
    fresh_until: datetime

    @property
    def surprise(self) -> float:
        """How unusual it is, in standard deviations."""
        return self.alert.surprise


class AlertWriter:
    """Writes what fired in one tick."""

    def __init__(self, services: Services, now: datetime, wishes: ChatWishes) -> None:
        """`now` may be a rehearsed instant, so the rows' own times count from the real one."""
        self.told = self.folded = 0
        self._services, self._now, self._wishes = services, now, wishes

    def write(self, fired: dict[int, list[Fired]]) -> None:
        """Keep what fired, by chat: each chat in one transaction, some chats together. Raises StoreError."""
        if not fired:
            return
        ids = sorted(fired)
        for start in range(0, len(ids), CHATS_AT_ONCE):
            some = ids[start : start + CHATS_AT_ONCE]
            with self._services.store.transaction() as db:
                awake = chats_table.awake_among(db, some)  # a chat may have left since its rules were read
                told = alerts_table.told_since(db, some, self._services.clock() - WEEK)
                for chat_id in (one for one in some if one in awake):
                    self._chat(db, chat_id, fired[chat_id], told.get(chat_id, 0))

    def _chat(self, db: Database, chat_id: int, all_fired: list[Fired], told: int) -> None:
        """What fired for one chat."""
        still = rules_table.still_unjudged(db, chat_id, [(one.alert.rule_id, one.alert.session) for one in all_fired])
        fired = [one for one in all_fired if one.alert.rule_id in still]
        budget = self._wishes.settings(chat_id).weekly_budget
        own, rest = within_budget([one for one in fired if one.verdict.fires], budget, told)
        present = self._services.clock()
        for one in own:
            draft = self._draft(one, present)
            if alerts_table.add(db, replace(one.alert, message_key=draft.dedup_key), present):
                self.told += outbox_table.enqueue(db, draft, present)
        for one in [*rest, *(one for one in fired if not one.verdict.fires)]:
            self.folded += alerts_table.add(db, one.alert, present)
        if fired and not subscriptions_table.of_chat(db, chat_id):
            self._without_digest(db, chat_id, max(fired, key=lambda one: one.alert.session))
        rules_table.keep_state(db, [one.verdict.rule for one in fired if not one.verdict.finished])
        rules_table.finish(db, [one.alert.rule_id for one in fired if one.verdict.finished])

    def _without_digest(self, db: Database, chat_id: int, one: Fired) -> None:
        """What is left over for a chat that watches nothing, and so gets no digest, comes in one message a tick.

        Not under a digest's key: exchanges close at other hours, and prices of one session come in several ticks; and
        whoever begins to watch something that evening is owed the digest all the same.
        """
        left = alerts_table.folded(db, chat_id, one.alert.session)
        if not left:
            return
        key = f"{LEFTOVERS}:{chat_id}:{one.alert.session}:{min(alert.id for alert in left)}"
        with self._wishes.speaking(chat_id):
            text = f"{digest_notes.what_else_fired(left)}\n{sentences.NOT_ADVICE}"
        present = self._services.clock()
        begin = self._wishes.begin(chat_id, self._now, present)
        draft = outbox_table.Draft(key, chat_id, LEFTOVERS, text, begin, begin + (one.fresh_until - self._now))
        if outbox_table.enqueue(db, draft, present):
            alerts_table.fold_in(db, [alert.id for alert in left], key)

    def _draft(self, one: Fired, present: datetime) -> outbox_table.Draft:
        """The message of an alert. One that its chat holds back is fresh for as long after that."""
        alert = one.alert
        text = one.text
        if is_late(one.due_at, self._now):
            with self._wishes.speaking(alert.chat_id):
                timezone = self._wishes.settings(alert.chat_id).timezone
                text = f"{lateness.about_lateness(one.due_at, timezone)}\n{text}"
        begin = self._wishes.begin(alert.chat_id, self._now, present)
        return outbox_table.Draft(
            dedup_key=f"{alert.kind.value}:{alert.chat_id}:{alert.session}:{alert.rule_id}",
            chat_id=alert.chat_id,
            kind=alert.kind.value,
            text=text,
            not_before=begin,
            expires_at=begin + (one.fresh_until - self._now),
        )
