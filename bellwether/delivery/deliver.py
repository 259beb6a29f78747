"""Send what is owed: claim some rows, send outside any transaction, write down how it went.

expire what is stale | claim some | Transport.send | sent, due again for its next part, put back, or given up

Each chat gets its messages in order, one at a time; several chats are written to at once. A long message goes part by
part, and each part has a claim of its own: whatever happens between two of them, the next one is known. Chats whose
pace makes them wait hold up nobody else. What has become of some is written down in the transaction that claims the
next ones: two for each message, each in a thread, are what a far or busy machine has no time for.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from bellwether.core import metrics
from bellwether.core.errors import StoreError
from bellwether.core.types import OutboxMessage
from bellwether.db.database import Database
from bellwether.delivery import admin_notes, chats_table, outbox_table
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.lateness import is_late, sent_late
from bellwether.delivery.retry import Cause, DeliveryError, next_attempt
from bellwether.services import Services

LEASE = timedelta(minutes=2)  #: a claim is void after this: longer than any send may take
AT_ONCE = 8  #: messages that are worth having on their way at the same time beside a near server
MOST_AT_ONCE = 32  #: whatever it says: at most so many can come twice after a kill
GROUP = 4  #: results that are written down together
LINGER = 0.1  #: seconds that a result waits for others
LOOK_AGAIN = 0.25  #: seconds after which others are looked for, while those under way wait for their turns
NEAR = 5.0  #: seconds: longer than a person's pace; a group that has had all of its minute waits without a place
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

    def at_once(self) -> int:
        """How many messages are worth having on their way at the same time, by how far away the other end is."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one attempt: it arrived, or why not."""

    message: OutboxMessage
    accepted: Accepted | None = None
    error: DeliveryError | None = None


@dataclass(slots=True)
class DeliveryRun:
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
) -> DeliveryRun:
    """Send every message that is due now. Raises StoreError when the rows cannot be used.

    `stopping` is asked before each claim, in a thread, so that a stop leaves nothing half sent. `may_send` is asked in
    each transaction that claims: a process that lost its lease claims nothing more.
    """
    run = _DeliveryBatch(services, transport, stopping, may_send)
    await asyncio.to_thread(run.expire)
    under_way: set[asyncio.Task[_Result]] = set()
    results: list[_Result] = []
    try:
        while True:
            room = _at_once(transport) - len(under_way)
            if results or room > 0:
                # one that waits for its turn gets a place when no other wants any, if its turn is near
                unwanted = [transport.resting()] if under_way else [transport.resting(), transport.resting(NEAR)]
                claimed = await run.turn_over(results, room, unwanted)
                results = []
                under_way |= {asyncio.create_task(run.deliver_one(message)) for message in claimed}
            if not under_way:
                return run.did
            for task in await _some_of(under_way):
                results.append(task.result())
                under_way.discard(task)
    finally:
        ended = await asyncio.gather(*under_way, return_exceptions=True)
        results += [result for result in ended if isinstance(result, _Result)]
        if results:  # writing down twice what became of an attempt changes nothing
            await run.turn_over(results, 0, [])


def _at_once(transport: Transport) -> int:
    return min(max(transport.at_once(), 1), MOST_AT_ONCE)


