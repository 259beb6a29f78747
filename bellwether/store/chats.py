"""The table `chats`: who has talked to us."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlite_utils import Database

from bellwether.store import alert_moves, outbox
from bellwether.store.database import rows, stamp
from bellwether.types import Subscriber


def join(db: Database, chat_id: int, language: str, now: datetime, thread: int | None = None) -> None:
    """Somebody wants to be written to: remember the chat, or wake it up whatever had paused it.

    `thread` is the topic of a forum group in which that was said, and where everything goes from now on.
    """
    db.conn.execute("UPDATE chats SET stopped = 0 WHERE chat_id = ?", (chat_id,))
    wake(db, chat_id)
    db.conn.execute(
        "INSERT INTO chats (chat_id, language, timezone, paused, joined_at, thread) VALUES (?, ?, 'UTC', 0, ?, ?)"
        " ON CONFLICT (chat_id) DO UPDATE SET language = excluded.language, thread = excluded.thread",
        (chat_id, language, stamp(now), thread),
    )


def know(db: Database, chat_id: int, language: str, now: datetime) -> None:
    """Remember a chat that sets something; one that said /stop stays stopped."""
    db.conn.execute(
        "INSERT INTO chats (chat_id, language, timezone, paused, joined_at) VALUES (?, ?, 'UTC', 0, ?)"
        " ON CONFLICT (chat_id) DO UPDATE SET language = excluded.language",
        (chat_id, language, stamp(now)),
    )


def stop(db: Database, chat_id: int) -> None:
    """Send nothing more of our own accord until somebody says otherwise: blocking and unblocking does not."""
    db.conn.execute("UPDATE chats SET stopped = 1 WHERE chat_id = ?", (chat_id,))
    pause(db, chat_id)


def pause(db: Database, chat_id: int) -> None:
    """Send nothing more of our own accord to this chat, for instance because it blocked the bot."""
    db.conn.execute("UPDATE chats SET paused = 1 WHERE chat_id = ?", (chat_id,))
    outbox.leave(db, chat_id, "the chat is paused")


def wake(db: Database, chat_id: int) -> None:
    """Write to this chat again, if it ever talked to us, also what it missed and is still fresh.

    One that said /stop is left alone: it may have unblocked us only to ask something.
    """
    woken = db.conn.execute("UPDATE chats SET paused = 0 WHERE chat_id = ? AND paused = 1 AND stopped = 0", (chat_id,))
    if woken.rowcount == 1:
        outbox.return_to(db, chat_id)


def leave_topic(db: Database, chat_id: int, thread: int | None) -> None:
    """This topic is gone: what comes goes to the general one, unless somebody has chosen another meanwhile."""
    db.conn.execute("UPDATE chats SET thread = NULL WHERE chat_id = ? AND thread = ?", (chat_id, thread))


def get(db: Database, chat_id: int) -> Subscriber | None:
    """One chat; None when it never talked to us."""
    found = rows(db, "SELECT * FROM chats WHERE chat_id = :chat_id", {"chat_id": chat_id})
    return _subscriber(found[0]) if found else None


def topic(db: Database, chat_id: int) -> int | None:
    """The topic of a forum group in which it was last asked to be written to."""
    found = db.conn.execute("SELECT thread FROM chats WHERE chat_id = ?", (chat_id,)).fetchone()
    return found[0] if found else None


def awake_among(db: Database, chat_ids: Collection[int]) -> set[int]:
    """Those of the chats that we know and may write to."""
    sql = "SELECT chat_id FROM chats WHERE paused = 0 AND chat_id IN (SELECT value FROM json_each(?))"
    return {chat_id for (chat_id,) in db.conn.execute(sql, (json.dumps(list(chat_ids)),))}


def migrate(db: Database, old: int, new: int) -> None:
    """A group became a supergroup: everything of the old chat now belongs to the new one.

    To be called in a transaction: all of it moves, or nothing.
    """
    if old == new:
        return
    db.conn.execute(
        "INSERT OR IGNORE INTO chats (chat_id, language, timezone, paused, stopped, joined_at)"
        " SELECT ?, language, timezone, paused, stopped, joined_at FROM chats WHERE chat_id = ?",
        (new, old),
    )
    db.conn.execute("UPDATE OR IGNORE subscriptions SET chat_id = ? WHERE chat_id = ?", (new, old))
    # the key holds the number: with the old one in it, the next tick would owe the same digest again
    db.conn.execute(
        "UPDATE OR IGNORE outbox SET chat_id = :new, telegram_id = NULL,"  # a supergroup counts its messages anew
        " dedup_key = replace(dedup_key, ':' || :old || ':', ':' || :new || ':'),"
        " reply_key = replace(reply_key, ':' || :old || ':', ':' || :new || ':') WHERE chat_id = :old",
        {"new": new, "old": old},
    )
    # what is left has a twin at the new number: sending it to the old one would only be refused again
    db.conn.execute(
        "UPDATE outbox SET state = 'expired', claimed_until = NULL"
        " WHERE chat_id = ? AND state IN ('pending', 'sending')",
        (old,),
    )
    alert_moves.move(db, old, new)
    db.conn.execute("UPDATE feedback SET chat_id = ? WHERE chat_id = ?", (new, old))
    db.conn.execute("DELETE FROM subscriptions WHERE chat_id = ?", (old,))
    db.conn.execute("DELETE FROM chats WHERE chat_id = ?", (old,))


def _subscriber(row: dict[str, object]) -> Subscriber:
    return Subscriber(
        chat_id=int(str(row["chat_id"])),
        language=str(row["language"]),
        timezone=str(row["timezone"]),
        paused=bool(row["paused"]),
    )
