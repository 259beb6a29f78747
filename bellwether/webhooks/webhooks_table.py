"""The tables `webhooks` and `webhook_attempts`: where alerts go to, and what came of each attempt."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bellwether.db.database import first_row, rows, stamp, unstamp, unstamp_or_none


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address of the owner of a key."""

    id: int
    key_id: int
    url: str
    secret: str
    old_secret: str | None  #: signs beside the other while the secret is being rotated
    old_until: datetime | None
    created_at: datetime
    disabled_at: datetime | None
    disabled_why: str

    def secrets(self, now: datetime) -> list[str]:
        """What signs at this instant, the newest first."""
        old = self.old_secret if self.old_until is not None and now < self.old_until else None
        return [self.secret, *([old] if old else [])]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver one event."""

    id: int
    webhook_id: int
    event_id: str
    body: str
    attempt: int  #: of this event, from 1
    at: datetime
    milliseconds: int
    status: int | None  #: None: no answer came
    error: str  #: empty when it arrived


def add(db: Database, key_id: int, url: str, secret: str, now: datetime) -> int:
    """A new address; its number."""
    sql = "INSERT INTO webhooks (key_id, url, secret, created_at) VALUES (?, ?, ?, ?)"
    return int(db.conn.execute(sql, (key_id, url, secret, stamp(now))).lastrowid or 0)


def of_key(db: Database, key_id: int) -> list[Webhook]:
    """The addresses of a key's owner, oldest first."""
    return [_webhook(row) for row in rows(db, "SELECT * FROM webhooks WHERE key_id = :id ORDER BY id", {"id": key_id})]


def get(db: Database, webhook_id: int) -> Webhook | None:
    """One address; None when there is none of this number."""
    row = first_row(db, "SELECT * FROM webhooks WHERE id = :id", {"id": webhook_id})
    return _webhook(row) if row else None


def remove(db: Database, webhook_id: int) -> None:
    """Forget an address, and what was sent to it."""
    db.conn.execute("DELETE FROM webhook_attempts WHERE webhook_id = ?", (webhook_id,))
    db.conn.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))


def rotate(db: Database, webhook_id: int, secret: str, old_until: datetime) -> None:
    """Sign with another secret; the one before signs too until then."""
    db.conn.execute(
        "UPDATE webhooks SET old_secret = secret, old_until = ?, secret = ? WHERE id = ?",
        (stamp(old_until), secret, webhook_id),
    )


def disable(db: Database, webhook_id: int, why: str, now: datetime) -> None:
    """Send nothing more to this address."""
    sql = "UPDATE webhooks SET disabled_at = ?, disabled_why = ? WHERE id = ? AND disabled_at IS NULL"
    db.conn.execute(sql, (stamp(now), why, webhook_id))


def enable(db: Database, webhook_id: int) -> None:
    """Send to it again."""
    db.conn.execute("UPDATE webhooks SET disabled_at = NULL, disabled_why = NULL WHERE id = ?", (webhook_id,))


def log(db: Database, attempt: Attempt) -> None:
    """Write down what came of an attempt, whatever the id says."""
    db.conn.execute(
        "INSERT INTO webhook_attempts (webhook_id, event_id, body, attempt, at, milliseconds, status, error)"
        " VALUES (:webhook_id, :event_id, :body, :attempt, :at, :milliseconds, :status, :error)",
        asdict(attempt) | {"at": stamp(attempt.at)},
    )


def attempts(db: Database, webhook_id: int, before: int, limit: int) -> list[Attempt]:
    """The attempts to reach an address, newest first, from below the one of number `before`; 0 is from the newest."""
    sql = (
        "SELECT * FROM webhook_attempts WHERE webhook_id = :id AND (:before = 0 OR id < :before)"
        " ORDER BY id DESC LIMIT :limit"
    )
    return [_attempt(row) for row in rows(db, sql, {"id": webhook_id, "before": before, "limit": limit})]


def attempt(db: Database, webhook_id: int, attempt_id: int) -> Attempt | None:
    """One attempt; None when this address has none of this number."""
    sql = "SELECT * FROM webhook_attempts WHERE webhook_id = :webhook AND id = :id"
    row = first_row(db, sql, {"webhook": webhook_id, "id": attempt_id})
    return _attempt(row) if row else None


def prune(db: Database, before: datetime) -> int:
    """Forget what was tried before then; how many rows."""
    return int(db.conn.execute("DELETE FROM webhook_attempts WHERE at < ?", (stamp(before),)).rowcount)


def _webhook(row: dict[str, Any]) -> Webhook:
    return Webhook(
        id=row["id"],
        key_id=row["key_id"],
        url=row["url"],
        secret=row["secret"],
        old_secret=row["old_secret"],
        old_until=unstamp_or_none(row["old_until"]),
        created_at=unstamp(row["created_at"]),
        disabled_at=unstamp_or_none(row["disabled_at"]),
        disabled_why=row["disabled_why"] or "",
    )


def _attempt(row: dict[str, Any]) -> Attempt:
    return Attempt(
        id=row["id"],
        webhook_id=row["webhook_id"],
        event_id=row["event_id"],
        body=row["body"],
        attempt=row["attempt"],
        at=unstamp(row["at"]),
        milliseconds=row["milliseconds"],
        status=row["status"],
        error=row["error"] or "",
    )
