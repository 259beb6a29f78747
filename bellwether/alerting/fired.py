"""What fired becomes rows: alerts, messages of their own within each chat's budget, and the state of their rules.

a chat's alerts of one tick
| still_unjudged   but for rules that were removed, or judged by another tick, meanwhile
| within_budget    messages of their own for the most surprising, the rest for the digest
| after_quiet      not before its quiet hours end
| one transaction  all of it, or nothing
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bellwether import wording
from bellwether.alert_types import Alert, AlertSettings
from bellwether.alerting import alert_words, digest_notes
from bellwether.alerting.kinds import LEFTOVERS
from bellwether.alerting.rules_alert import Verdict
from bellwether.alerting.rules_budget import WEEK, within_budget
from bellwether.alerting.rules_time import after_quiet, is_late
from bellwether.language import ENGLISH, use_language
from bellwether.services import Services
from bellwether.store import alert_rules, alert_settings, alerts, chats, outbox, subscriptions
from bellwether.store.database import Database

CHATS_AT_ONCE = 500  #: written in one transaction: some ten milliseconds, in which nobody else can write
_DEFAULT = AlertSettings()


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, and what is to be said."""

    verdict: Verdict
    alert: Alert
    text: str  #: of its message, but for the line that says that it is late
    due_at: datetime
    fresh_until: datetime

    @property
    def surprise(self) -> float:
        """How unusual it is, in standard deviations."""
        return self.alert.surprise


class Writer:
    """Writes what fired in one tick."""

    def __init__(self, services: Services, now: datetime) -> None:
        """`now` may be a rehearsed instant, so the rows' own times count from the real one."""
        self.told = self.folded = 0
        self._services, self._now = services, now
        self._languages: dict[int, str] = {}

    def write(self, fired: dict[int, list[Fired]]) -> None:
        """Keep what fired, by chat: each chat in one transaction, some chats together. Raises StoreError."""
        if not fired:
            return
        with self._services.store.reading() as db:
            settings = alert_settings.of_awake_chats(db)
            self._languages = alert_settings.foreign_languages(db)
        ids = sorted(fired)
        for start in range(0, len(ids), CHATS_AT_ONCE):
            some = ids[start : start + CHATS_AT_ONCE]
            with self._services.store.transaction() as db:
                awake = chats.awake_among(db, some)  # a chat may have left since its rules were read
                told = alerts.told_since(db, some, self._services.clock() - WEEK)
                for chat_id in (one for one in some if one in awake):
                    self._chat(db, chat_id, fired[chat_id], settings.get(chat_id, _DEFAULT), told.get(chat_id, 0))

    def _chat(self, db: Database, chat_id: int, all_fired: list[Fired], wanted: AlertSettings, told: int) -> None:
        """What fired for one chat."""
        still = alert_rules.still_unjudged(db, chat_id, [(one.alert.rule_id, one.alert.session) for one in all_fired])
        fired = [one for one in all_fired if one.alert.rule_id in still]
        own, rest = within_budget([one for one in fired if one.verdict.fires], wanted.weekly_budget, told)
        present = self._services.clock()
        for one in own:
            draft = self._draft(one, wanted, present)
            if alerts.add(db, replace(one.alert, message_key=draft.dedup_key), present):
                self.told += outbox.owe(db, draft, present)
        for one in [*rest, *(one for one in fired if not one.verdict.fires)]:
            self.folded += alerts.add(db, one.alert, present)
        if fired and not subscriptions.of_chat(db, chat_id):
            self._without_digest(db, chat_id, wanted, max(fired, key=lambda one: one.alert.session))
        alert_rules.keep_state(db, [one.verdict.rule for one in fired if not one.verdict.finished])
        alert_rules.finish(db, [one.alert.rule_id for one in fired if one.verdict.finished])

    def _without_digest(self, db: Database, chat_id: int, settings: AlertSettings, one: Fired) -> None:
        """What is left over for a chat that watches nothing, and so gets no digest, comes in one message a tick.

        Not under a digest's key: exchanges close at other hours, and prices of one session come in several ticks; and
        whoever begins to watch something that evening is owed the digest all the same.
        """
        left = alerts.folded(db, chat_id, one.alert.session)
        if not left:
            return
        key = f"{LEFTOVERS}:{chat_id}:{one.alert.session}:{min(alert.id for alert in left)}"
        with self._speaking(chat_id):
            text = f"{digest_notes.what_else_fired(left)}\n{wording.NOT_ADVICE}"
        present = self._services.clock()
        begin = present + self._held(settings)
        draft = outbox.Draft(key, chat_id, LEFTOVERS, text, begin, begin + (one.fresh_until - self._now))
        if outbox.owe(db, draft, present):
            alerts.fold_in(db, [alert.id for alert in left], key)

    def _speaking(self, chat_id: int) -> AbstractContextManager[None]:
        """Within it we speak the chat's language."""
        return use_language(self._languages.get(chat_id, ENGLISH))

    def _held(self, settings: AlertSettings) -> timedelta:
        """How long a chat's quiet hours still last."""
        return after_quiet(self._now, settings.quiet, settings.timezone) - self._now

    def _draft(self, one: Fired, settings: AlertSettings, present: datetime) -> outbox.Draft:
        """The message of an alert. One that its chat holds back is fresh for as long after that."""
        alert = one.alert
        text = one.text
        if is_late(one.due_at, self._now):
            with self._speaking(alert.chat_id):
                text = f"{alert_words.about_lateness(one.due_at, settings.timezone)}\n{text}"
        begin = present + self._held(settings)
        return outbox.Draft(
            dedup_key=f"{alert.kind.value}:{alert.chat_id}:{alert.session}:{alert.rule_id}",
            chat_id=alert.chat_id,
            kind=alert.kind.value,
            text=text,
            not_before=begin,
            expires_at=begin + (one.fresh_until - self._now),
        )
