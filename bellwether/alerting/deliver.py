"""Send what is owed: claim a row, send outside any transaction, write down how it went.

expire what is stale | claim a few | Transport.send | sent, due again for its next part, put back, or given up

Each chat gets its messages in order, one at a time; several chats are written to at once. A long message goes part by
part, and each part has a claim of its own: whatever happens between two of them, the next one is known. Chats whose
pace makes them wait hold up nobody else.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from bellwether import tally
from bellwether.alerting import admin
from bellwether.alerting.alert_words import sent_late
from bellwether.alerting.retry import Cause, DeliveryError, next_attempt
from bellwether.alerting.rules_time import is_late
from bellwether.errors import StoreError
from bellwether.language import ENGLISH, use_language
from bellwether.services import Services
from bellwether.store import alert_settings, chats, outbox
from bellwether.store.database import Database
from bellwether.types import OutboxMessage

LEASE = timedelta(minutes=2)  #: a claim is void after this: longer than any send may take
AT_ONCE = 8  #: messages on their way at the same time: at most so many can come twice after a kill
LOOK_AGAIN = 0.25  #: seconds after which others are looked for, while those under way wait for their turns
NEAR = 5.0  #: seconds: longer than the pace of any chat that has met no flood limit
_PATIENCE = (0.5, 1, 2, 5, 10)  #: seconds between tries to write down what happened
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was sent of a message has arrived."""

    number: int | None = None  #: by which it can be answered
    more: bool = False  #: it was a part, and others are to follow
    topic_is_gone: bool = False  #: of a forum group: it had to go to the general one


