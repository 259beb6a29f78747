"""The tables `api_keys`, `api_secrets` and `api_terms`: who may call the API, and on what terms.

Of a secret only the sha256 is kept. A key outlives its secrets: rotation adds a new one and lets the old one end later.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bellwether.core.plans import Terms
from bellwether.db.database import first_row, rows, stamp, stamp_or_none, unstamp, unstamp_or_none


@dataclass(frozen=True, slots=True)
class Key:
    """A caller of the API."""

    id: int
    owner: str
    plan: str
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None
    terms: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class Secret:
    """What proves that a caller has a key: its public part, and the sha256 of the rest."""

    public_id: str
    digest: bytes
    created_at: datetime
    expires_at: datetime | None


def add(db: Database, owner: str, plan: str, scopes: frozenset[str], now: datetime) -> int:
    """A new key, without a secret yet; its number."""
    cursor = db.conn.execute(
        "INSERT INTO api_keys (owner, plan, scopes, created_at) VALUES (?, ?, ?, ?)",
        (owner, plan, " ".join(sorted(scopes)), stamp(now)),
    )
    return int(cursor.lastrowid or 0)


def add_secret(db: Database, key_id: int, secret: Secret) -> None:
    """Let a key be proved by this secret too."""
    db.conn.execute(
        "INSERT INTO api_secrets (public_id, key_id, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        (secret.public_id, key_id, secret.digest, stamp(secret.created_at), stamp_or_none(secret.expires_at)),
    )


def end_secrets(db: Database, key_id: int, at: datetime) -> None:
    """Let the secrets that a key has end then, unless they do earlier."""
    db.conn.execute(
        "UPDATE api_secrets SET expires_at = :at WHERE key_id = :key_id AND (expires_at IS NULL OR expires_at > :at)",
        {"at": stamp(at), "key_id": key_id},
    )


def add_terms(db: Database, key_id: int, terms: Terms) -> None:
    """Give a key terms of its own."""
    db.conn.execute(
        "INSERT INTO api_terms (key_id, changes, starts_at, ends_at) VALUES (?, ?, ?, ?)",
        (key_id, json.dumps(terms.changes), stamp_or_none(terms.starts_at), stamp_or_none(terms.ends_at)),
    )


def set_plan(db: Database, key_id: int, plan: str) -> None:
    """Put a key on another plan."""
    db.conn.execute("UPDATE api_keys SET plan = ? WHERE id = ?", (plan, key_id))


def revoke(db: Database, key_id: int, now: datetime) -> None:
    """End a key for good. One that was revoked before stays revoked since then."""
    db.conn.execute("UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (stamp(now), key_id))


def get(db: Database, key_id: int) -> Key | None:
    """A key; None when there is none of this number."""
    row = first_row(db, "SELECT * FROM api_keys WHERE id = :id", {"id": key_id})
    return _key(db, row) if row else None


def every(db: Database) -> list[Key]:
    """All keys, oldest first."""
    return [_key(db, row) for row in rows(db, "SELECT * FROM api_keys ORDER BY id")]


def secrets_of(db: Database, key_id: int) -> list[Secret]:
    """The secrets of a key, oldest first."""
    sql = "SELECT * FROM api_secrets WHERE key_id = :id ORDER BY created_at, public_id"
    return [_secret(row) for row in rows(db, sql, {"id": key_id})]


def by_public_id(db: Database, public_id: str) -> tuple[Key, Secret] | None:
    """The key that a secret with this public part belongs to; None when nobody has it."""
    row = first_row(db, "SELECT * FROM api_secrets WHERE public_id = :public_id", {"public_id": public_id})
    key = get(db, row["key_id"]) if row else None
    return (key, _secret(row)) if row and key is not None else None


def works(db: Database, key_id: int, now: datetime) -> bool:
    """Whether a key still opens anything: it is not revoked, and one of its secrets has not ended."""
    sql = (
        "SELECT 1 FROM api_keys JOIN api_secrets ON key_id = api_keys.id WHERE api_keys.id = :id"
        " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now) LIMIT 1"
    )
    return bool(rows(db, sql, {"id": key_id, "now": stamp(now)}))


def _key(db: Database, row: dict[str, Any]) -> Key:
    sql = "SELECT * FROM api_terms WHERE key_id = :id ORDER BY id"
    return Key(
        id=row["id"],
        owner=row["owner"],
        plan=row["plan"],
        scopes=frozenset(row["scopes"].split()),
        created_at=unstamp(row["created_at"]),
        revoked_at=unstamp_or_none(row["revoked_at"]),
        terms=tuple(
            Terms(json.loads(term["changes"]), unstamp_or_none(term["starts_at"]), unstamp_or_none(term["ends_at"]))
            for term in rows(db, sql, {"id": row["id"]})
        ),
    )


def _secret(row: dict[str, Any]) -> Secret:
    return Secret(row["public_id"], row["digest"], unstamp(row["created_at"]), unstamp_or_none(row["expires_at"]))
