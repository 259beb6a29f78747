"""What fired for one chat, in the order in which it fired: for programs that follow it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bellwether.alert_types import Alert
from bellwether.store.alerts import read_alert
from bellwether.store.database import rows, unstamp


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """An alert, and when it fired."""

    alert: Alert
    fired_at: datetime


def since(db: Database, chat_id: int, after: int, limit: int) -> list[FiredAlert]:
    """At most `limit` alerts of a chat after the one of that number, oldest first."""
    sql = "SELECT * FROM alerts WHERE chat_id = :chat AND id > :after ORDER BY id LIMIT :limit"
    return [_fired(row) for row in rows(db, sql, {"chat": chat_id, "after": after, "limit": limit})]


def newest(db: Database, chat_id: int) -> int:
    """The number of the last alert of a chat; 0 where there is none."""
    (row,) = rows(db, "SELECT coalesce(max(id), 0) AS n FROM alerts WHERE chat_id = :chat", {"chat": chat_id})
    return int(row["n"])


def behind(db: Database, message_key: str) -> FiredAlert | None:
    """The alert that a message in the outbox is about; None where it is about none."""
    found = rows(db, "SELECT * FROM alerts WHERE message_key = :key", {"key": message_key})
    return _fired(found[0]) if found else None


def _fired(row: dict[str, Any]) -> FiredAlert:
    return FiredAlert(read_alert(row), unstamp(row["fired_at"]))
