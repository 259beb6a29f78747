"""The dead letters of the table `outbox`: what could not be sent, and waits for a person to decide."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp_or_none
from bellwether.db.sql import one_of
from bellwether.delivery.messages import RecipientKind
from bellwether.delivery.outbox_table import GONE, MessageState

# somebody who left is no fault of ours, and coming back revives what is still fresh
_DEAD = f"state = 'failed' AND last_error NOT LIKE '{GONE}%'"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up."""

    id: int
    dedup_key: str
    attempts: int
    created_at: str
    last_error: str


def all_of(db: Connection) -> list[DeadLetter]:
    """Every dead letter, oldest first."""
    sql = f"SELECT id, dedup_key, attempts, created_at, last_error FROM outbox WHERE {_DEAD} ORDER BY id"
    return [DeadLetter(**row) for row in db.rows(sql)]


def retry(db: Connection, ids: Collection[int], now: datetime, until: datetime) -> list[int]:
    """Owe these dead letters again, with a clean slate, until then at least; those that were dead letters."""
    return _change(
        db,
        ids,
        "UPDATE outbox SET state = 'pending', strikes = 0, failed_at = NULL, not_before = :now,"
        " expires_at = CASE WHEN expires_at < :until THEN :until ELSE expires_at END",
        {"now": stamp(now), "until": stamp(until)},
    )


def drop(db: Connection, ids: Collection[int]) -> list[int]:
    """Let these dead letters go, so that nothing asks for attention any more; those that were dead letters.

    The row stays until it is old: without it the next tick would owe the same message again.
    """
    return _change(db, ids, "UPDATE outbox SET state = 'expired'", {})


def _change(db: Connection, ids: Collection[int], update: str, values: dict[str, str]) -> list[int]:
    dead = {letter.id for letter in all_of(db)}
    changed = [message_id for message_id in ids if message_id in dead]
    for message_id in changed:
        db.execute(f"{update} WHERE id = :id", values | {"id": message_id})
    return changed


def due(db: Connection, now: datetime) -> list[int]:
    """The ids of what is to be sent by Telegram now, or is on its way."""
    sql = (
        "SELECT id FROM outbox WHERE recipient_kind = :chat AND expires_at > :now"
        " AND (state = 'sending' OR (state = 'pending' AND not_before <= :now))"
    )
    return [row["id"] for row in db.rows(sql, {"chat": RecipientKind.CHAT.value, "now": stamp(now)})]


def oldest_due(db: Connection) -> datetime | None:
    """Since when the message has been due that waits longest; None when none waits."""
    (row,) = db.rows("SELECT min(not_before) AS since FROM outbox WHERE state = 'pending'")
    return unstamp_or_none(row["since"])


def states(db: Connection, ids: Collection[int]) -> Counter[MessageState]:
    """How many of these messages stand in each state."""
    sql = f"SELECT state FROM outbox WHERE {one_of('id', 'ids')}"
    return Counter(MessageState(row["state"]) for row in db.rows(sql, {"ids": list(ids)}))


def failures_since(db: Connection, since: datetime) -> int:
    """How many messages could not be sent lately, but for those to people who had left."""
    sql = (
        "SELECT count(*) AS n FROM outbox WHERE state = 'failed' AND created_at >= :since AND last_error NOT LIKE :gone"
    )
    (row,) = db.rows(sql, {"since": stamp(since), "gone": f"{GONE}%"})
    return int(row["n"])


def counts(db: Connection) -> dict[str, int]:
    """How many messages stand in each state."""
    return {row["state"]: row["n"] for row in db.rows("SELECT state, count(*) AS n FROM outbox GROUP BY state")}
