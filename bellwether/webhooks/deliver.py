"""Send what is owed to programs.

what is owed to owners | spread over their webhooks | claim one | send | arrived, to be tried again, or gone

As with any delivery, a row comes before a message and the sending happens outside any transaction.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwether.services import Services
from bellwether.store import alert_feed, keys, outbox, webhook_outbox, webhooks
from bellwether.store.database import Database
from bellwether.store.owners import key_of_chat, webhook_of_chat
from bellwether.store.webhooks import Attempt, Webhook
from bellwether.types import OutboxMessage
from bellwether.webhooks.events import fired_event, message_event
from bellwether.webhooks.owing import owe
from bellwether.webhooks.schedule import hold_after, pause_after
from bellwether.webhooks.sending import Answered, Sender

LEASE = timedelta(minutes=2)
AT_ONCE = 8
_SPREAD_AT_ONCE = 200
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Delivered:
    """What one run did."""

    sent: int = 0
    put_back: int = 0
    given_up: int = 0


async def deliver(services: Services, sender: Sender, stopping: Callable[[], bool] = lambda: False) -> Delivered:
    """Spread and send everything that is due now. Raises StoreError when the rows cannot be used."""
    run = _Run(services, sender)
    await asyncio.to_thread(run.spread)
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            while len(under_way) < AT_ONCE and not stopping():
                message = await asyncio.to_thread(run.claim)
                if message is None:
                    break
                under_way.add(asyncio.create_task(run.carry(message)))
            if not under_way:
                return run.did
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)


class _Run:
    """One run of `deliver`. All but `carry` are called in threads."""

    def __init__(self, services: Services, sender: Sender) -> None:
        self.did = Delivered()
        self._services, self._sender = services, sender
        self._busy: set[int] = set()

    def spread(self) -> None:
        """What is owed to owners becomes a row for each of their webhooks."""
        now = self._services.clock()
        with self._services.store.reading() as db:  # as nearly always, there is none: nobody need be waited for
            if not webhook_outbox.owed_to_owners(db, now, 1):
                return
        with self._services.store.transaction() as db:
            for message in webhook_outbox.owed_to_owners(db, now, _SPREAD_AT_ONCE):
                fired = alert_feed.behind(db, message.dedup_key)
                event_id, body = fired_event(fired) if fired is not None else message_event(message, now)
                for hook in webhooks.of_key(db, key_of_chat(message.chat_id)):
                    if _takes(db, hook, now):
                        owe(db, hook, event_id, body, now)
                webhook_outbox.spread(db, message, now)

    def claim(self) -> OutboxMessage | None:
        """The next message; None when nothing is due."""
        now = self._services.clock()
        with self._services.store.reading() as db:
            if not webhook_outbox.any_owed(db):
                return None
        with self._services.store.transaction() as db:
            message = webhook_outbox.claim(db, now, now + LEASE, self._busy)
        if message is not None:
            self._busy.add(message.id)
        return message

    async def carry(self, message: OutboxMessage) -> None:
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
            hook = webhooks.get(db, webhook_of_chat(message.chat_id))
            if hook is not None and _takes(db, hook, now):
                return hook
            outbox.give_up(db, message, outbox.Setback("the webhook takes nothing more"), now)
            self.did.given_up += 1
            return None

    def _record(self, message: OutboxMessage, hook: Webhook, answered: Answered) -> None:
        now = self._services.clock()
        event_id, _, body = message.text.partition("\n")
        tried = Attempt(
            0, hook.id, event_id, body, message.attempts, now, answered.milliseconds, answered.status, answered.error
        )
        setback = outbox.Setback(answered.error, uncertain=answered.status is None, blameless=True)
        with self._services.store.transaction() as db:
            webhooks.log(db, tried)
            if not answered.error:
                outbox.mark_sent(db, message, now)
                self.did.sent += 1
            elif answered.gone:
                webhooks.disable(db, hook.id, "it answered 410, that it is gone", now)
                outbox.give_up(db, message, setback, now)
                webhook_outbox.forget(db, message.chat_id)
                self.did.given_up += 1
            else:
                pause = pause_after(message.attempts, answered.retry_after)
                outbox.put_back(db, message, now + pause, setback, now)
                webhook_outbox.hold_back(db, message.chat_id, now + hold_after(pause))
                self.did.put_back += 1
        if answered.error:
            log.warning("Webhook %d was not reached: %s", hook.id, answered.error)


def _takes(db: Database, hook: Webhook, now: datetime) -> bool:
    """Whether anything is sent to it: not once it was disabled, or the key of its owner was revoked or has ended."""
    return hook.disabled_at is None and keys.works(db, hook.key_id, now)
