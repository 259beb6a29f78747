"""How much one chat has had lately, counted so that it holds whenever in between a message really arrived.

A message takes its place when it leaves. From then on it may arrive at any instant until it is known to have arrived,
so its place comes free by that end, not by its beginning. Seconds are those of a clock that never runs backwards.
"""

from collections import deque
from typing import Protocol

PRIVATE = 1.02  #: seconds between two messages to one person, after a burst
PRIVATE_BURST = 3  #: messages to one person at once
MINUTE = 60.1  #: seconds
GROUP = 20  #: messages to one group within MINUTE, at once if need be
_SOON = 0.05  #: seconds until a look whether one has ended that is still under way


class Bucket(Protocol):
    """What one chat has had."""

    def opens_at(self, now: float) -> float:
        """When one more message may leave; at most `now` where it may already."""

    def leave(self) -> None:
        """A message leaves."""

    def arrive(self, now: float) -> None:
        """It has arrived, or failed, by now."""

    def is_empty(self, now: float) -> bool:
        """Whether nothing in it matters any more."""


class PrivateBucket:
    """PRIVATE_BURST messages at once; each place comes free PRIVATE seconds after the one before it."""

    __slots__ = ("_full_until", "_under_way")

    def __init__(self) -> None:
        """Empty."""
        self._under_way = 0
        self._full_until = 0.0  # when all that arrived has run out

    def opens_at(self, now: float) -> float:
        """As the protocol says: those under way count as if they arrived at this very instant, the worst for us."""
        if self._under_way >= PRIVATE_BURST:
            return now + _SOON
        return max(self._full_until, now) + (self._under_way + 1 - PRIVATE_BURST) * PRIVATE

    def leave(self) -> None:
        """As the protocol says."""
        self._under_way += 1

    def arrive(self, now: float) -> None:
        """As the protocol says."""
        self._under_way -= 1
        self._full_until = max(self._full_until, now) + PRIVATE

    def is_empty(self, now: float) -> bool:
        """As the protocol says."""
        return self._under_way == 0 and self._full_until <= now


class GroupBucket:
    """GROUP messages within any MINUTE."""

    __slots__ = ("_arrived", "_under_way")

    def __init__(self) -> None:
        """Empty."""
        self._under_way = 0
        self._arrived: deque[float] = deque()

    def opens_at(self, now: float) -> float:
        """As the protocol says."""
        self._run_out(now)
        if self._under_way + len(self._arrived) < GROUP:
            return now
        return self._arrived[0] + MINUTE if self._arrived else now + _SOON

    def leave(self) -> None:
        """As the protocol says."""
        self._under_way += 1

    def arrive(self, now: float) -> None:
        """As the protocol says."""
        self._under_way -= 1
        self._arrived.append(now)

    def is_empty(self, now: float) -> bool:
        """As the protocol says."""
        self._run_out(now)
        return self._under_way == 0 and not self._arrived

    def _run_out(self, now: float) -> None:
        while self._arrived and self._arrived[0] <= now - MINUTE:
            self._arrived.popleft()


def bucket_of(chat_id: int) -> Bucket:
    """An empty one for a chat; groups have negative numbers."""
    return GroupBucket() if chat_id < 0 else PrivateBucket()
