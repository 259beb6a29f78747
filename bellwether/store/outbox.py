"""The table `outbox`: messages owed. A row before a message; unique on `dedup_key`."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlite_utils import Database

from bellwether.store.database import rows, stamp, unstamp
from bellwether.types import OutboxMessage


class State(Enum):
    """Where a message stands."""

    PENDING = "pending"  #: waits for its time
    SENDING = "sending"  #: claimed by a sender whose lease has not run out
    SENT = "sent"  #: Telegram accepted it
    FAILED = "failed"  #: will never be sent; `last_error` says why
    EXPIRED = "expired"  #: was not sent while it was still worth reading


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be owed."""

    dedup_key: str  #: "digest:CHAT:SESSION"
    chat_id: int
    kind: str
    text: str
    not_before: datetime
    expires_at: datetime


def owe(db: Database, draft: Draft, now: datetime) -> bool:
    """Add a message. False when one with its dedup_key exists, in whatever state."""
    cursor = db.conn.execute(
        "INSERT OR IGNORE INTO outbox"
        " (dedup_key, chat_id, kind, text, state, attempts, not_before, expires_at, created_at)"
        " VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)",
        (
            draft.dedup_key,
            draft.chat_id,
            draft.kind,
            draft.text,
            State.PENDING.value,
            stamp(draft.not_before),
            stamp(draft.expires_at),
            stamp(now),
        ),
    )
    return cursor.rowcount == 1


def is_owed(db: Database, dedup_key: str) -> bool:
    """Whether a message with this key exists, in whatever state."""
    return bool(rows(db, "SELECT 1 FROM outbox WHERE dedup_key = :key", {"key": dedup_key}))


def expire(db: Database, now: datetime) -> int:
    """Drop what is no longer worth sending; how many."""
    cursor = db.conn.execute(
        "UPDATE outbox SET state = ? WHERE state = ? AND expires_at <= ?",
        (State.EXPIRED.value, State.PENDING.value, stamp(now)),
    )
    return cursor.rowcount


def claim_next(db: Database, now: datetime, lease_until: datetime) -> OutboxMessage | None:
    """Claim the message that has waited longest; None when nothing is due.

    A claim whose lease ran out (its sender died) is due again. The update checks the state once more, so that of two
    senders only one gets the row.
    """
    due = (
        "(state = 'pending' AND not_before <= :now)"
        " OR (state = 'sending' AND claimed_until <= :now AND expires_at > :now)"
    )
    parameters = {"now": stamp(now), "lease": stamp(lease_until)}
    claimed = rows(
        db,
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, claimed_until = :lease"
        f" WHERE id = (SELECT id FROM outbox WHERE {due} ORDER BY not_before, id LIMIT 1)"
        f" AND ({due}) RETURNING *",
        parameters,
    )
    return _message(claimed[0]) if claimed else None


def mark_sent(db: Database, message_id: int, now: datetime) -> None:
    """It arrived."""
    db.conn.execute(
        "UPDATE outbox SET state = ?, sent_at = ?, claimed_until = NULL WHERE id = ?",
        (State.SENT.value, stamp(now), message_id),
    )


def put_back(db: Database, message_id: int, not_before: datetime, error: str) -> None:
    """It did not arrive; try again then."""
    db.conn.execute(
        "UPDATE outbox SET state = ?, not_before = ?, last_error = ?, claimed_until = NULL WHERE id = ?",
        (State.PENDING.value, stamp(not_before), error, message_id),
    )


def give_up(db: Database, message_id: int, error: str) -> None:
    """It can never arrive."""
    db.conn.execute(
        "UPDATE outbox SET state = ?, last_error = ?, claimed_until = NULL WHERE id = ?",
        (State.FAILED.value, error, message_id),
    )


def counts(db: Database) -> dict[str, int]:
    """How many messages stand in each state."""
    found = rows(db, "SELECT state, count(*) AS n FROM outbox GROUP BY state")
    return {str(row["state"]): int(row["n"]) for row in found}


def _message(row: dict[str, object]) -> OutboxMessage:
    return OutboxMessage(
        id=int(str(row["id"])),
        dedup_key=str(row["dedup_key"]),
        chat_id=int(str(row["chat_id"])),
        kind=str(row["kind"]),
        text=str(row["text"]),
        attempts=int(str(row["attempts"])),
        expires_at=unstamp(str(row["expires_at"])),
    )
