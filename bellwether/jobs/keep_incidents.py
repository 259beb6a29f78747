"""Each evening: has a spell begun in which ranges of all stocks hold too rarely or too often, or is one over?

the daily record since the last one | the rule | what is not entered yet: a row, and a message to whoever wants it

A row and its messages are written in one transaction, each message once for chat, reader or key, incident and phase.
What a run finds that is old by now, since nothing ran or outcomes came late, is entered and told to nobody.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bellwether.core.types import MARKET_CALENDAR
from bellwether.db.connection import Connection
from bellwether.delivery import admin_notes, chat_settings_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.message_kinds import STORM
from bellwether.delivery.messages import owner_of_key
from bellwether.delivery.outbox_table import Draft
from bellwether.delivery.webhooks import webhooks_table
from bellwether.market.calendar import sessions_between
from bellwether.services import Services
from bellwether.track_record.incidents import incidents_table, live, sentences
from bellwether.track_record.incidents.types import Incident

NEWS = 5  #: sessions after which an announcement, or an end, is no news any more
WORTH_READING = timedelta(days=2)


@dataclass(slots=True)
class KeptIncidents:
    """What one run did."""

    begun: int = 0
    over: int = 0
    messages: int = 0


def keep_incidents(services: Services) -> KeptIncidents:
    """Enter what is missing. Safe to run late, twice or not at all. Raises StoreError."""
    did, now = KeptIncidents(), services.clock()
    with services.store.reading() as db:
        last, told = incidents_table.newest(db), live.found(db)
    known = last.id if last is not None else ""
    new = [it for it in told if it != last and (it.ended is not None or it.id != known)]
    if not new:
        return did
    with services.store.transaction() as db:
        for incident in new:
            if incidents_table.announce(db, incident, now):
                did.begun += 1
                did.messages += _tell(db, services, incident, incident.announced, "begun", now)
            if incident.ended is not None and incidents_table.end(db, incident, now):
                did.over += 1
                did.messages += _tell(db, services, incident, incident.ended, "over", now)
    return did


def _tell(db: Connection, services: Services, incident: Incident, session: date, phase: str, now: datetime) -> int:
    """Owe a message on one phase to chats and readers that want it, owners of webhooks, and the operator.

    How many messages, without the operator's note.
    """
    if sessions_between(MARKET_CALENDAR, session, now.date()) > NEWS:
        return 0
    admin_notes.tell(db, services.settings.telegram.admin_chat, admin_notes.AdminTopic.STORM, now)
    wishes, drafts = ChatWishes.read(db), list[Draft]()
    programs = map(owner_of_key, webhooks_table.keys_awake(db))
    for owner in (*chat_settings_table.wanting_storms(db), *programs):
        with wishes.speaking(owner):
            text = sentences.begun(incident) if phase == "begun" else sentences.over(incident)
        drafts.append(wishes.draft(STORM, owner, f"{incident.id}:{phase}", text, WORTH_READING, now, now))
    return outbox_table.enqueue_all(db, drafts, now)