async def _some_of(under_way: set[asyncio.Task[_Result]]) -> set[asyncio.Task[_Result]]:
    """Those that have ended: once some have, or none after a while, for there may be new ones to claim."""
    done, rest = await asyncio.wait(under_way, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
    now = asyncio.get_running_loop().time
    patience = now() + LINGER
    while done and rest and len(done) < GROUP and (left := patience - now()) > 0:
        more, rest = await asyncio.wait(rest, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    return done


def read_in_terminal(services: Services) -> list[str]:
    """What is owed to whoever sits at the terminal; reading it is its delivery."""
    texts = []
    with services.store.transaction() as db:
        now = services.clock()
        while message := outbox_table.claim_next(db, now, now + LEASE, terminal=True):
            outbox_table.mark_sent(db, message, now)
            texts.append(message.text)
    return texts


class _DeliveryBatch:
    """One run of `deliver`."""

    def __init__(
        self,
        services: Services,
        transport: Transport,
        stopping: Callable[[], bool],
        may_send: Callable[[Database], bool],
    ) -> None:
        self.did = DeliveryRun()
        self._services, self._transport = services, transport
        self._stopping, self._may_send = stopping, may_send
        self._busy: set[int] = set()  # ours on their way: however the clock jumps, nobody is to send them again

    def expire(self) -> None:
        """Drop what is stale, and see to what a clock that was set back made wait."""
        now = self._services.clock()
        with self._services.store.transaction() as db:
            outbox_table.forgive_clock(db, now)
            self.did.expired = outbox_table.expire(db, now)
        if self.did.expired:
            metrics.EXPIRED.add(self.did.expired)
            log.warning("%d messages were dropped: they could not be sent while they were fresh.", self.did.expired)

    async def turn_over(
        self, results: Sequence[_Result], room: int, unwanted: Sequence[Collection[int]]
    ) -> Sequence[OutboxMessage]:
        """Write down what became of some messages and claim up to `room` more, in one transaction.

        None where nothing is due, or where sending is another process's affair now. Of chats that are in the first of
        the `unwanted` only where there is no other, and so on. Raises StoreError.
        """
        if not results:
            return await asyncio.to_thread(self._turn_over, results, room, unwanted)
        # though the database may be busy: an arrived message that looks owed comes twice
        for pause in _PATIENCE:
            try:
                return await asyncio.to_thread(self._turn_over, results, room, unwanted)
            except StoreError as problem:
                log.error("%s What was sent cannot be written down; trying again.", problem.for_operator)
            await asyncio.sleep(pause)
        return await asyncio.to_thread(self._turn_over, results, room, unwanted)

    def _turn_over(
        self, results: Sequence[_Result], room: int, unwanted: Sequence[Collection[int]]
    ) -> Sequence[OutboxMessage]:
        try:
            with self._services.store.transaction() as db:
                did = [self._record(db, result) for result in results]
                claimed = self._claim(db, room, unwanted) if room > 0 else []
        except StoreError:
            raise
        except Exception:  # a fault of ours with one of them: what became of the others is not to be lost by it
            log.exception("Results could not be written down together; each is written down by itself.")
            did = [self._record_alone(result) for result in results]
            with self._services.store.transaction() as db:
                claimed = self._claim(db, room, unwanted) if room > 0 else []
        # counted once it is committed, for a transaction that fails is tried again
        for result, again in zip(results, did, strict=True):
            self._count(result, again)
        self._busy.difference_update(result.message.id for result in results)
        self._busy.update(message.id for message in claimed)
        return claimed

    def _claim(self, db: Database, room: int, unwanted: Sequence[Collection[int]]) -> Sequence[OutboxMessage]:
        if not self._may_send(db):
            return []
        now = self._services.clock()
        claimed: list[OutboxMessage] = []
        for which, resting in enumerate(unwanted):
            # of those that have to wait a single one: it must not take the places of what comes meanwhile
            while len(claimed) < (room if which == 0 else 1) and not self._stopping():
                message = outbox_table.claim_next(db, now, now + LEASE, busy=self._busy, resting=resting)
                if message is None:
                    break
                claimed.append(message)
            if claimed or not resting:
                break
        return claimed

    async def deliver_one(self, message: OutboxMessage) -> _Result:
        """One attempt at a message, to its end."""
        try:
            return _Result(message, accepted=await self._attempt(message))
        except DeliveryError as error:
            return _Result(message, error=error)

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
        wishes = await asyncio.to_thread(self._wishes, message.chat_id)
        with wishes.speaking(message.chat_id):
            return replace(message, text=f"{message.text}\n{sent_late(now - message.due_at)}")

    def _wishes(self, chat_id: int) -> ChatWishes:
        """Those of a chat; the defaults, and English, while the database does not tell."""
        try:
            with self._services.store.reading() as db:
                return ChatWishes.of_chat(db, chat_id)
        except StoreError:
            return ChatWishes()

    def _record(self, db: Database, result: _Result) -> bool:
        """Write down what became of an attempt; True when there is more of the message to be sent."""
        if result.accepted is not None:
            return self._record_arrival(db, result.message, result.accepted)
        assert result.error is not None
        return self._record_failure(db, result.message, result.error)

    def _record_alone(self, result: _Result) -> bool:
        """The same in a transaction of its own; where that meets a fault of ours, no more than that it was tried."""
        try:
            with self._services.store.transaction() as db:
                return self._record(db, result)
        except StoreError:
            raise
        except Exception as fault:
            log.exception("What became of message %d cannot be written down.", result.message.id)
            return self._record_least(result, DeliveryError(type(fault).__name__, Cause.BUG))

    def _record_least(self, result: _Result, fault: DeliveryError) -> bool:
        message, now = result.message, self._services.clock()
        with self._services.store.transaction() as db:
            if result.accepted is None:
                return self._set_back(db, message, fault, outbox_table.Setback(str(fault), fault.uncertain))
            if result.accepted.more:
                outbox_table.part_sent(db, message, now)
            else:
                outbox_table.mark_sent(db, message, now)
        return result.accepted.more

    def _record_arrival(self, db: Database, message: OutboxMessage, accepted: Accepted) -> bool:
        now = self._services.clock()
        if accepted.more:
            outbox_table.part_sent(db, message, now, accepted.number)
        else:
            outbox_table.mark_sent(db, message, now, accepted.number)
        if accepted.topic_is_gone:
            chats_table.leave_topic(db, message.chat_id, message.thread)
        chats_table.was_written_to(db, message.chat_id, now)
        return accepted.more

    def _record_failure(self, db: Database, message: OutboxMessage, error: DeliveryError) -> bool:
        """Put the message back, True, or give it up; what the error says of its chat counts for others, too."""
        now = self._services.clock()
        gone = error.cause is Cause.GONE
        begins = outbox_table.GONE if gone else outbox_table.FORBIDDEN if error.forbidden_now else ""
        setback = outbox_table.Setback(f"{begins}{error}", error.uncertain, blameless=error.only_waits)
        again = self._set_back(db, message, error, setback)
        if error.moved_to is not None:
            chats_table.migrate(db, message.chat_id, error.moved_to)
        if gone:
            chats_table.pause(db, message.chat_id, Silence.GONE, now)
        elif error.forbidden_now:
            chats_table.is_forbidden(db, message.chat_id, now)
        elif not again:
            admin_notes.tell(db, self._services, admin_notes.AdminTopic.DEAD_LETTER)
        return again

    def _set_back(
        self, db: Database, message: OutboxMessage, error: DeliveryError, setback: outbox_table.Setback
    ) -> bool:
        """Put a message back, True, or give it up."""
        now = self._services.clock()
        # each part that arrived took an attempt too
        again = next_attempt(error, message.attempts - message.parts_sent, message.strikes, now)
        if again is None:
            outbox_table.fail(db, message, setback, now)
        else:
            outbox_table.reschedule(db, message, again.at, setback, now)
        return again is not None

    def _count(self, result: _Result, again: bool) -> None:
        if result.error is None:
            if not again:
                self.did.sent += 1
                metrics.SENT.add(kind=result.message.kind)
            return
        self.did.put_back += again
        self.did.failed += not again
        metrics.FAILED.add(reason=result.error.cause.name.lower())
        log.warning("Message %d was not sent: %s", result.message.id, result.error)
