"""The table `sent_pictures`: what Telegram calls a picture that a bot has uploaded once, so that it needs no other.

Such a name is good for one bot alone: `bot` is a digest of its token, which is not kept here.
"""

from datetime import datetime

from sqlite_utils import Database

from bellwether.db.database import rows, stamp

MOST_KEPT = 20_000  #: names, about 4 MB; those of past sessions are hardly asked for again


def recall(db: Database, bot: str, key: str) -> str | None:
    """Return the file_id of a picture; None when this bot has not sent it."""
    known = rows(db, "SELECT file_id FROM sent_pictures WHERE bot = :bot AND key = :key", {"bot": bot, "key": key})
    return str(known[0]["file_id"]) if known else None


def keep(db: Database, bot: str, key: str, file_id: str, now: datetime) -> None:
    """Remember a picture that was sent, and forget the oldest beyond those that are kept."""
    cursor = db.conn.execute(
        "INSERT OR REPLACE INTO sent_pictures (bot, key, file_id, sent_at) VALUES (?, ?, ?, ?)",
        (bot, key, file_id, stamp(now)),
    )
    newest = int(cursor.lastrowid or 0)
    db.conn.execute("DELETE FROM sent_pictures WHERE id <= ?", (newest - MOST_KEPT,))


def forget(db: Database, bot: str, key: str) -> None:
    """Drop a picture that Telegram does not know by its name any more."""
    db.conn.execute("DELETE FROM sent_pictures WHERE bot = ? AND key = ?", (bot, key))
