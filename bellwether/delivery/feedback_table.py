"""The table `feedback`: what people wanted to tell whoever runs the service."""

from dataclasses import dataclass
from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.db.sql import insert


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that was said."""

    id: int
    chat_id: int
    text: str
    said_at: datetime


def add(db: Connection, chat_id: int, text: str, now: datetime) -> int:
    """Keep it; its number."""
    sql = f"{insert('feedback', ('chat_id', 'text', 'said_at'))} RETURNING id"
    return int(db.execute(sql, {"chat_id": chat_id, "text": text, "said_at": stamp(now)}).fetchone()[0])


def forwarded(db: Connection, feedback_id: int, dedup_key: str) -> None:
    """A copy of it is owed to the administrator, under this key of the outbox."""
    sql = "UPDATE feedback SET forwarded_as = :dedup_key WHERE id = :id"
    db.execute(sql, {"dedup_key": dedup_key, "id": feedback_id})


def count_since(db: Connection, chat_id: int, since: datetime) -> int:
    """How much a chat has said since then."""
    sql = "SELECT count(*) AS said FROM feedback WHERE chat_id = :chat_id AND said_at >= :since"
    return int(db.rows(sql, {"chat_id": chat_id, "since": stamp(since)})[0]["said"])


def newest(db: Connection, most: int, since: datetime | None = None) -> list[Feedback]:
    """What was said, since then or ever, the newest first."""
    sql = "SELECT id, chat_id, text, said_at FROM feedback WHERE said_at >= :since ORDER BY id DESC LIMIT :most"
    newest_first = db.rows(sql, {"most": most, "since": stamp(since) if since else ""})
    return [Feedback(row["id"], row["chat_id"], row["text"], unstamp(row["said_at"])) for row in newest_first]
