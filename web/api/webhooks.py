"""Webhooks of a key's owner: where alerts are sent to, what came of each attempt, and once more."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from bellwether.client.answers.alerts import (
    AttemptAnswer,
    AttemptsAnswer,
    NewWebhookAnswer,
    SentAnswer,
    WebhookAnswer,
    WebhooksAnswer,
)
from bellwether.core.errors import NotInPlan
from bellwether.webhooks import ask
from bellwether.webhooks.webhooks_table import Webhook
from web.api.caller import CallerOf, KeyOf
from web.api.cursors import Cursor, Limit, after, cursor_of
from web.api.negotiate import answer, shaped
from web.api.openapi_responses import KEY_NEEDED, problems, security
from web.api.requests import Question
from web.dependencies import ServicesOf

_NO_STORE = {"Cache-Control": "no-store"}
LONGEST_OVERLAP = 30  #: days
router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])
Number = Annotated[int, Path(ge=1, le=2**53)]


class WebhookQuestion(Question):
    """Where alerts are to be sent."""

    url: Annotated[str, Field(max_length=500, examples=["https://example.com/bellwether"])]


class RotateSecretQuestion(Question):
    """How long the old secret signs beside the new one."""

    overlap_hours: Annotated[float, Field(ge=0, le=24 * LONGEST_OVERLAP)] = ask.OVERLAP / timedelta(hours=1)


@router.get("", response_model=WebhooksAnswer, responses=problems(), openapi_extra=security(KEY_NEEDED))
def list_webhooks(request: Request, services: ServicesOf, key: KeyOf) -> Response:
    """Where alerts are sent to."""
    return answer(request, {"items": [_about(one) for one in ask.every(services, key.id)]})


@router.post(
    "",
    status_code=201,
    response_model=NewWebhookAnswer,
    responses=problems(409),
    openapi_extra=security(KEY_NEEDED),
)
def add_webhook(services: ServicesOf, caller: CallerOf, key: KeyOf, asked: WebhookQuestion) -> Response:
    """Send alerts to an address of the open internet; its secret is shown only now."""
    if not caller.plan.webhooks:
        raise NotInPlan("Your plan has no webhooks.")
    hook = ask.add(services, key.id, asked.url, caller.plan.webhooks)
    return _with_secret(hook, 201)


@router.get("/{webhook_id}", response_model=WebhookAnswer, responses=problems(), openapi_extra=security(KEY_NEEDED))
def get_webhook(request: Request, services: ServicesOf, key: KeyOf, webhook_id: Number) -> Response:
    """One address."""
    return answer(request, _about(ask.get(services, key.id, webhook_id)))


@router.delete("/{webhook_id}", status_code=204, responses=problems(), openapi_extra=security(KEY_NEEDED))
def remove_webhook(services: ServicesOf, key: KeyOf, webhook_id: Number) -> Response:
    """Forget an address, with what was sent to it."""
    ask.remove(services, key.id, webhook_id)
    return Response(status_code=204)


@router.post(
    "/{webhook_id}/rotate",
    response_model=NewWebhookAnswer,
    responses=problems(),
    openapi_extra=security(KEY_NEEDED),
)
def rotate_secret(services: ServicesOf, key: KeyOf, webhook_id: Number, asked: RotateSecretQuestion) -> Response:
    """A new secret; until the old one ends, every message carries a signature of each."""
    overlap = timedelta(hours=asked.overlap_hours)
    return _with_secret(ask.rotate(services, key.id, webhook_id, overlap), 200)


@router.post(
    "/{webhook_id}/enable", response_model=WebhookAnswer, responses=problems(), openapi_extra=security(KEY_NEEDED)
)
def enable_webhook(request: Request, services: ServicesOf, key: KeyOf, webhook_id: Number) -> Response:
    """Send again to an address that was disabled."""
    return answer(request, _about(ask.enable(services, key.id, webhook_id)))


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    response_model=SentAnswer,
    responses=problems(409),
    openapi_extra=security(KEY_NEEDED),
)
def try_webhook(services: ServicesOf, key: KeyOf, webhook_id: Number) -> Response:
    """Send an event of the type webhook.test."""
    return JSONResponse({"event_id": ask.trial(services, key.id, webhook_id)}, 202, _NO_STORE)


@router.get(
    "/{webhook_id}/attempts", response_model=AttemptsAnswer, responses=problems(), openapi_extra=security(KEY_NEEDED)
)
def list_attempts(
    request: Request, services: ServicesOf, key: KeyOf, webhook_id: Number, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """What was sent and what came of it, newest first; kept for 30 days."""
    found = ask.attempts(services, key.id, webhook_id, after(cursor), limit + 1)
    following = cursor_of(found[limit - 1].id) if len(found) > limit else None
    return answer(request, {"items": [shaped(AttemptAnswer, one) for one in found[:limit]], "next_cursor": following})


@router.post(
    "/{webhook_id}/attempts/{attempt_id}/replay",
    status_code=202,
    response_model=SentAnswer,
    responses=problems(409),
    openapi_extra=security(KEY_NEEDED),
)
def replay(services: ServicesOf, key: KeyOf, webhook_id: Number, attempt_id: Number) -> Response:
    """Send the event of an attempt once more, under the same webhook-id."""
    event_id = ask.replay(services, key.id, webhook_id, attempt_id)
    return JSONResponse({"event_id": event_id}, 202, _NO_STORE)


def _about(hook: Webhook, shape: type[Any] = WebhookAnswer) -> dict[str, Any]:
    return shaped(shape, hook, old_secret_until=hook.old_until)


def _with_secret(hook: Webhook, status: int) -> Response:
    return JSONResponse(_about(hook, NewWebhookAnswer), status, _NO_STORE)
