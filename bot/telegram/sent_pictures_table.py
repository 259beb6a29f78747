"""The table `sent_pictures`: what Telegram calls a picture that a bot has uploaded once, so that it needs no other.

Such a name is good for one bot alone: `bot` is a digest of its token, which is not kept here.
"""

from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.db.sql import put

MOST_KEPT = 20_000  #: names, about 4 MB; those of past sessions are hardly asked for again


def recall(db: Connection, bot: str, key: str) -> str | None:
    """Return the file_id of a picture; None when this bot has not sent it."""
    known = db.rows("SELECT file_id FROM sent_pictures WHERE bot = :bot AND key = :key", {"bot": bot, "key": key})
    return str(known[0]["file_id"]) if known else None


def keep(db: Connection, bot: str, key: str, file_id: str, now: datetime) -> None:
    """Remember a picture that was sent, and forget the oldest beyond those that are kept."""
    forget(db, bot, key)  # what is sent again is the newest
    values = {"bot": bot, "key": key, "file_id": file_id, "sent_at": stamp(now)}
    sql = f"{put('sent_pictures', ('bot', 'key'), ('file_id', 'sent_at'))} RETURNING id"
    newest = int(db.execute(sql, values).fetchone()[0])
    db.execute("DELETE FROM sent_pictures WHERE id <= :oldest", {"oldest": newest - MOST_KEPT})


def forget(db: Connection, bot: str, key: str) -> None:
    """Drop a picture that Telegram does not know by its name any more."""
    db.execute("DELETE FROM sent_pictures WHERE bot = :bot AND key = :key", {"bot": bot, "key": key})
