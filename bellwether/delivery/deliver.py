"""Send what is owed by one channel: claim some rows, send outside any transaction, write down how it went.

expire what is stale | claim some | Channel.send | sent, due again for its next part, put back, or given up

Each recipient gets its messages in order, one at a time; several are written to at once. A long message goes part by
part, and each part has a claim of its own: whatever happens between two of them, the next one is known. Recipients
whose pace makes them wait hold up nobody else, nor does a slow server that all messages of one lane go by. What has
become of some is written down in the transaction that claims the next ones: two for each message, each in a thread, are
what a far or busy machine has no time for.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bellwether.core import metrics
from bellwether.core.clock import Clock
from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import outbox_claims_table, outbox_table
from bellwether.delivery.channels.channel import Accepted, Channel
from bellwether.delivery.messages import OutboxMessage, RecipientKind
from bellwether.delivery.outbox_table import Claimable, ClaimOrder
from bellwether.delivery.retry import Cause, DeliveryError, next_attempt

MOST_AT_ONCE = 32  #: whatever a channel says, at the usual pace: at most so many can come twice after a kill
GROUP = 4  #: results that are written down together
LINGER = 0.1  #: seconds that a result waits for others
LOOK_AGAIN = 0.25  #: seconds after which others are looked for, while those under way wait for their turns
RENEW = 20.0  #: seconds after which the claims of those under way are renewed: some receivers take minutes to answer
SPREAD_AGAIN = 1.0  #: seconds after which a run that still waits for somebody looks for what is owed meanwhile
NEAR = 5.0  #: seconds: longer than a person's pace; a group that has had all of its minute waits without a place
_PATIENCE = (0.5, 1, 2, 5, 10)  #: seconds between tries to write down what happened
log = logging.getLogger(__name__)


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
    store: Store,
    clock: Clock,
    channel: Channel,
    stopping: Callable[[], bool] = lambda: False,
) -> DeliveryRun:
    """Send every message of a channel that is due now. Raises StoreError when the rows cannot be used.

    `stopping` is asked before each claim, in a thread, so that a stop leaves nothing half sent.
    """
    run = _DeliveryBatch(store, clock, channel, stopping)
    if not await asyncio.to_thread(run.begin):
        return run.did
    under_way: set[asyncio.Task[_Result]] = set()
    results: list[_Result] = []
    try:
        while True:
            room = _at_once(channel) - len(under_way)
            if results or room > 0:
                # one that waits for its turn gets a place when no other wants any, if its turn is near
                resting = [channel.resting()] if under_way else [channel.resting(), channel.resting(NEAR)]
                claimed = await run.turn_over(results, room, resting)
                results = []
                under_way |= {asyncio.create_task(run.deliver_one(message)) for message in claimed}
            if not under_way:
                return run.did
            await run.renew()
            for task in await _some_of(under_way):
                results.append(task.result())
                under_way.discard(task)
    finally:
        ended = await asyncio.gather(*under_way, return_exceptions=True)
        results += [result for result in ended if isinstance(result, _Result)]
        if results:  # writing down twice what became of an attempt changes nothing
            await run.turn_over(results, 0, [])


def _at_once(channel: Channel) -> int:
    return min(max(channel.at_once(), 1), int(MOST_AT_ONCE * channel.pace))


async def _some_of(under_way: set[asyncio.Task[_Result]]) -> set[asyncio.Task[_Result]]:
    """Those that have ended: once some have, or none after a while, for there may be new ones to claim."""
    done, rest = await asyncio.wait(under_way, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
    now = asyncio.get_running_loop().time
    patience = now() + LINGER
    while done and rest and len(done) < GROUP and (left := patience - now()) > 0:
        more, rest = await asyncio.wait(rest, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    return done


def read_in_terminal(store: Store, now: datetime) -> list[str]:
    """What is owed to whoever sits at the terminal; reading it is its delivery. Raises StoreError."""
    texts, kind = [], RecipientKind.TERMINAL
    with store.transaction() as db:
        outbox_claims_table.forgive_clock(db, kind, now)
        while message := outbox_table.claim_next(db, now, kind, ClaimOrder.IN_ORDER):
            outbox_table.mark_sent(db, message, now)
            texts.append(message.text)
    return texts


class _DeliveryBatch:
    """One run of `deliver`."""

    def __init__(self, store: Store, clock: Clock, channel: Channel, stopping: Callable[[], bool]) -> None:
        self.did = DeliveryRun()
        self._store, self._clock, self._channel, self._stopping = store, clock, channel, stopping
        self._spreads = False  # whether this turn may, and from when on the next one
        self._spread_after = asyncio.get_running_loop().time() + SPREAD_AGAIN
        self._renew_after = asyncio.get_running_loop().time() + RENEW
        # ours on their way: however the clock jumps, nobody is to send them again
        self._busy: dict[int, OutboxMessage] = {}

    def begin(self) -> bool:
        """Drop what is stale, and see to what a clock that was set back made wait. False where nothing can be sent."""
        if not self._channel.can_send():
            return False
        expired = 0
        with self._store.transaction() as db:
            now = self._clock()  # not before the others have written: a claim of theirs must not seem ahead of it
            for kind in (self._channel.kind, *self._channel.spreads):
                outbox_claims_table.release_lapsed(db, kind, now)
                outbox_claims_table.forgive_clock(db, kind, now)
                expired += outbox_table.expire(db, kind, now)
            self._channel.spread(db, now)
        self.did.expired = expired
        if expired:
            metrics.EXPIRED.add(expired)
            log.warning("%d messages were dropped: they could not be sent while they were fresh.", expired)
        return True

    async def turn_over(
        self, results: Sequence[_Result], room: int, resting: Sequence[Collection[int]]
    ) -> Sequence[OutboxMessage]:
        """Write down what became of some messages and claim up to `room` more, in one transaction.

        What is claimed is for none of the recipients in the first of `resting`; where there is no such message, a
        single one for none of those in the second. Empty where none is due, or sending is another process's affair
        now. Raises StoreError.
        """
        now = asyncio.get_running_loop().time()
        self._spreads = now >= self._spread_after
        if self._spreads:
            self._spread_after = now + SPREAD_AGAIN
        if not results:
            return await asyncio.to_thread(self._turn_over, results, room, resting)
        # though the database may be busy: an arrived message that looks owed comes twice
        for pause in _PATIENCE:
            try:
                return await asyncio.to_thread(self._turn_over, results, room, resting)
            except StoreError as problem:
                log.error("%s What was sent cannot be written down; trying again.", problem.for_operator)
            await asyncio.sleep(pause)
        return await asyncio.to_thread(self._turn_over, results, room, resting)

    def _turn_over(
        self, results: Sequence[_Result], room: int, resting: Sequence[Collection[int]]
    ) -> Sequence[OutboxMessage]:
        try:
            with self._store.transaction() as db:
                # asked first: who takes the lease over locks it before the messages, and is not to be waited for
                claimable = self._channel.may_claim(db) if room > 0 else Claimable.NONE
                did = [self._record(db, result) for result in results]
                claimed = self._claim(db, claimable, room, resting, results)
        except StoreError:
            raise
        except Exception:  # a fault of ours with one of them: what became of the others is not to be lost by it
            log.exception("Results could not be written down together; each is written down by itself.")
            did = [self._record_alone(result) for result in results]
            with self._store.transaction() as db:
                claimable = self._channel.may_claim(db) if room > 0 else Claimable.NONE
                claimed = self._claim(db, claimable, room, resting, results)
        # counted once it is committed, for a transaction that fails is tried again
        for result, again in zip(results, did, strict=True):
            self._count(result, again)
        for result in results:
            self._busy.pop(result.message.id, None)
        self._busy.update({message.id: message for message in claimed})
        return claimed

    def _claim(
        self,
        db: Connection,
        claimable: Claimable,
        room: int,
        resting: Sequence[Collection[int]],
        results: Sequence[_Result],
    ) -> Sequence[OutboxMessage]:
        if claimable is Claimable.NONE:
            return []
        ended = {result.message.id for result in results}
        lanes = Counter(busy.lane for number, busy in self._busy.items() if busy.lane and number not in ended)
        claimed = self._claim_due(db, claimable, room, resting, lanes)
        # a run lasts as long as its slowest recipient: what is owed meanwhile is not to wait for that
        if not claimed and self._spreads and self._channel.spread(db, self._clock()):
            claimed = self._claim_due(db, claimable, room, resting, lanes)
        return claimed

    def _claim_due(
        self,
        db: Connection,
        claimable: Claimable,
        room: int,
        resting: Sequence[Collection[int]],
        lanes: Counter[str],
    ) -> Sequence[OutboxMessage]:
        now = self._clock()
        claimed: list[OutboxMessage] = []
        for which, recipients in enumerate(resting):
            # of those that have to wait a single one: it must not take the places of what comes meanwhile
            while len(claimed) < (room if which == 0 else 1) and not self._stopping():
                message = outbox_table.claim_next(
                    db,
                    now,
                    self._channel.kind,
                    self._channel.order,
                    claimable,
                    busy=self._busy,
                    resting=recipients,
                    full=self._channel.full_lanes(lanes),
                )
                if message is None:
                    break
                if message.lane:
                    lanes[message.lane] += 1
                claimed.append(message)
            if claimed or not recipients:
                break
        return claimed

    async def renew(self) -> None:
        """Hold what is under way for another while, now and then; a database that is away has time until the next."""
        now = asyncio.get_running_loop().time()
        if now < self._renew_after:
            return
        self._renew_after = now + RENEW
        try:
            await asyncio.to_thread(self._renew)
        except StoreError as problem:
            log.warning("%s What is being sent could not be held for longer; trying again.", problem.for_operator)

    def _renew(self) -> None:
        with self._store.transaction() as db:
            outbox_claims_table.renew(db, self._busy.values(), self._clock())

    async def deliver_one(self, message: OutboxMessage) -> _Result:
        """One attempt at a message, to its end."""
        try:
            return _Result(message, accepted=await self._channel.send(message))
        except DeliveryError as error:
            return _Result(message, error=error)
        except Exception as error:  # a fault of ours in one message must not hold up the others
            log.exception("Message %d could not be sent.", message.id)
            return _Result(message, error=DeliveryError(type(error).__name__, Cause.BUG))

    def _record(self, db: Connection, result: _Result) -> bool:
        """Write down what became of an attempt; True when there is more of the message to be sent."""
        if result.accepted is not None:
            return self._record_arrival(db, result.message, result.accepted)
        assert result.error is not None
        return self._record_failure(db, result.message, result.error)

    def _record_alone(self, result: _Result) -> bool:
        """The same in a transaction of its own; where that meets a fault of ours, no more than that it was tried."""
        try:
            with self._store.transaction() as db:
                return self._record(db, result)
        except StoreError:
            raise
        except Exception as fault:
            log.exception("What became of message %d cannot be written down.", result.message.id)
            return self._record_least(result, DeliveryError(type(fault).__name__, Cause.BUG))

    def _record_least(self, result: _Result, fault: DeliveryError) -> bool:
        with self._store.transaction() as db:
            if result.accepted is None:
                return self._set_back(db, result.message, fault, str(fault), self._clock()) is not None
            self._mark_arrived(db, result.message, result.accepted.more, None)
        return result.accepted.more

    def _record_arrival(self, db: Connection, message: OutboxMessage, accepted: Accepted) -> bool:
        self._mark_arrived(db, message, accepted.more, accepted.number)
        self._channel.arrived(db, message, accepted, self._clock())
        return accepted.more

    def _mark_arrived(self, db: Connection, message: OutboxMessage, more: bool, number: int | None) -> None:
        mark = outbox_table.part_sent if more else outbox_table.mark_sent
        mark(db, message, self._clock(), number)

    def _record_failure(self, db: Connection, message: OutboxMessage, error: DeliveryError) -> bool:
        """Put the message back, True, or give it up; what the error says of its recipient counts for others, too."""
        now = self._clock()
        again = self._set_back(db, message, error, self._channel.last_error(error), now)
        self._channel.failed(db, message, error, again, now)
        return again is not None

    def _set_back(
        self, db: Connection, message: OutboxMessage, error: DeliveryError, last_error: str, now: datetime
    ) -> datetime | None:
        """Put a message back until then, or give it up, None."""
        setback = outbox_table.Setback(last_error, error.uncertain, blameless=error.only_waits)
        # each part that arrived took an attempt too
        tries = message.attempts - message.parts_sent
        again = next_attempt(self._channel.retries, error, tries, message.strikes, now)
        if again is None:
            outbox_table.fail(db, message, setback, now)
        else:
            outbox_table.reschedule(db, message, again, setback, now)
        return again

    def _count(self, result: _Result, again: bool) -> None:
        if result.error is not None:
            self.did.put_back += again
            self.did.failed += not again
        elif again:
            return
        else:
            self.did.sent += 1
        self._channel.counted(result.message, result.error)