class Transport(Protocol):
    """A way for a message to leave."""

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send a message, or its next part. Raises DeliveryError: how to treat the failure."""

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        """The chats to which sending would wait so many seconds, and more."""


@dataclass(slots=True)
class Delivered:
    """What one run did."""

    sent: int = 0
    put_back: int = 0
    failed: int = 0
    expired: int = 0


async def deliver(
    services: Services,
    transport: Transport,
    stopping: Callable[[], bool] = lambda: False,
    may_send: Callable[[Database], bool] = lambda db: True,
) -> Delivered:
    """Send every message that is due now. Raises StoreError when the rows cannot be used.

    `stopping` is asked before each claim, so that a stop leaves nothing half sent. `may_send` is asked in the
    transaction of each claim: a process that lost its lease claims nothing more.
    """
    run = _Run(services, transport, may_send)
    await asyncio.to_thread(run.expire)
    under_way: set[asyncio.Task[None]] = set()
    try:
        while True:
            while len(under_way) < AT_ONCE and not stopping():
                # one that waits for its turn gets a place when no other wants any, if its turn is near
                unwanted = [transport.resting()] if under_way else [transport.resting(), transport.resting(NEAR)]
                message = await asyncio.to_thread(run.claim, unwanted)
                if message is None:
                    break
                under_way.add(asyncio.create_task(run.carry(message)))
            if not under_way:
                return run.did
            done, under_way = await asyncio.wait(under_way, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)


def read_in_terminal(services: Services) -> list[str]:
    """What is owed to whoever sits at the terminal; reading it is its delivery."""
    texts = []
    with services.store.transaction() as db:
        now = services.clock()
        while message := outbox.claim_next(db, now, now + LEASE, terminal=True):
            outbox.mark_sent(db, message, now)
            texts.append(message.text)
    return texts


class _Run:
    """One run of `deliver`. `expire`, `claim` and what is recorded are called in threads."""

    def __init__(self, services: Services, transport: Transport, may_send: Callable[[Database], bool]) -> None:
        self.did = Delivered()
        self._services, self._transport, self._may_send = services, transport, may_send
        self._busy: set[int] = set()  # ours on their way: however the clock jumps, nobody is to send them again

    def expire(self) -> None:
        """Drop what is stale, and see to what a clock that was set back made wait."""
        now = self._services.clock()
        with self._services.store.transaction() as db:
            outbox.forgive_clock(db, now)
            self.did.expired = outbox.expire(db, now)
        if self.did.expired:
            tally.EXPIRED.add(self.did.expired)
            log.warning("%d messages were dropped: they could not be sent while they were fresh.", self.did.expired)

    def claim(self, unwanted: Sequence[Collection[int]]) -> OutboxMessage | None:
        """The next message; None when nothing is due, or when sending is another process's affair now.

        Of chats that are in the first of the `unwanted` only where there is no other, and so on.
        """
        now = self._services.clock()
        message = None
        with self._services.store.transaction() as db:
            if not self._may_send(db):
                return None
            for resting in unwanted:
                message = outbox.claim_next(db, now, now + LEASE, busy=self._busy, resting=resting)
                if message is not None or not resting:
                    break
        if message is not None:
            self._busy.add(message.id)
        return message

    async def carry(self, message: OutboxMessage) -> None:
        """One message to its end."""
        try:
            accepted = await self._attempt(message)
            await _insist(lambda: self._record_arrival(message, accepted))
            self.did.sent += not accepted.more
        except DeliveryError as caught:
            error = caught
            again = await _insist(lambda: self._record_failure(message, error))
            self.did.put_back += again
            self.did.failed += not again
        self._busy.discard(message.id)

    async def _attempt(self, message: OutboxMessage) -> Accepted:
        """One try. Raises DeliveryError."""
        try:
            return await self._transport.send(await self._marked_if_late(message))
        except DeliveryError:
            raise
        except Exception as error:  # a fault of ours in one message must not hold up the others
            log.exception("Message %d could not be sent.", message.id)
            raise DeliveryError(type(error).__name__, Cause.BUG) from error

    async def _marked_if_late(self, message: OutboxMessage) -> OutboxMessage:
        """The message, saying so at its end where it is late: there it does not change the parts that have arrived."""
        now = self._services.clock()
        if message.due_at is None or not is_late(message.due_at, now):
            return message
        with use_language(await asyncio.to_thread(self._language, message.chat_id)):
            return replace(message, text=f"{message.text}\n{sent_late(now - message.due_at)}")

    def _language(self, chat_id: int) -> str:
        """The language of a chat; English while the database does not tell."""
        try:
            with self._services.store.reading() as db:
                return alert_settings.language_of(db, chat_id)
        except StoreError:
            return ENGLISH

    def _record_arrival(self, message: OutboxMessage, accepted: Accepted) -> bool:
        with self._services.store.transaction() as db:
            if accepted.more:
                outbox.part_sent(db, message, self._services.clock(), accepted.number)
            else:
                outbox.mark_sent(db, message, self._services.clock(), accepted.number)
            if accepted.topic_is_gone:
                chats.leave_topic(db, message.chat_id, message.thread)
        if not accepted.more:
            tally.SENT.add(kind=message.kind)
        return True

    def _record_failure(self, message: OutboxMessage, error: DeliveryError) -> bool:
        """Put the message back or give it up; True when it will be tried again."""
        now = self._services.clock()
        # each part that arrived took an attempt too
        again = next_attempt(error, message.attempts - message.parts_sent, message.strikes, now)
        gone = error.cause is Cause.GONE
        text = f"{outbox.GONE}{error}" if gone else str(error)
        setback = outbox.Setback(text, error.uncertain, blameless=error.only_waits)
        with self._services.store.transaction() as db:
            if again is None:
                outbox.give_up(db, message, setback, now)
            else:
                outbox.put_back(db, message, again.at, setback, now)
            if error.moved_to is not None:
                chats.migrate(db, message.chat_id, error.moved_to)
            if gone:
                chats.pause(db, message.chat_id)
            elif again is None:
                admin.tell(db, self._services, admin.Topic.DEAD_LETTER)
        tally.FAILED.add(reason=error.cause.name.lower())
        log.warning("Message %d was not sent: %s", message.id, error)
        return again is not None


async def _insist(record: Callable[[], bool]) -> bool:
    """Write down what happened, though the database may be busy: an arrived message that looks owed comes twice."""
    for pause in _PATIENCE:
        try:
            return await asyncio.to_thread(record)
        except StoreError as problem:
            log.error("%s What was sent cannot be written down; trying again.", problem.for_operator)
        await asyncio.sleep(pause)
    return await asyncio.to_thread(record)
