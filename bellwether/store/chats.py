"""The table `chats`: who has talked to us."""

from datetime import datetime

from sqlite_utils import Database

from bellwether.store.database import rows, stamp
from bellwether.types import Subscriber


def join(db: Database, chat_id: int, language: str, now: datetime) -> None:
    """Remember a chat, or wake it up if it was paused."""
    db.conn.execute(
        "INSERT INTO chats (chat_id, language, timezone, paused, joined_at) VALUES (?, ?, 'UTC', 0, ?)"
        " ON CONFLICT (chat_id) DO UPDATE SET paused = 0, language = excluded.language",
        (chat_id, language, stamp(now)),
    )


def pause(db: Database, chat_id: int) -> None:
    """Send nothing more of our own accord to this chat, for instance because it blocked the bot."""
    db.conn.execute("UPDATE chats SET paused = 1 WHERE chat_id = ?", (chat_id,))


def wake(db: Database, chat_id: int) -> None:
    """Write to this chat again, if it ever talked to us: the person took the block back."""
    db.conn.execute("UPDATE chats SET paused = 0 WHERE chat_id = ?", (chat_id,))


def get(db: Database, chat_id: int) -> Subscriber | None:
    """One chat; None when it never talked to us."""
    found = rows(db, "SELECT * FROM chats WHERE chat_id = :chat_id", {"chat_id": chat_id})
    return _subscriber(found[0]) if found else None


def migrate(db: Database, old: int, new: int) -> None:
    """A group became a supergroup: everything of the old chat now belongs to the new one."""
    db.conn.execute(
        "INSERT OR IGNORE INTO chats SELECT ?, language, timezone, paused, joined_at FROM chats WHERE chat_id = ?",
        (new, old),
    )
    db.conn.execute("UPDATE OR IGNORE subscriptions SET chat_id = ? WHERE chat_id = ?", (new, old))
    # the key holds the number: with the old one in it, the next tick would owe the same digest again
    db.conn.execute(
        "UPDATE OR IGNORE outbox SET chat_id = :new,"
        " dedup_key = replace(dedup_key, ':' || :old || ':', ':' || :new || ':') WHERE chat_id = :old",
        {"new": new, "old": old},
    )
    db.conn.execute("DELETE FROM subscriptions WHERE chat_id = ?", (old,))
    db.conn.execute("DELETE FROM chats WHERE chat_id = ?", (old,))


def _subscriber(row: dict[str, object]) -> Subscriber:
    return Subscriber(
        chat_id=int(str(row["chat_id"])),
        language=str(row["language"]),
        timezone=str(row["timezone"]),
        paused=bool(row["paused"]),
    )
