"""The tables `webhooks` and `webhook_attempts`: where alerts go to, and what came of each attempt."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp, unstamp_or_none
from bellwether.db.sql import insert


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


def add(db: Connection, key_id: int, url: str, secret: str, now: datetime) -> int:
    """A new address; its number."""
    values = {"key_id": key_id, "url": url, "secret": secret, "created_at": stamp(now)}
    return int(db.execute(f"{insert('webhooks', values)} RETURNING id", values).fetchone()[0])


def of_key(db: Connection, key_id: int) -> list[Webhook]:
    """The addresses of a key's owner, oldest first."""
    return [_webhook(row) for row in db.rows("SELECT * FROM webhooks WHERE key_id = :id ORDER BY id", {"id": key_id})]


def keys_awake(db: Connection) -> list[int]:
    """The keys that have a webhook which is not disabled."""
    sql = "SELECT DISTINCT key_id FROM webhooks WHERE disabled_at IS NULL ORDER BY key_id"
    return [key_id for (key_id,) in db.execute(sql)]


def get(db: Connection, webhook_id: int) -> Webhook | None:
    """One address; None when there is none of this number."""
    row = db.first_row("SELECT * FROM webhooks WHERE id = :id", {"id": webhook_id})
    return _webhook(row) if row else None


def remove(db: Connection, webhook_id: int) -> None:
    """Forget an address, and what was sent to it."""
    db.execute("DELETE FROM webhook_attempts WHERE webhook_id = :id", {"id": webhook_id})
    db.execute("DELETE FROM webhooks WHERE id = :id", {"id": webhook_id})


def rotate(db: Connection, webhook_id: int, secret: str, old_until: datetime) -> None:
    """Sign with another secret; the one before signs too until then."""
    db.execute(
        "UPDATE webhooks SET old_secret = secret, old_until = :old_until, secret = :secret WHERE id = :id",
        {"old_until": stamp(old_until), "secret": secret, "id": webhook_id},
    )


def disable(db: Connection, webhook_id: int, why: str, now: datetime) -> None:
    """Send nothing more to this address."""
    sql = "UPDATE webhooks SET disabled_at = :now, disabled_why = :why WHERE id = :id AND disabled_at IS NULL"
    db.execute(sql, {"now": stamp(now), "why": why, "id": webhook_id})


def enable(db: Connection, webhook_id: int) -> None:
    """Send to it again."""
    db.execute("UPDATE webhooks SET disabled_at = NULL, disabled_why = NULL WHERE id = :id", {"id": webhook_id})


def log(db: Connection, attempt: Attempt) -> None:
    """Write down what came of an attempt, whatever the id says."""
    values = asdict(attempt) | {"at": stamp(attempt.at)}
    del values["id"]
    db.execute(insert("webhook_attempts", values), values)


def attempts(db: Connection, webhook_id: int, before: int, limit: int) -> list[Attempt]:
    """The attempts to reach an address, newest first, from below the one of number `before`; 0 is from the newest."""
    sql = (
        "SELECT * FROM webhook_attempts WHERE webhook_id = :id AND (:before = 0 OR id < :before)"
        " ORDER BY id DESC LIMIT :limit"
    )
    return [_attempt(row) for row in db.rows(sql, {"id": webhook_id, "before": before, "limit": limit})]


def attempt(db: Connection, webhook_id: int, attempt_id: int) -> Attempt | None:
    """One attempt; None when this address has none of this number."""
    sql = "SELECT * FROM webhook_attempts WHERE webhook_id = :webhook AND id = :id"
    row = db.first_row(sql, {"webhook": webhook_id, "id": attempt_id})
    return _attempt(row) if row else None


def prune(db: Connection, before: datetime) -> int:
    """Forget what was tried before then; how many rows."""
    return db.execute("DELETE FROM webhook_attempts WHERE at < :before", {"before": stamp(before)}).rowcount


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
