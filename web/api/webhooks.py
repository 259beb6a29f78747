"""Webhooks of a key's owner: where alerts are sent to, what came of each attempt, and once more."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from starlette.responses import Response

from bellwether.client.answers.alerts import (
    AttemptAnswer,
    AttemptsAnswer,
    NewWebhookAnswer,
    SentAnswer,
    WebhookAnswer,
    WebhooksAnswer,
)
from bellwether.core.errors import NotInPlan
from bellwether.delivery.webhooks.webhooks_table import Webhook
from bellwether.webhooks import ask
from web.api.caller import CallerOf, KeyOf
from web.api.negotiate import JsonReplyOf, shaped, unkept
from web.api.openapi import named_router, owned
from web.api.requests import PageOf, Question
from web.dependencies import ApiOf, ClockOf, StoreOf

LONGEST_OVERLAP = 30  #: days
router = named_router("webhooks", below="/webhooks")
Number = Annotated[int, Path(ge=1, le=2**53, description="The webhook's `id`")]
AttemptId = Annotated[int, Path(ge=1, le=2**53, description="`id` of one of its attempts")]


class WebhookQuestion(Question):
    """Where alerts are to be sent."""

    url: Annotated[str, Field(max_length=500, examples=["https://example.com/bellwether"])]


class RotateSecretQuestion(Question):
    """How long the old secret signs beside the new one."""

    overlap_hours: Annotated[float, Field(ge=0, le=24 * LONGEST_OVERLAP)] = ask.OVERLAP / timedelta(hours=1)


@router.get("", **owned(WebhooksAnswer))
def list_webhooks(store: StoreOf, key: KeyOf, reply: JsonReplyOf) -> Response:
    """Where alerts are sent to."""
    return reply({"items": [_about(hook) for hook in ask.every(store, key.id)]})


@router.post("", **owned(NewWebhookAnswer, 409, status=201))
def add_webhook(
    store: StoreOf, clock: ClockOf, api: ApiOf, caller: CallerOf, key: KeyOf, asked: WebhookQuestion
) -> Response:
    """Send alerts to an address of the open internet; its secret is shown only now."""
    if not caller.plan.webhooks:
        raise NotInPlan("Your plan has no webhooks.")
    hook = ask.add(store, clock, key.id, asked.url, caller.plan.webhooks, private=api.private_webhooks)
    return _with_secret(hook, 201)


@router.get("/{webhook_id}", **owned(WebhookAnswer))
def get_webhook(store: StoreOf, key: KeyOf, webhook_id: Number, reply: JsonReplyOf) -> Response:
    """One address."""
    return reply(_about(ask.get(store, key.id, webhook_id)))


@router.delete("/{webhook_id}", **owned(status=204))
def remove_webhook(store: StoreOf, key: KeyOf, webhook_id: Number) -> Response:
    """Forget an address, with what was sent to it."""
    ask.remove(store, key.id, webhook_id)
    return Response(status_code=204)


@router.post("/{webhook_id}/rotate", **owned(NewWebhookAnswer))
def rotate_webhook_secret(
    store: StoreOf, clock: ClockOf, key: KeyOf, webhook_id: Number, asked: RotateSecretQuestion
) -> Response:
    """A new secret; until the old one ends, every message carries a signature of each."""
    overlap = timedelta(hours=asked.overlap_hours)
    return _with_secret(ask.rotate(store, clock, key.id, webhook_id, overlap), 200)


@router.post("/{webhook_id}/enable", **owned(WebhookAnswer))
def enable_webhook(store: StoreOf, key: KeyOf, webhook_id: Number, reply: JsonReplyOf) -> Response:
    """Send again to an address that was disabled."""
    return reply(_about(ask.enable(store, key.id, webhook_id)))


@router.post("/{webhook_id}/test", **owned(SentAnswer, 409, status=202))
def test_webhook(store: StoreOf, clock: ClockOf, key: KeyOf, webhook_id: Number) -> Response:
    """Send an event of the type webhook.test."""
    return unkept({"event_id": ask.trial(store, clock, key.id, webhook_id)}, 202)


@router.get("/{webhook_id}/attempts", **owned(AttemptsAnswer))
def list_webhook_attempts(store: StoreOf, key: KeyOf, webhook_id: Number, page: PageOf, reply: JsonReplyOf) -> Response:
    """What was sent and what came of it, newest first; kept for 30 days."""
    attempts = ask.attempts(store, key.id, webhook_id, page.after, page.limit + 1)
    shown, following = page.cut(attempts, lambda attempt: attempt.id)
    return reply({"items": [shaped(AttemptAnswer, attempt) for attempt in shown], "next_cursor": following})


@router.post("/{webhook_id}/attempts/{attempt_id}/replay", **owned(SentAnswer, 409, status=202))
def replay_webhook_attempt(
    store: StoreOf, clock: ClockOf, key: KeyOf, webhook_id: Number, attempt_id: AttemptId
) -> Response:
    """Send the event of an attempt once more, under the same webhook-id."""
    return unkept({"event_id": ask.replay(store, clock, key.id, webhook_id, attempt_id)}, 202)


def _about(hook: Webhook, shape: type[Any] = WebhookAnswer) -> dict[str, Any]:
    return shaped(shape, hook, old_secret_until=hook.old_until)


def _with_secret(hook: Webhook, status: int) -> Response:
    return unkept(_about(hook, NewWebhookAnswer), status)
