"""Keys as plain values, for the command line and the operator's address; never their secrets."""

from datetime import datetime
from typing import Any

from bellwether.access import keys_table, usage_table
from bellwether.access.keys import PREFIX
from bellwether.access.keys_table import Key, Secret
from bellwether.core.config import Api
from bellwether.core.errors import BadTerms
from bellwether.core.plans import in_force
from bellwether.db.connection import Connection
from bellwether.db.database import Store


def report(store: Store, api: Api, now: datetime) -> list[dict[str, Any]]:
    """Every key, oldest first, ready for `json.dumps`. Raises StoreError."""
    with store.reading() as db:
        return [about(db, key, api, now) for key in keys_table.every(db)]


def about(db: Connection, key: Key, api: Api, now: datetime) -> dict[str, Any]:
    """One key."""
    plan = api.plans.get(key.plan)
    try:
        terms_now = in_force(plan, key.terms, now).model_dump(mode="json") if plan is not None else None
    except BadTerms:
        terms_now = None
    return {
        "id": key.id,
        "owner": key.owner,
        "plan": key.plan,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "revoked_at": _iso(key.revoked_at),
        "secrets": [_secret(secret, key, now) for secret in keys_table.secrets_of(db, key.id)],
        "own_terms": [
            {"changes": terms.changes, "starts_at": _iso(terms.starts_at), "ends_at": _iso(terms.ends_at)}
            for terms in key.terms
        ],
        "in_force": terms_now,
        "requests": usage_table.total(db, key.id),
    }


def _secret(secret: Secret, key: Key, now: datetime) -> dict[str, Any]:
    works = key.revoked_at is None and (secret.expires_at is None or now < secret.expires_at)
    return {
        "begins_with": f"{PREFIX}{secret.public_id}",
        "created_at": secret.created_at.isoformat(),
        "expires_at": _iso(secret.expires_at),
        "works": works,
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
