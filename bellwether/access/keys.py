"""API keys: made, rotated, revoked and recognised.

    bw_live_<public id>_<secret>

The public id finds the row; of the secret only a sha256 is kept, which is compared in constant time. It has 160 random
bits, so a fast hash is enough: nobody tries them all.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bellwether.access import keys_table
from bellwether.access.keys_table import Key, Secret
from bellwether.core.config import Api
from bellwether.core.errors import BadKey, BadTerms, ExpiredKey, RevokedKey
from bellwether.core.plans import Plan, Terms, in_force
from bellwether.db.connection import Connection
from bellwether.db.database import Store

PREFIX = "bw_live_"
OVERLAP = timedelta(days=7)  #: for which the old secret of a rotated key goes on working
LONGEST_OVERLAP = timedelta(days=90)
LONGEST_OWNER = 100  #: characters
_TOKEN = re.compile(rf"{PREFIX}([0-9a-f]{{12}})_([0-9a-f]{{40}})", re.ASCII)
_BEGINNING = re.compile(rf"{PREFIX}([0-9a-f]{{12}})(?:_|$)", re.ASCII)
_UNKNOWN = "This is no key that we know. Keys begin with bw_live_ and travel as “Authorization: Bearer bw_live_...”."


class Scope(StrEnum):
    """What a key is for."""

    READ = "read"  #: forecasts, records and everything else that is looked up
    ALERTS = "alerts"  #: rules, alerts and their stream
    WEBHOOKS = "webhooks"  #: where alerts are sent to


EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key, and the one sight of its secret."""

    key: Key
    token: str = field(repr=False)
    old_until: datetime | None = None  #: of a rotated key: when its older secrets end


def create(
    store: Store,
    api: Api,
    owner: str,
    plan: str,
    now: datetime,
    *,
    scopes: Iterable[str] = EVERY_SCOPE,
    expires_at: datetime | None = None,
    terms: Terms | None = None,
) -> NewKey:
    """A new key. Raises BadTerms for a plan, scope, owner or terms that cannot be, and StoreError."""
    owner = " ".join(owner.split())
    if not 1 <= len(owner) <= LONGEST_OWNER or not owner.isprintable():
        raise BadTerms(f"A key needs an owner: a name of 1 to {LONGEST_OWNER} characters.")
    wanted = frozenset(scopes)
    if not wanted or not wanted <= EVERY_SCOPE:
        raise BadTerms(f"Scopes are {', '.join(Scope)}; a key needs one or more of them.")
    _check_expiry(expires_at, now)
    _check_terms(plan_named(api, plan), terms, now)
    token, secret = _new_secret(now, expires_at)
    with store.transaction() as db:
        key_id = keys_table.add(db, owner, plan, wanted, now)
        keys_table.add_secret(db, key_id, secret)
        if terms is not None:
            keys_table.add_terms(db, key_id, terms)
        return NewKey(_existing(db, key_id), token)


def rotate(
    store: Store, key_id: int, now: datetime, overlap: timedelta = OVERLAP, expires_at: datetime | None = None
) -> NewKey:
    """A new secret for a key; the old ones go on working for `overlap`.

    Raises BadKey for an unknown number, RevokedKey, BadTerms for an overlap or end that cannot be, and StoreError.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise BadTerms(f"Old and new secret can both work for 0 to {LONGEST_OVERLAP.days} days.")
    _check_expiry(expires_at, now)
    token, secret = _new_secret(now, expires_at)
    with store.transaction() as db:
        key = _existing(db, key_id)
        if key.revoked_at is not None:
            raise RevokedKey(f"Key {key_id} was revoked on {key.revoked_at:%Y-%m-%d}; make a new one.")
        keys_table.end_secrets(db, key_id, now + overlap)
        keys_table.add_secret(db, key_id, secret)
        return NewKey(key, token, now + overlap)


def revoke(store: Store, key_id: int, now: datetime) -> Key:
    """End a key at once, with all its secrets. Raises BadKey for an unknown number, and StoreError."""
    with store.transaction() as db:
        _existing(db, key_id)
        keys_table.revoke(db, key_id, now)
        return _existing(db, key_id)


def give_terms(
    store: Store, api: Api, key_id: int, now: datetime, *, plan: str | None = None, terms: Terms | None = None
) -> Key:
    """Put a key on another plan, or give it terms of its own. Raises BadKey, BadTerms and StoreError."""
    with store.transaction() as db:
        key = _existing(db, key_id)
        _check_terms(plan_named(api, plan or key.plan), terms, now)
        if plan is not None:
            keys_table.set_plan(db, key_id, plan)
        if terms is not None:
            keys_table.add_terms(db, key_id, terms)
        return _existing(db, key_id)


def number_of(store: Store, text: str) -> int:
    """The number of a key, given as that, as the key itself, or by its beginning. Raises BadKey and StoreError."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    begins = _BEGINNING.match(text)
    if begins is not None:
        with store.reading() as db:
            known = keys_table.by_public_ids(db, [begins[1]]).get(begins[1])
        if known is not None:
            return known[0].id
    raise BadKey("There is no such key; give its number, or the key itself, as keys list shows them.")


def plan_named(api: Api, name: str) -> Plan:
    """A plan of the settings. Raises BadTerms with those there are."""
    if name not in api.plans:
        raise BadTerms(f"There is no plan “{name[:40]}”; there are {', '.join(api.plans)}.")
    return api.plans[name]


def read_token(token: str) -> tuple[str, bytes]:
    """The public id of a key as it travels, and the sha256 of its secret. Raises BadKey for what is none."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        raise BadKey(_UNKNOWN)
    return parts[1], hashlib.sha256(parts[2].encode()).digest()


def recognise(known: tuple[Key, Secret] | None, digest: bytes, now: datetime) -> Key:
    """The key whose secret this is the sha256 of. Raises BadKey, ExpiredKey or RevokedKey.

    Whether it has expired is only told to whoever has the secret.
    """
    known_digest = known[1].digest if known is not None else bytes(len(digest))
    same = hmac.compare_digest(known_digest, digest)  # as long for an unknown id as for a wrong secret
    if known is None or not same:
        raise BadKey(_UNKNOWN)
    key, secret = known
    if key.revoked_at is not None:
        raise RevokedKey("This key was revoked. Please ask whoever runs this service for another.")
    if secret.expires_at is not None and secret.expires_at <= now:
        raise ExpiredKey(
            f"This key ended on {secret.expires_at:%Y-%m-%d %H:%M} UTC. Please use the one that came after."
        )
    return key


def _new_secret(now: datetime, expires_at: datetime | None) -> tuple[str, Secret]:
    token = f"{PREFIX}{secrets.token_hex(6)}_{secrets.token_hex(20)}"
    public_id, digest = read_token(token)
    return token, Secret(public_id, digest, now, expires_at)


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise BadTerms(f"The key would have ended on {expires_at:%Y-%m-%d} already; please give a later day.")


def _check_terms(plan: Plan, terms: Terms | None, now: datetime) -> None:
    """Refuse terms that cannot be, or that are over before they begin."""
    if terms is None:
        return
    if not terms.changes:
        raise BadTerms("Say what is to be different, such as requests_a_minute=1000.")
    start = max(terms.starts_at or now, now)
    if terms.ends_at is not None and terms.ends_at <= start:
        raise BadTerms("The terms would end before they begin; please give a later day.")
    in_force(plan, [Terms(terms.changes)], now)


def _existing(db: Connection, key_id: int) -> Key:
    key = keys_table.get(db, key_id)
    if key is None:
        raise BadKey(f"There is no key number {key_id}; see keys list.")
    return key
