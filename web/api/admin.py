"""The operator's address: keys made, listed, rotated, changed and revoked.

Only the bearer of the operator's own token comes this far: `web.middleware.access` stands before it.
"""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from starlette.responses import JSONResponse, Response

from bellwether.access import key_report, keys
from bellwether.access import keys_table as kept
from bellwether.access.keys import LONGEST_OVERLAP, LONGEST_OWNER, OVERLAP, NewKey
from bellwether.client.answers.keys import KeyAnswer, KeysAnswer, NewKeyAnswer
from bellwether.core.errors import BadKey
from bellwether.core.plans import Terms
from bellwether.services import Services
from web.api.caller import caller_in
from web.api.openapi_responses import ADMIN, problems, security
from web.api.requests import Question
from web.dependencies import ServicesOf
from web.problems import HttpProblem, ProblemError

_NO_STORE = {"Cache-Control": "no-store"}


def operator_only(request: Request) -> None:
    """Let nobody pass who came by another way. Raises ProblemError."""
    caller = caller_in(request.scope)
    if caller is None or not caller.is_operator:
        raise ProblemError(HttpProblem("bad_key", "This address wants the operator's token."))


router = APIRouter(prefix="/api/v1/admin", tags=["operator"], dependencies=[Depends(operator_only)])
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

    def terms(self) -> Terms:
        """As they are kept."""
        return Terms(self.changes, self.starts_at, self.ends_at)


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


@router.get("/keys", response_model=KeysAnswer, responses=problems(), openapi_extra=security(ADMIN))
def list_keys(services: ServicesOf) -> Response:
    """Every key, and what it has used."""
    found = key_report.report(services.store, services.settings.api, services.clock())
    return JSONResponse({"items": found}, headers=_NO_STORE)


@router.post("/keys", status_code=201, response_model=NewKeyAnswer, responses=problems(), openapi_extra=security(ADMIN))
def create_key(services: ServicesOf, asked: NewKeyQuestion) -> Response:
    """Make a key; its secret is shown only now."""
    made = keys.create(
        services.store,
        services.settings.api,
        asked.owner,
        asked.plan,
        services.clock(),
        scopes=asked.scopes,
        expires_at=asked.expires_at,
        terms=asked.own_terms.terms() if asked.own_terms is not None else None,
    )
    return JSONResponse(_shown(services, made), status_code=201, headers=_NO_STORE)


@router.post(
    "/keys/{key_id}/rotate",
    status_code=201,
    response_model=NewKeyAnswer,
    responses=problems(),
    openapi_extra=security(ADMIN),
)
def rotate_key(services: ServicesOf, key_id: KeyId, asked: RotateQuestion) -> Response:
    """A new secret for a key; the old ones work a while longer."""
    _check(services, key_id)
    overlap = timedelta(days=asked.overlap_days)
    made = keys.rotate(services.store, key_id, services.clock(), overlap, asked.expires_at)
    return JSONResponse(_shown(services, made), status_code=201, headers=_NO_STORE)


@router.patch("/keys/{key_id}", response_model=KeyAnswer, responses=problems(), openapi_extra=security(ADMIN))
def change_key(services: ServicesOf, key_id: KeyId, asked: TermsQuestion) -> Response:
    """Another plan for a key, or terms of its own."""
    _check(services, key_id)
    terms = asked.own_terms.terms() if asked.own_terms is not None else None
    keys.give_terms(services.store, services.settings.api, key_id, services.clock(), plan=asked.plan, terms=terms)
    return JSONResponse(_about(services, key_id), headers=_NO_STORE)


@router.delete("/keys/{key_id}", response_model=KeyAnswer, responses=problems(), openapi_extra=security(ADMIN))
def revoke_key(services: ServicesOf, key_id: KeyId) -> Response:
    """End a key at once."""
    _check(services, key_id)
    keys.revoke(services.store, key_id, services.clock())
    return JSONResponse(_about(services, key_id), headers=_NO_STORE)


def _check(services: Services, key_id: int) -> None:
    """Raises ProblemError for an unknown number: BadKey is for those who come with a wrong key."""
    with services.store.reading() as db:
        if kept.get(db, key_id) is None:
            raise ProblemError(HttpProblem("unknown_key", f"There is no key number {key_id}."))


def _shown(services: Services, made: NewKey) -> dict[str, Any]:
    until = made.old_until.isoformat() if made.old_until else None
    return {"key": made.token, "old_until": until, "about": _about(services, made.key.id)}


def _about(services: Services, key_id: int) -> dict[str, Any]:
    with services.store.reading() as db:
        key = kept.get(db, key_id)
        if key is None:
            raise BadKey(f"There is no key number {key_id}.")
        return key_report.about(db, key, services.settings.api, services.clock())
