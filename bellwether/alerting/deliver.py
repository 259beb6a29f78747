"""Send what is owed: claim a row, send outside any transaction, write down how it went.

expire what is stale | claim one | Transport.send | sent, put back, or given up
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bellwether.alerting.retry import DeliveryError, next_attempt
from bellwether.services import Services
from bellwether.store import chats, outbox
from bellwether.types import OutboxMessage

LEASE = timedelta(minutes=2)  #: a claim is void after this: longer than any send may take
log = logging.getLogger(__name__)


class Transport(Protocol):
    """A way for a message to leave."""

    async def send(self, message: OutboxMessage) -> None:
        """Send one message. Raises DeliveryError, which says how to treat the failure."""


@dataclass(slots=True)
class Delivered:
    """What one run did."""

    sent: int = 0
    put_back: int = 0
    failed: int = 0
    expired: int = 0


async def deliver(services: Services, transport: Transport, stopping: Callable[[], bool] = lambda: False) -> Delivered:
    """Send every message that is due now. Raises StoreError when the rows cannot be used.

    `stopping` is asked before each claim, so that a stop leaves nothing half sent.
    """
    count = Delivered(expired=await asyncio.to_thread(_expire, services))
    while not stopping():
        message = await asyncio.to_thread(_claim, services)
        if message is None:
            break
        try:
            await transport.send(message)
        except DeliveryError as error:
            again = await asyncio.to_thread(_record_failure, services, message, error)
            count.put_back += again
            count.failed += not again
        else:
            await asyncio.to_thread(_record_success, services, message)
            count.sent += 1
    return count


def read_in_terminal(services: Services) -> list[str]:
    """What is owed to whoever sits at the terminal; reading it is its delivery."""
    texts = []
    with services.store.transaction() as db:
        now = services.clock()
        while message := outbox.claim_next(db, now, now + LEASE, terminal=True):
            outbox.mark_sent(db, message, now)
            texts.append(message.text)
    return texts


def _expire(services: Services) -> int:
    with services.store.transaction() as db:
        expired = outbox.expire(db, services.clock())
    if expired:
        log.warning("%d messages were dropped: they could not be sent while they were fresh.", expired)
    return expired


def _claim(services: Services) -> OutboxMessage | None:
    now = services.clock()
    with services.store.transaction() as db:
        return outbox.claim_next(db, now, now + LEASE)


def _record_success(services: Services, message: OutboxMessage) -> None:
    with services.store.transaction() as db:
        outbox.mark_sent(db, message, services.clock())


def _record_failure(services: Services, message: OutboxMessage, error: DeliveryError) -> bool:
    """Put the message back or give it up; True when it will be tried again."""
    now = services.clock()
    again = next_attempt(error, message.attempts, message.expires_at, now)
    log.warning("Message %d was not sent: %s", message.id, error)
    with services.store.transaction() as db:
        if error.moved_to is not None:
            chats.migrate(db, message.chat_id, error.moved_to)
        if error.gone:
            chats.pause(db, message.chat_id)
        if again is None:
            outbox.give_up(db, message, f"{outbox.GONE}{error}" if error.gone else str(error))
        else:
            outbox.put_back(db, message, again.at, str(error))
    return again is not None
