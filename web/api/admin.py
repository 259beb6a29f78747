"""The operator's address: keys made, listed, rotated, changed and revoked.

Only the bearer of the operator's own token comes this far: `web.middleware.access` stands before it.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Path
from pydantic import AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from bellwether.access import key_report, keys, keys_table
from bellwether.access.keys import LONGEST_OVERLAP, LONGEST_OWNER, OVERLAP, NewKey
from bellwether.access.keys_table import Key
from bellwether.client.answers.keys import KeyAnswer, KeysAnswer, NewKeyAnswer
from bellwether.core.config import Api
from bellwether.core.plans import Terms
from bellwether.db.database import Store
from web.api.caller import CallerOf
from web.api.negotiate import unkept
from web.api.openapi import ADMIN, named_router, operation
from web.api.requests import Question
from web.dependencies import ApiOf, NowOf, StoreOf
from web.problems import HttpProblem


async def _operator_only(caller: CallerOf) -> None:
    """Let nobody pass who came by another way. Raises HttpProblem."""
    if not caller.is_operator:
        raise HttpProblem("bad_key", "This address wants the operator's token.")


router = named_router("operator", below="/admin", dependencies=[Depends(_operator_only)])
KeyId = Annotated[int, Path(ge=1, le=2**53, description="The number of a key")]


def _as_text(value: Any) -> Any:
    """Times are text: a number would be read as seconds since 1970."""
    if value is not None and not isinstance(value, str):
        raise PydanticCustomError("instant", "Input should be an instant such as 2027-01-31T00:00:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_as_text)]


class OwnTerms(Question):
    """What a key has in place of its plan's, for a time."""

    changes: Annotated[dict[str, Any], Field(min_length=1, examples=[{"requests_a_minute": 1000}])]
    starts_at: Instant | None = None
    ends_at: Instant | None = None


def _terms(own: OwnTerms | None) -> Terms | None:
    return Terms(own.changes, own.starts_at, own.ends_at) if own is not None else None


class NewKeyQuestion(Question):
    """A key to be made."""

    owner: Annotated[str, Field(min_length=1, max_length=LONGEST_OWNER)]
    plan: Annotated[str, Field(max_length=100)] = "free"
    scopes: list[Annotated[str, Field(max_length=20)]] = Field(sorted(keys.EVERY_SCOPE), max_length=10)
    expires_at: Instant | None = None
    own_terms: OwnTerms | None = None


class RotateQuestion(Question):
    """How long the old secret goes on working."""

    overlap_days: Annotated[float, Field(ge=0, le=LONGEST_OVERLAP.days)] = OVERLAP.days
    expires_at: Instant | None = None


class TermsQuestion(Question):
    """Another plan, terms of its own, or both."""

    plan: Annotated[str, Field(max_length=100)] | None = None
    own_terms: OwnTerms | None = None


_declared = partial(operation, needs=ADMIN)


@router.get("/keys", **_declared(KeysAnswer))
def list_keys(store: StoreOf, api: ApiOf, now: NowOf) -> Response:
    """Every key, and what it has used."""
    return unkept({"items": key_report.report(store, api, now)})


@router.post("/keys", **_declared(NewKeyAnswer, status=201))
def create_key(store: StoreOf, api: ApiOf, now: NowOf, asked: NewKeyQuestion) -> Response:
    """Make a key; its secret is shown only now."""
    terms = _terms(asked.own_terms)
    made = keys.create(
        store, api, asked.owner, asked.plan, now, scopes=asked.scopes, expires_at=asked.expires_at, terms=terms
    )
    return _with_secret(store, api, now, made)


@router.post("/keys/{key_id}/rotate", **_declared(NewKeyAnswer, status=201))
def rotate_key(store: StoreOf, api: ApiOf, now: NowOf, key_id: KeyId, asked: RotateQuestion) -> Response:
    """A new secret for a key; the old ones work a while longer."""
    _check(store, key_id)
    overlap = timedelta(days=asked.overlap_days)
    return _with_secret(store, api, now, keys.rotate(store, key_id, now, overlap, asked.expires_at))


@router.patch("/keys/{key_id}", **_declared(KeyAnswer))
def change_key(store: StoreOf, api: ApiOf, now: NowOf, key_id: KeyId, asked: TermsQuestion) -> Response:
    """Another plan for a key, or terms of its own."""
    _check(store, key_id)
    key = keys.give_terms(store, api, key_id, now, plan=asked.plan, terms=_terms(asked.own_terms))
    return unkept(_about(store, api, now, key))


@router.delete("/keys/{key_id}", **_declared(KeyAnswer))
def revoke_key(store: StoreOf, api: ApiOf, now: NowOf, key_id: KeyId) -> Response:
    """End a key at once."""
    _check(store, key_id)
    return unkept(_about(store, api, now, keys.revoke(store, key_id, now)))


def _check(store: Store, key_id: int) -> None:
    """Raises HttpProblem for an unknown number: BadKey is for those who come with a wrong key."""
    with store.reading() as db:
        if keys_table.get(db, key_id) is None:
            raise HttpProblem("unknown_key", f"There is no key number {key_id}.")


def _with_secret(store: Store, api: Api, now: datetime, made: NewKey) -> Response:
    until = made.old_until.isoformat() if made.old_until else None
    return unkept({"key": made.token, "old_until": until, "about": _about(store, api, now, made.key)}, 201)


def _about(store: Store, api: Api, now: datetime, key: Key) -> dict[str, Any]:
    with store.reading() as db:
        return key_report.about(db, key, api, now)
