"""What the faces ask about a chat itself: leaving, everything kept about it, erasing that, and what it wants to say."""

import json
import logging
from datetime import datetime, timedelta
from html import escape

from bellwether.core.clock import Clock
from bellwether.core.errors import LimitReached, StoreError
from bellwether.core.i18n.translate import said
from bellwether.db.connection import Connection
from bellwether.db.database import Store, stamp
from bellwether.delivery import chat_data_table, chats_table, feedback_table, outbox_table
from bellwether.delivery.message_kinds import ADMIN
from bellwether.delivery.messages import recipient_of

MOST_A_DAY = 20  #: pieces of feedback of one chat
LONGEST_FEEDBACK = 2000  #: characters
_FRESH = timedelta(days=7)  #: how long the administrator's copy of feedback is worth sending
log = logging.getLogger(__name__)


def leave(store: Store, clock: Clock, chat_id: int) -> None:
    """Send a chat nothing more of our own accord, until it joins again. What it set up is kept. Raises StoreError."""
    store.repeated(lambda db: chats_table.stop(db, chat_id, clock()))


def pause_of(store: Store, clock: Clock, chat_id: int) -> chats_table.Pause | None:
    """Why a chat is not written to, or was not until lately; None where nothing is to be told. Raises StoreError."""
    with store.reading() as db:
        return chats_table.pause_of(db, chat_id, clock())


def export(store: Store, clock: Clock, chat_id: int) -> bytes:
    """Everything that is kept about a chat, as JSON in UTF-8. Raises StoreError."""
    now = clock()
    with store.reading() as db:
        tables = chat_data_table.export(db, chat_id)
    return json.dumps({"chat_id": chat_id, "exported_at": stamp(now), "kept": tables}, indent=2).encode()


def erase(store: Store, clock: Clock, chat_id: int) -> int:
    """Erase everything that is kept about a chat, for good; how many rows that were. Raises StoreError.

    Nothing of it is left in the database's files either. Backups are the affair of whoever made them.
    """
    gone = store.repeated(lambda db: chat_data_table.erase(db, chat_id, clock()))
    if gone == 0:
        return 0
    try:
        store.compact()
    except StoreError as problem:  # the rows are gone all the same, and the service tries again every minute
        log.error("%s What was erased may linger in the database's files until it can be.", problem.for_operator)
    return gone


def say_to_operator(store: Store, clock: Clock, admin_chat: int, chat_id: int, text: str) -> None:
    """Keep feedback, and owe the administrator a copy of it. Raises LimitReached and StoreError."""
    now = clock()
    with store.transaction() as db:
        db.one_at_a_time(f"feedback of {chat_id}")  # not its row in chats: it need not have one
        if feedback_table.count_since(db, chat_id, now - timedelta(days=1)) >= MOST_A_DAY:
            raise LimitReached(
                said("That was {count} messages to the operator in a day; please go on tomorrow.", count=MOST_A_DAY)
            )
        _forward(db, admin_chat, feedback_table.add(db, chat_id, text, now), text, now)


def newest_feedback(store: Store, most: int = 50, since: datetime | None = None) -> list[feedback_table.Feedback]:
    """What people said, since then or ever, the newest first. Raises StoreError."""
    with store.reading() as db:
        return feedback_table.newest(db, most, since)


def _forward(db: Connection, admin_chat: int, feedback_id: int, text: str, now: datetime) -> None:
    """Owe the administrator a copy, which does not say whose it is."""
    if admin_chat == 0:
        return
    key = f"feedback:{admin_chat}:{feedback_id}"
    said = f"<b>Feedback {feedback_id}</b>\n{escape(text)}"
    outbox_table.enqueue(db, outbox_table.Draft(key, recipient_of(admin_chat), ADMIN, said, now, now + _FRESH), now)
    feedback_table.forwarded(db, feedback_id, key)
