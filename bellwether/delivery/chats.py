"""What the faces ask about a chat itself: leaving, everything kept about it, erasing that, and what it wants to say."""

import json
import logging
from datetime import datetime, timedelta
from html import escape

from bellwether.core.errors import LimitReached, StoreError
from bellwether.core.i18n.translate import said
from bellwether.db.database import Database, stamp
from bellwether.delivery import chat_data_table, chats_table, feedback_table, outbox_table
from bellwether.delivery.messages import ADMIN, recipient_of
from bellwether.services import Services

MOST_A_DAY = 20  #: pieces of feedback of one chat
LONGEST_FEEDBACK = 2000  #: characters
_FRESH = timedelta(days=7)  #: how long the administrator's copy of feedback is worth sending
log = logging.getLogger(__name__)


def leave(services: Services, chat_id: int) -> None:
    """Send a chat nothing more of our own accord, until it joins again. What it set up is kept. Raises StoreError."""
    with services.store.transaction() as db:
        chats_table.stop(db, chat_id, services.clock())


def pause_of(services: Services, chat_id: int) -> chats_table.Pause | None:
    """Why a chat is not written to, or was not until lately; None where nothing is to be told. Raises StoreError."""
    with services.store.reading() as db:
        return chats_table.pause_of(db, chat_id, services.clock())


def export(services: Services, chat_id: int) -> bytes:
    """Everything that is kept about a chat, as JSON in UTF-8. Raises StoreError."""
    now = services.clock()
    with services.store.reading() as db:
        tables = chat_data_table.export(db, chat_id)
    return json.dumps({"chat_id": chat_id, "exported_at": stamp(now), "kept": tables}, indent=2).encode()


def erase(services: Services, chat_id: int) -> int:
    """Erase everything that is kept about a chat, for good; how many rows that were. Raises StoreError.

    Nothing of it is left in the database's files either. Backups are the affair of whoever made them.
    """
    with services.store.transaction() as db:
        gone = chat_data_table.erase(db, chat_id, services.clock())
    if gone == 0:
        return 0
    try:
        services.store.compact()
    except StoreError as problem:  # the rows are gone all the same, and the service tries again every minute
        log.error("%s What was erased may linger in the database's files until it can be.", problem.for_operator)
    return gone


def say_to_operator(services: Services, chat_id: int, text: str) -> None:
    """Keep feedback, and owe the administrator a copy of it. Raises LimitReached and StoreError."""
    now = services.clock()
    with services.store.transaction() as db:
        if feedback_table.count_since(db, chat_id, now - timedelta(days=1)) >= MOST_A_DAY:
            raise LimitReached(
                said("That was {count} messages to the operator in a day; please go on tomorrow.", count=MOST_A_DAY)
            )
        _forward(db, services, feedback_table.add(db, chat_id, text, now), text)


def newest_feedback(services: Services, most: int = 50, since: datetime | None = None) -> list[feedback_table.Feedback]:
    """What people said, since then or ever, the newest first. Raises StoreError."""
    with services.store.reading() as db:
        return feedback_table.newest(db, most, since)


def _forward(db: Database, services: Services, feedback_id: int, text: str) -> None:
    """Owe the administrator a copy, which does not say whose it is."""
    admin_chat = services.settings.telegram.admin_chat
    if admin_chat == 0:
        return
    now = services.clock()
    key = f"feedback:{admin_chat}:{feedback_id}"
    said = f"<b>Feedback {feedback_id}</b>\n{escape(text)}"
    outbox_table.enqueue(db, outbox_table.Draft(key, recipient_of(admin_chat), ADMIN, said, now, now + _FRESH), now)
    feedback_table.forwarded(db, feedback_id, key)
