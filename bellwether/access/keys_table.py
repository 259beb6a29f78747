"""The tables `api_keys`, `api_secrets` and `api_terms`: who may call the API, and on what terms.

Of a secret only the sha256 is kept. A key outlives its secrets: rotation adds a new one and lets the old one end later.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from bellwether.core.plans import Terms
from bellwether.db.connection import Connection
from bellwether.db.database import stamp, stamp_or_none, unstamp, unstamp_or_none
from bellwether.db.sql import ALONE, insert, one_of


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


def add(db: Connection, owner: str, plan: str, scopes: frozenset[str], now: datetime) -> int:
    """A new key, without a secret yet; its number."""
    sql = insert("api_keys", ("owner", "plan", "scopes", "created_at"))
    values = {"owner": owner, "plan": plan, "scopes": " ".join(sorted(scopes)), "created_at": stamp(now)}
    return int(db.execute(f"{sql} RETURNING id", values).fetchone()[0])


def add_secret(db: Connection, key_id: int, secret: Secret) -> None:
    """Let a key be proved by this secret too."""
    db.execute(
        insert("api_secrets", ("public_id", "key_id", "digest", "created_at", "expires_at")),
        {
            "public_id": secret.public_id,
            "key_id": key_id,
            "digest": secret.digest,
            "created_at": stamp(secret.created_at),
            "expires_at": stamp_or_none(secret.expires_at),
        },
    )


def end_secrets(db: Connection, key_id: int, at: datetime) -> None:
    """Let the secrets that a key has end then, unless they do earlier."""
    db.execute(
        "UPDATE api_secrets SET expires_at = :at WHERE key_id = :key_id AND (expires_at IS NULL OR expires_at > :at)",
        {"at": stamp(at), "key_id": key_id},
    )


def add_terms(db: Connection, key_id: int, terms: Terms) -> None:
    """Give a key terms of its own."""
    db.execute(
        insert("api_terms", ("key_id", "changes", "starts_at", "ends_at")),
        {
            "key_id": key_id,
            "changes": json.dumps(terms.changes),
            "starts_at": stamp_or_none(terms.starts_at),
            "ends_at": stamp_or_none(terms.ends_at),
        },
    )


def set_plan(db: Connection, key_id: int, plan: str) -> None:
    """Put a key on another plan."""
    db.execute("UPDATE api_keys SET plan = :plan WHERE id = :id", {"plan": plan, "id": key_id})


def revoke(db: Connection, key_id: int, now: datetime) -> None:
    """End a key for good. One that was revoked before stays revoked since then."""
    sql = "UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL"
    db.execute(sql, {"now": stamp(now), "id": key_id})


def get(db: Connection, key_id: int) -> Key | None:
    """A key; None when there is none of this number."""
    row = db.first_row("SELECT * FROM api_keys WHERE id = :id", {"id": key_id})
    return _key(row, _terms(db, key_id)) if row else None


def every(db: Connection) -> list[Key]:
    """All keys, oldest first."""
    return [_key(row, _terms(db, row["id"])) for row in db.rows("SELECT * FROM api_keys ORDER BY id")]


def secrets_of(db: Connection, key_id: int) -> list[Secret]:
    """The secrets of a key, oldest first."""
    sql = "SELECT * FROM api_secrets WHERE key_id = :id ORDER BY created_at, public_id"
    return [_secret(row) for row in db.rows(sql, {"id": key_id})]


def by_public_ids(db: Connection, public_ids: Collection[str]) -> dict[str, tuple[Key, Secret]]:
    """The keys that secrets with these public parts belong to, in one query; without those that nobody has."""
    sql = (
        "SELECT k.*, public_id, digest, s.created_at AS secret_created_at, expires_at, changes, starts_at, ends_at"
        " FROM api_secrets AS s JOIN api_keys AS k ON k.id = s.key_id LEFT JOIN api_terms AS t ON t.key_id = s.key_id"
        f" WHERE {one_of('public_id', 'ids')} ORDER BY public_id, t.id"
    )
    rows = groupby(db.rows(sql, {"ids": list(public_ids)}), itemgetter("public_id"))
    found: dict[str, tuple[Key, Secret]] = {}
    for public_id, of_secret in rows:
        row, *more = of_secret
        terms = [row, *more] if row["changes"] is not None else []
        found[public_id] = _key(row, terms), _secret({**row, "created_at": row["secret_created_at"]})
    return found


def hold(db: Connection, public_ids: Collection[str]) -> None:
    """Let nobody else count for the keys of these secrets until the transaction ends."""
    sql = f"SELECT id FROM api_keys WHERE id IN (SELECT key_id FROM api_secrets WHERE {one_of('public_id', 'ids')})"
    db.execute(f"{sql} ORDER BY id{ALONE}", {"ids": list(public_ids)})


def hold_one(db: Connection, key_id: int) -> None:
    """Let nobody else decide for a key by what it has until the transaction ends."""
    db.execute(f"SELECT id FROM api_keys WHERE id = :id{ALONE}", {"id": key_id})


def works(db: Connection, key_id: int, now: datetime) -> bool:
    """Whether a key still opens anything: it is not revoked, and one of its secrets has not ended."""
    sql = (
        "SELECT 1 FROM api_keys JOIN api_secrets ON key_id = api_keys.id WHERE api_keys.id = :id"
        " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now) LIMIT 1"
    )
    return bool(db.rows(sql, {"id": key_id, "now": stamp(now)}))


def _terms(db: Connection, key_id: int) -> list[dict[str, Any]]:
    return db.rows("SELECT * FROM api_terms WHERE key_id = :id ORDER BY id", {"id": key_id})


def _key(row: dict[str, Any], terms: Iterable[dict[str, Any]]) -> Key:
    return Key(
        id=row["id"],
        owner=row["owner"],
        plan=row["plan"],
        scopes=frozenset(row["scopes"].split()),
        created_at=unstamp(row["created_at"]),
        revoked_at=unstamp_or_none(row["revoked_at"]),
        terms=tuple(
            Terms(json.loads(term["changes"]), unstamp_or_none(term["starts_at"]), unstamp_or_none(term["ends_at"]))
            for term in terms
        ),
    )


def _secret(row: dict[str, Any]) -> Secret:
    return Secret(row["public_id"], row["digest"], unstamp(row["created_at"]), unstamp_or_none(row["expires_at"]))
