"""How many requests are under way at once: as many as the distance to the Bot API needs, and no more.

By Little's law 30 messages a second that take a third of a second each are ten at a time, and so many more where a
higher rate is paid for. More connections than that cost time beside a near server; fewer keep a far one waiting.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bellwether.delivery.channels.channel import AT_ONCE
from bellwether.delivery.channels.telegram import FREE_PACE
from bellwether.delivery.deliver import MOST_AT_ONCE

RATE = FREE_PACE  #: messages a second that are to fit, at the least
PATIENCE = 30.0  #: seconds that a request waits for a lane
_NEWEST = 0.1  #: the share of the newest trip in the usual one
_LONGEST = 5.0  #: seconds as which a longer trip counts: a server that hangs is not far away
_WINDOW = 60.0  #: seconds for which the shortest trip is remembered at least
_SURE_AFTER = (30, 5.0)  #: trips, and seconds, after which the shortest one is no accident


def most_at_once(rate: int) -> int:
    """How many requests are ever under way for so many messages a second."""
    return MOST_AT_ONCE * max(rate, RATE) // RATE


class NoLane(Exception):
    """Too many requests were under way for too long."""


class Latency:
    """How long a request takes until its answer, in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet. `now` tells seconds that never run backwards."""
        self._now = now
        self.usual = 0.0  #: an average in which the newest weigh most
        self._trips = 0
        self._first = self._newest = self._since = now()  # of the trips, and the beginning of this window
        self._shortest = self._before = math.inf  # of this window, and of the one before it

    def took(self, trip: float) -> None:
        """Count one trip that ended well."""
        now, trip = self._now(), min(trip, _LONGEST)
        self.usual = trip if self.usual == 0 else self.usual + _NEWEST * (trip - self.usual)
        if self._trips == 0 or now - self._newest > _WINDOW:  # what was known is out of date
            self._trips, self._first, self._since = 0, now, now
            self._shortest = self._before = math.inf
        if now - self._since > _WINDOW:
            self._before, self._shortest, self._since = self._shortest, math.inf, now
        self._shortest = min(self._shortest, trip)
        self._trips, self._newest = self._trips + 1, now

    def least(self) -> float:
        """Return the shortest trip lately; 0 while too few were seen."""
        trips, seconds = _SURE_AFTER
        if self._trips < trips or self._newest - self._first < seconds or self._now() - self._newest > _WINDOW:
            return 0.0
        return min(self._before, self._shortest)


class Lanes:
    """Limits the requests under way to `at_once`; the others wait, first come, first served."""

    def __init__(self, now: Callable[[], float] = time.monotonic, patience: float = PATIENCE, rate: int = RATE) -> None:
        """Nothing is under way. A request waits for a lane for `patience` seconds; `rate` messages a second fit."""
        self.latency = Latency(now)
        self.rate = rate
        self._now, self._patience = now, patience
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def at_once(self) -> int:
        """Return the limit: AT_ONCE for a near server, at most MOST_AT_ONCE at the free rate."""
        return min(AT_ONCE + int(max(self.rate, RATE) * self.latency.usual), most_at_once(self.rate))

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[None]:
        """Wait for a lane, and make the request in the block; its time counts for `latency` where it ends well.

        Raises NoLane where none comes free in time: the request was not made.
        """
        if self._under_way >= self.at_once() or self._waiting:
            try:
                async with asyncio.timeout(self._patience):
                    await self._wait()
            except TimeoutError:
                raise NoLane from None
        else:
            self._under_way += 1
        began = self._now()
        try:
            yield
            self.latency.took(self._now() - began)
        finally:
            self._under_way -= 1
            self._let_through()

    async def _wait(self) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it was let through in the same moment
                self._under_way -= 1
                self._let_through()
            raise

    def _let_through(self) -> None:
        while self._waiting and self._under_way < self.at_once():
            first = self._waiting.popleft()
            if not first.done():
                self._under_way += 1
                first.set_result(None)
