"""Digests that nobody wrote: while nothing ran, their time came and their freshness went. They are counted.

when was the last tick? | ended_slots, by each chat's own clock | those without a row | a count for each session
"""

import logging
from collections import Counter
from datetime import date, datetime, timedelta

from bellwether.alerts import missed_digests_table, subscriptions_table
from bellwether.alerts.digest_decisions import digest_key
from bellwether.alerts.rules.digest_due import DigestSlot
from bellwether.alerts.rules.local_time import Rhythm, ended_slots
from bellwether.core import metrics
from bellwether.core.alert_types import AlertSettings
from bellwether.core.config import Alerts
from bellwether.db.connection import Connection
from bellwether.delivery import admin_notes, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.services import Services

GAP = timedelta(minutes=10)  #: without a tick: the service was down, or its clock was changed
LONGEST = timedelta(days=7)  #: looked back: after a month nobody asks which of twenty digests did not come
_PAGE = 1000  #: chats looked at together
log = logging.getLogger(__name__)


def note_missed(services: Services, now: datetime) -> int:
    """Count the digests that became stale unwritten since the last tick, and mark this one. Raises StoreError."""
    with services.store.reading() as db:
        last = missed_digests_table.last_tick(db)
        missed = Counter[date]()
        if last is not None and now - last > GAP:
            missed = _count(db, services.settings.alerts, max(last, now - LONGEST), now)
    with services.store.transaction() as db:
        missed_digests_table.note(db, missed, services.clock())
        missed_digests_table.mark_tick(db, now)
        if missed:
            admin_chat = services.settings.telegram.admin_chat
            admin_notes.tell(db, admin_chat, admin_notes.AdminTopic.MISSED, services.clock())
    if missed:
        metrics.MISSED.add(missed.total())
        log.warning("%d digests were never written: nothing ran from %s on for too long.", missed.total(), last)
    return missed.total()


def _count(db: Connection, times: Alerts, since: datetime, now: datetime) -> Counter[date]:
    """The digests of each session that became stale between two instants, and have no row."""
    wishes = ChatWishes.read(db)
    slots: dict[tuple[frozenset[str], AlertSettings], list[DigestSlot]] = {}
    missed, last = Counter[date](), None
    while page := subscriptions_table.calendars_of_awake_chats(db, last, _PAGE):
        last = page[-1][0]
        watching = subscriptions_table.watching_since(db, [chat_id for chat_id, _ in page])
        due: dict[str, date] = {}
        for chat_id, calendars in page:
            key = (calendars, wishes.settings(chat_id))
            if key not in slots:
                slots[key] = ended_slots(calendars, since, now, Rhythm.of(key[1], times))
            for slot in slots[key]:
                if watching[chat_id] < slot.due_at:
                    due[digest_key(chat_id, slot.session)] = slot.session
        owed = outbox_table.owed_among(db, due)
        missed.update(session for key, session in due.items() if key not in owed)
    return missed
