"""Send what is owed to programs.

what is owed to owners | spread over their webhooks | claim one | send | arrived, to be tried again, or gone

As with any delivery, a row comes before a message and the sending happens outside any transaction.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwether.access import keys_table
from bellwether.alerts import alerts_table
from bellwether.core.types import OutboxMessage
from bellwether.db.database import Database
from bellwether.delivery import outbox_table
from bellwether.delivery.recipients import chat_of_webhook, key_of_chat, webhook_of_chat
from bellwether.delivery.retry import KEEP_TRYING, hold_after, pause_after
from bellwether.services import Services
from bellwether.webhooks import webhook_outbox_table, webhooks_table
from bellwether.webhooks.events import fired_event, message_event
from bellwether.webhooks.sending import WebhookResponse, WebhookSender
from bellwether.webhooks.webhooks_table import Attempt, Webhook

LEASE = timedelta(minutes=2)
AT_ONCE = 8
_SPREAD_AT_ONCE = 200
log = logging.getLogger(__name__)


@dataclass(slots=True)
class WebhookRun:
    """What one run did."""

    sent: int = 0
    put_back: int = 0
    given_up: int = 0


async def deliver(
    services: Services, sender: WebhookSender, stopping: Callable[[], bool] = lambda: False
) -> WebhookRun:
    """Spread and send everything that is due now. Raises StoreError when the rows cannot be used."""
    run = _WebhookBatch(services, sender)
    await asyncio.to_thread(run.spread)
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            while len(under_way) < AT_ONCE and not stopping():
                message = await asyncio.to_thread(run.claim)
                if message is None:
                    break
                under_way.add(asyncio.create_task(run.deliver_one(message)))
            if not under_way:
                return run.did
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)


class _WebhookBatch:
    """One run of `deliver`. All but `deliver_one` are called in threads."""

    def __init__(self, services: Services, sender: WebhookSender) -> None:
        self.did = WebhookRun()
        self._services, self._sender = services, sender
        self._busy: set[int] = set()

    def spread(self) -> None:
        """What is owed to owners becomes a row for each of their webhooks."""
        now = self._services.clock()
        with self._services.store.reading() as db:  # as nearly always, there is none: nobody need be waited for
            if not webhook_outbox_table.owed_to_owners(db, now, 1):
                return
        with self._services.store.transaction() as db:
            for message in webhook_outbox_table.owed_to_owners(db, now, _SPREAD_AT_ONCE):
                fired = alerts_table.behind(db, message.dedup_key)
                event_id, body = fired_event(fired) if fired is not None else message_event(message, now)
                for hook in webhooks_table.of_key(db, key_of_chat(message.chat_id)):
                    if _takes(db, hook, now):
                        enqueue(db, hook, event_id, body, now)
                webhook_outbox_table.spread(db, message, now)

    def claim(self) -> OutboxMessage | None:
        """The next message; None when nothing is due."""
        now = self._services.clock()
        with self._services.store.reading() as db:
            if not webhook_outbox_table.any_owed(db):
                return None
        with self._services.store.transaction() as db:
            message = webhook_outbox_table.claim(db, now, now + LEASE, self._busy)
        if message is not None:
            self._busy.add(message.id)
        return message

    async def deliver_one(self, message: OutboxMessage) -> None:
        """One message to its end."""
        event_id, _, body = message.text.partition("\n")
        hook = await asyncio.to_thread(self._hook, message)
        if hook is not None:
            answered = await self._sender.send(hook, event_id, body, self._services.clock())
            await asyncio.to_thread(self._record, message, hook, answered)
        self._busy.discard(message.id)

    def _hook(self, message: OutboxMessage) -> Webhook | None:
        """Where it goes; None, and the message is given up, where nothing goes any more."""
        now = self._services.clock()
        with self._services.store.transaction() as db:
            hook = webhooks_table.get(db, webhook_of_chat(message.chat_id))
            if hook is not None and _takes(db, hook, now):
                return hook
            outbox_table.fail(db, message, outbox_table.Setback("the webhook takes nothing more"), now)
            self.did.given_up += 1
            return None

    def _record(self, message: OutboxMessage, hook: Webhook, answered: WebhookResponse) -> None:
        now = self._services.clock()
        event_id, _, body = message.text.partition("\n")
        tried = Attempt(
            0, hook.id, event_id, body, message.attempts, now, answered.milliseconds, answered.status, answered.error
        )
        setback = outbox_table.Setback(answered.error, uncertain=answered.status is None, blameless=True)
        with self._services.store.transaction() as db:
            webhooks_table.log(db, tried)
            if not answered.error:
                outbox_table.mark_sent(db, message, now)
                self.did.sent += 1
            elif answered.gone:
                webhooks_table.disable(db, hook.id, "it answered 410, that it is gone", now)
                outbox_table.fail(db, message, setback, now)
                webhook_outbox_table.forget(db, message.chat_id)
                self.did.given_up += 1
            else:
                pause = pause_after(message.attempts, answered.retry_after)
                outbox_table.reschedule(db, message, now + pause, setback, now)
                webhook_outbox_table.hold_back(db, message.chat_id, now + hold_after(pause))
                self.did.put_back += 1
        if answered.error:
            log.warning("Webhook %d was not reached: %s", hook.id, answered.error)


def _takes(db: Database, hook: Webhook, now: datetime) -> bool:
    """Whether anything is sent to it: not once it was disabled, or the key of its owner was revoked or has ended."""
    return hook.disabled_at is None and keys_table.works(db, hook.key_id, now)


def enqueue(db: Database, hook: Webhook, event_id: str, body: str, now: datetime, *, again: str = "") -> bool:
    """Owe an event to a webhook, once; `again` makes another row of one that was owed before."""
    chat = chat_of_webhook(hook.id)
    draft = outbox_table.Draft(
        dedup_key=f"{webhook_outbox_table.KIND}:{chat}:{event_id}{again}",
        chat_id=chat,
        kind=webhook_outbox_table.KIND,
        text=f"{event_id}\n{body}",
        not_before=now,
        expires_at=now + KEEP_TRYING,
    )
    return outbox_table.enqueue(db, draft, now)


def any_owed(services: Services) -> bool:
    """Whether something is owed to owners of keys or to their webhooks. Raises StoreError."""
    with services.store.reading() as db:
        return webhook_outbox_table.any_owed(db) or bool(webhook_outbox_table.owed_to_owners(db, services.clock(), 1))
