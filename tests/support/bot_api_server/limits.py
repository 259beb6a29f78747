"""Telegram's flood limits: how many messages a bot may send, in all and to one chat.

in all      30 within a second; more where they are paid for, each with the word that it may be
a person    a bucket of 3 that fills up again by 1 a second: short bursts, and 1 a second in the long run
a group     20 within any minute
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from tests.support.bot_api_server.errors import ApiError

# A bot that keeps exactly to the limit of all messages by its own clock arrives a little early now and then.
JITTER_SECONDS = 0.05
OVERALL, SECOND = 30, 1.0 - JITTER_SECONDS
PERSON, PERSON_SECONDS = 3, 1.0
GROUP, MINUTE = 20, 60.0


class FloodLimits:
    """Refuses what comes too fast."""

    def __init__(self, enabled: bool, clock: Callable[[], float] = time.monotonic, paid: int = OVERALL) -> None:
        """`paid` is how many messages a second are taken of a bot that pays; Telegram's own limit is 1,000."""
        self.hits = 0
        self.paid_for = 0
        self._enabled = enabled
        self._clock = clock
        self._all = _Window(OVERALL, SECOND)
        self._paid = _Window(paid, SECOND)
        self._chats: dict[int, _Window | _Bucket] = {}

    def count(self, chat_id: int, private: bool, *, may_cost: bool = False) -> None:
        """Count one message to a chat, or refuse it with the seconds to wait."""
        if not self._enabled:
            return
        now = self._clock()
        fresh = _Bucket(PERSON, PERSON_SECONDS) if private else _Window(GROUP, MINUTE)
        above = self._all.wait(now) > 0
        in_all = self._paid if may_cost else self._all
        both = in_all, self._chats.setdefault(chat_id, fresh)
        wait = max(one.wait(now) for one in both)
        if wait > 0:
            self.hits += 1
            seconds = max(1, math.ceil(wait))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
        self.paid_for += above
        for one in (self._all, self._paid, self._chats[chat_id]):
            one.take(now)


class _Window:
    """At most so many within so many seconds, wherever these begin."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._taken: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0 when it fits now."""
        while self._taken and self._taken[0] <= now - self._seconds:
            self._taken.popleft()
        return self._taken[-self._most] + self._seconds - now if len(self._taken) >= self._most else 0.0

    def take(self, now: float) -> None:
        """One more."""
        self._taken.append(now)


class _Bucket:
    """Holds so many; one more fits in after each so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._held, self._since = 0.0, 0.0

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0 when it fits now."""
        self._held, self._since = max(0.0, self._held - (now - self._since) / self._seconds), now
        too_many = self._held + 1 - self._most
        return too_many * self._seconds if too_many > 1e-9 else 0.0

    def take(self, now: float) -> None:
        """One more."""
        self._held += 1
