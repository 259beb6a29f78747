"""The table `feedback`: what people wanted to tell whoever runs the service."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bellwether.db.database import rows, stamp, stamp_or_none, unstamp


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that was said."""

    id: int
    chat_id: int
    text: str
    said_at: datetime


def add(db: Database, chat_id: int, text: str, now: datetime) -> int:
    """Keep it; its number."""
    cursor = db.conn.execute(
        "INSERT INTO feedback (chat_id, text, said_at) VALUES (?, ?, ?)", (chat_id, text, stamp(now))
    )
    return int(cursor.lastrowid or 0)


def forwarded(db: Database, feedback_id: int, dedup_key: str) -> None:
    """A copy of it is owed to the administrator, under this key of the outbox."""
    db.conn.execute("UPDATE feedback SET forwarded_as = ? WHERE id = ?", (dedup_key, feedback_id))


def count_since(db: Database, chat_id: int, since: datetime) -> int:
    """How much a chat has said since then."""
    sql = "SELECT count(*) AS said FROM feedback WHERE chat_id = :chat_id AND said_at >= :since"
    return int(rows(db, sql, {"chat_id": chat_id, "since": stamp(since)})[0]["said"])


def newest(db: Database, most: int, since: datetime | None = None) -> list[Feedback]:
    """What was said, since then or ever, the newest first."""
    sql = (
        "SELECT id, chat_id, text, said_at FROM feedback WHERE :since IS NULL OR said_at >= :since"
        " ORDER BY id DESC LIMIT :most"
    )
    newest_first = rows(db, sql, {"most": most, "since": stamp_or_none(since)})
    return [Feedback(row["id"], row["chat_id"], row["text"], unstamp(row["said_at"])) for row in newest_first]
