"""The dead letters of the table `outbox`: what could not be sent, and waits for a person to decide."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bellwether.store.database import rows, stamp
from bellwether.store.outbox import GONE

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


def all_of(db: Database) -> list[DeadLetter]:
    """Every dead letter, oldest first."""
    sql = f"SELECT id, dedup_key, attempts, created_at, last_error FROM outbox WHERE {_DEAD} ORDER BY id"
    return [DeadLetter(**row) for row in rows(db, sql)]


def retry(db: Database, ids: Collection[int], now: datetime, until: datetime) -> list[int]:
    """Owe these dead letters again, with a clean slate, until then at least; those that were dead letters."""
    return _change(
        db,
        ids,
        "UPDATE outbox SET state = 'pending', strikes = 0, failed_at = NULL, not_before = :now,"
        " expires_at = max(expires_at, :until)",
        {"now": stamp(now), "until": stamp(until)},
    )


def drop(db: Database, ids: Collection[int]) -> list[int]:
    """Let these dead letters go, so that nothing asks for attention any more; those that were dead letters.

    The row stays until it is old: without it the next tick would owe the same message again.
    """
    return _change(db, ids, "UPDATE outbox SET state = 'expired'", {})


def _change(db: Database, ids: Collection[int], update: str, values: dict[str, str]) -> list[int]:
    dead = {letter.id for letter in all_of(db)}
    changed = [one for one in ids if one in dead]
    for one in changed:
        db.conn.execute(f"{update} WHERE id = :id", values | {"id": str(one)})
    return changed
