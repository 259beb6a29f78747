"""How much one chat has had lately, counted so that it holds whenever in between a message really arrived.

A message takes its place when it leaves. From then on it may arrive at any instant until it is known to have arrived,
so its place comes free by that end, not by its beginning. Seconds are those of a clock that never runs backwards.
"""

from collections import deque

_SOON = 0.05  #: seconds until a look whether one has ended that is still under way


class Refilled:
    """So many messages at once; each place comes free so many seconds after the one before it."""

    __slots__ = ("_full_until", "_most", "_seconds", "_under_way")

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._under_way = 0
        self._full_until = 0.0  # when all that arrived has run out

    def opens_at(self, now: float) -> float:
        """When one more message may leave; at most `now` where it may already.

        Those under way count as if they arrived at this very instant, the worst for us.
        """
        if self._under_way >= self._most:
            return now + _SOON
        return max(self._full_until, now) + (self._under_way + 1 - self._most) * self._seconds

    def leave(self) -> None:
        """A message leaves."""
        self._under_way += 1

    def arrive(self, now: float) -> None:
        """It has arrived, or failed, by now."""
        self._under_way -= 1
        self._full_until = max(self._full_until, now) + self._seconds

    def is_empty(self, now: float) -> bool:
        """Whether nothing in it matters any more."""
        return self._under_way == 0 and self._full_until <= now


class Window:
    """So many messages within any stretch of so many seconds; its methods are those of `Refilled`."""

    __slots__ = ("_arrived", "_most", "_seconds", "_under_way")

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._under_way = 0
        self._arrived: deque[float] = deque()

    def opens_at(self, now: float) -> float:
        self._run_out(now)
        if self._under_way + len(self._arrived) < self._most:
            return now
        return self._arrived[0] + self._seconds if self._arrived else now + _SOON

    def leave(self) -> None:
        self._under_way += 1

    def arrive(self, now: float) -> None:
        self._under_way -= 1
        self._arrived.append(now)

    def is_empty(self, now: float) -> bool:
        self._run_out(now)
        return self._under_way == 0 and not self._arrived

    def _run_out(self, now: float) -> None:
        while self._arrived and self._arrived[0] <= now - self._seconds:
            self._arrived.popleft()


Bucket = Refilled | Window
