"""Callers without a key, counted by their address: in memory alone, for an address is nowhere written down.

This machine itself is not counted: its own checks, and a reverse proxy that tells nobody for whom it asks. One that
does, by X-Forwarded-For, is believed when uvicorn trusts it.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cachetools import LRUCache

from bellwether.access.metering import Admission
from bellwether.access.quota import Used, at, give_back, standing, take
from bellwether.core.clock import Clock
from bellwether.core.plans import Plan

MOST_ADDRESSES = 10_000  #: that are remembered, the longest unseen forgotten first


def is_local(address: str) -> bool:
    """Whether a request comes from this machine itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False  # no address, such as the name of a test's client: counted as one


def network(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the /64 that one IPv6 subscriber has as a whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))


class RequestRateLimit:
    """A bucket of tokens for each address: full at first, refilled evenly, empty means wait."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`a_minute` requests each, also as a burst; 0 is no limit. `clock` counts seconds."""
        self._most, self._clock = float(a_minute), clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(MOST_ADDRESSES)

    def wait(self, address: str) -> float:
        """Take a token. 0 when there was one, else the seconds until there will be."""
        if not self._most or is_local(address):
            return 0.0
        who, now, a_second = network(address), self._clock(), self._most / 60
        left, filled_at = self._buckets.get(who, (self._most, now))
        left = min(self._most, left + (now - filled_at) * a_second)
        self._buckets[who] = (max(left - 1, 0.0) if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / a_second


class MemoryMeter:
    """What callers have used up of one plan, by a name such as `network` gives it."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        """`plan` is everybody's."""
        self._plan, self._clock = plan, clock
        self._used: LRUCache[str, Used] = LRUCache(MOST_ADDRESSES)

    async def count(self, who: str, cost: int, counted_at: datetime | None = None) -> Admission:
        """Count `cost` requests, or un-count those of an instant. Raises QuotaExceeded and NotInPlan."""
        now = self._clock()
        used = at(self._used.get(who, Used()), now.timestamp())
        if counted_at is not None:
            used = give_back(used, counted_at.timestamp(), cost)
        else:
            used = take(used, self._plan, cost, now.timestamp())
        self._used[who] = used
        return Admission(None, self._plan, standing(used, self._plan, now.timestamp()), now)

    def add(self, who: str, count: int) -> None:
        """Count what has happened already, beyond the plan too."""
        used = at(self._used.get(who, Used()), self._clock().timestamp())
        self._used[who] = replace(used, in_minute=used.in_minute + count, in_day=used.in_day + count)

    def wait(self, who: str) -> int:
        """Seconds until something is left of each limit; 0 where there is."""
        now = self._clock().timestamp()
        self._used[who] = used = at(self._used.get(who, Used()), now)
        return max((limit.resets_in for limit in standing(used, self._plan, now) if not limit.left), default=0)
