"""The channel to programs.

what is owed to owners | `spread` over their webhooks | `send`, each event | logged; a 410 ends a webhook
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bellwether.access import keys_table
from bellwether.core.clock import Clock
from bellwether.core.errors import ConfigError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery.channels.channel import AT_ONCE, Accepted, Channel
from bellwether.delivery.channels.own_threads import OwnThreads
from bellwether.delivery.messages import OutboxMessage, RecipientKind
from bellwether.delivery.outbox_table import ClaimOrder
from bellwether.delivery.retry import Cause, DeliveryError, RetryPolicy
from bellwether.delivery.webhooks import webhook_outbox_table, webhooks_table
from bellwether.delivery.webhooks.webhooks_table import Attempt, Webhook

if TYPE_CHECKING:
    from bellwether.delivery.webhooks.sending import WebhookResponse, WebhookSender

LONGEST_HOLD = timedelta(minutes=10)
RETRIES = RetryPolicy(
    pauses=(
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=3),
        timedelta(hours=6),
        timedelta(hours=12),
    ),
    longest_asked=webhook_outbox_table.KEEP_TRYING,
)
_SPREAD_AT_ONCE = 200
#: makes an event of a message: its id, and its body as JSON
EventOf = Callable[[Connection, OutboxMessage, datetime], tuple[str, str]]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _WebhookAccepted(Accepted):
    """A webhook took an event."""

    response: "WebhookResponse | None" = None


class _WebhookError(DeliveryError):
    """A webhook did not take an event."""

    def __init__(self, response: "WebhookResponse") -> None:
        cause = Cause.CLOSED if response.gone else Cause.UNANSWERED if response.status is None else Cause.NOT_NOW
        asked = None if response.retry_after is None else timedelta(seconds=response.retry_after)
        super().__init__(response.error, cause, retry_after=asked)
        self.response = response

    @property
    def only_waits(self) -> bool:
        """A receiver that is down is no fault of the event: it is tried for as long as it is fresh."""
        return True


class WebhookChannel(Channel):
    """To the webhooks of owners of keys."""

    kind = RecipientKind.WEBHOOK
    order = ClaimOrder.EACH_ITS_TRIES
    retries = RETRIES
    units = "events to webhooks"
    spreads = (RecipientKind.KEY,)

    def __init__(
        self,
        store: Store,
        clock: Clock,
        event_of: EventOf,
        *,
        private: bool,
        sender: "WebhookSender | None" = None,
    ) -> None:
        """`private` lets messages go to our own network. Without a sender one is made when something is owed."""
        self._store, self._clock, self._event_of = store, clock, event_of
        self._private, self._sender = private, sender
        self._threads = OwnThreads(AT_ONCE, "webhook")
        self._is_out = False

    def can_send(self) -> bool:
        """Whether anything is owed to an owner or a webhook, and there is a sender, which is made here."""
        with self._store.reading() as db:  # as nearly always, there is none: nobody need be waited for
            if not webhook_outbox_table.any_owed(db):
                return False
        return self._open()

    def _open(self) -> bool:
        """Have a sender; False, and once a sentence in the log, where the environment keeps it from connecting."""
        if self._sender is None and not self._is_out:
            from bellwether.delivery.webhooks.sending import (
                WebhookSender,  # loads what speaks HTTP, which most never need
            )

            try:
                self._sender = WebhookSender(private=self._private)
            except ConfigError as problem:
                self._is_out = True
                log.error("%s What is owed to webhooks is kept.", problem)
        return self._sender is not None

    def spread(self, db: Connection, now: datetime) -> bool:
        """What is owed to owners becomes a row for each of their webhooks."""
        owed = webhook_outbox_table.owed_to_owners(db, now, _SPREAD_AT_ONCE)
        for message in owed:
            event_id, body = self._event_of(db, message, now)
            for hook in webhooks_table.of_key(db, message.recipient.id):
                if _takes(db, hook, now):
                    webhook_outbox_table.enqueue(db, hook.id, event_id, body, now)
            webhook_outbox_table.mark_spread(db, message, now)
        return bool(owed)

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send an event. Raises DeliveryError, also for a fault of ours: it is tried for as long as it is fresh."""
        try:
            response = await self._try_to_send(message)
        except DeliveryError:
            raise
        except Exception as fault:
            from bellwether.delivery.webhooks.sending import WebhookResponse

            log.exception("Event %s could not be sent to webhook %d.", message.event_id, message.recipient.id)
            raise _WebhookError(WebhookResponse(None, f"a fault on our side ({type(fault).__name__})", 0)) from fault
        if response.error:
            raise _WebhookError(response)
        return _WebhookAccepted(response=response)

    async def _try_to_send(self, message: OutboxMessage) -> "WebhookResponse":
        assert self._sender is not None
        hook = await self._threads.run(partial(self._hook, message.recipient.id))
        if hook is None:
            raise DeliveryError("the webhook takes nothing more", Cause.CLOSED)
        return await self._sender.send(hook, message.event_id, message.text, self._clock())

    def _hook(self, webhook_id: int) -> Webhook | None:
        """Where an event goes; None where nothing goes any more."""
        with self._store.reading() as db:
            hook = webhooks_table.get(db, webhook_id)
            return hook if hook is not None and _takes(db, hook, self._clock()) else None

    def arrived(self, db: Connection, message: OutboxMessage, accepted: Accepted, now: datetime) -> None:
        """Log the attempt."""
        if isinstance(accepted, _WebhookAccepted) and accepted.response is not None:
            _log_attempt(db, message, accepted.response, now)

    def failed(
        self, db: Connection, message: OutboxMessage, error: DeliveryError, again: datetime | None, now: datetime
    ) -> None:
        """Log the attempt, and let other events wait, so that a dead webhook keeps nobody else's waiting."""
        webhook_id = message.recipient.id
        if isinstance(error, _WebhookError):
            _log_attempt(db, message, error.response, now)
            if error.response.gone:
                webhooks_table.disable(db, webhook_id, "it answered 410, that it is gone", now)
                webhook_outbox_table.forget(db, webhook_id)
        if again is not None:
            # not for as long as the pause itself may be: each event is to have tries of its own within its three days
            webhook_outbox_table.hold_back(db, webhook_id, min(again, now + LONGEST_HOLD))

    def counted(self, message: OutboxMessage, error: DeliveryError | None) -> None:
        """Say which webhook was not reached."""
        if error is not None:
            log.warning("Webhook %d was not reached: %s", message.recipient.id, error)


def _log_attempt(db: Connection, message: OutboxMessage, response: "WebhookResponse", now: datetime) -> None:
    webhook_id = message.recipient.id
    if webhooks_table.get(db, webhook_id) is not None:  # removed while it was asked: nobody is to know of it any more
        attempt = Attempt(
            id=0,
            webhook_id=webhook_id,
            event_id=message.event_id,
            body=message.text,
            attempt=message.attempts,
            at=now,
            milliseconds=response.milliseconds,
            status=response.status,
            error=response.error,
        )
        webhooks_table.log(db, attempt)


def _takes(db: Connection, hook: Webhook, now: datetime) -> bool:
    """Whether anything is sent to it: not once it was disabled, or the key of its owner was revoked or has ended."""
    return hook.disabled_at is None and keys_table.works(db, hook.key_id, now)
