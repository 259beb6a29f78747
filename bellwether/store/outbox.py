"""The table `outbox`: messages owed. A row before a message; unique on `dedup_key`."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlite_utils import Database

from bellwether.store.database import rows, stamp, unstamp
from bellwether.types import OutboxMessage

TERMINAL = 0  #: the chat of whoever sits at the terminal; no Telegram chat has this number
GONE = "gone: "  #: begins the `last_error` of a message whose reader had left


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
    """Drop what is no longer worth sending, unless a sender holds it just now; how many."""
    cursor = db.conn.execute(
        "UPDATE outbox SET state = 'expired' WHERE expires_at <= :now"
        " AND (state = 'pending' OR (state = 'sending' AND claimed_until <= :now))",
        {"now": stamp(now)},
    )
    return cursor.rowcount


def claim_next(db: Database, now: datetime, lease_until: datetime, *, terminal: bool = False) -> OutboxMessage | None:
    """Claim the message that has waited longest, for Telegram or for the terminal; None when nothing is due.

    A claim whose lease ran out (its sender died) is due again. The update checks the state once more, so that of two
    senders only one gets the row.
    """
    due = (
        f"expires_at > :now AND chat_id {'=' if terminal else '<>'} {TERMINAL} AND"
        " ((state = 'pending' AND not_before <= :now) OR (state = 'sending' AND claimed_until <= :now))"
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


def mark_sent(db: Database, message: OutboxMessage, now: datetime) -> bool:
    """It arrived. False when the claim is not ours any more: then another sender's word counts."""
    return _settle(db, message, "state = 'sent', sent_at = :at", at=stamp(now))


def put_back(db: Database, message: OutboxMessage, not_before: datetime, error: str) -> bool:
    """It did not arrive; try again then. False as above."""
    return _settle(db, message, "state = 'pending', not_before = :at, last_error = :error", stamp(not_before), error)


def give_up(db: Database, message: OutboxMessage, error: str) -> bool:
    """It can never arrive. False as above."""
    return _settle(db, message, "state = 'failed', last_error = :error", error=error)


def _settle(db: Database, message: OutboxMessage, change: str, at: str = "", error: str = "") -> bool:
    """Change a row that this attempt still holds: the attempt's number is its claim."""
    cursor = db.conn.execute(
        f"UPDATE outbox SET {change}, claimed_until = NULL"
        " WHERE id = :id AND state = 'sending' AND attempts = :attempts",
        {"id": message.id, "attempts": message.attempts, "at": at, "error": error},
    )
    return cursor.rowcount == 1


def prune(db: Database, before: datetime) -> int:
    """Forget what was settled before then; how many rows."""
    cursor = db.conn.execute(
        "DELETE FROM outbox WHERE state IN ('sent', 'failed', 'expired') AND expires_at < ?", (stamp(before),)
    )
    return cursor.rowcount


def failures_since(db: Database, since: datetime) -> int:
    """How many messages could not be sent lately, but for those to people who had left."""
    sql = (
        "SELECT count(*) AS n FROM outbox WHERE state = 'failed' AND created_at >= :since AND last_error NOT LIKE :gone"
    )
    (row,) = rows(db, sql, {"since": stamp(since), "gone": f"{GONE}%"})
    return int(row["n"])


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
