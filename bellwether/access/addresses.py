"""Callers without a key, counted by their address: in memory alone, for an address is nowhere written down.

This machine itself is not counted. For whom a reverse proxy asks is `web.middleware.visitor`'s to say.
"""

import ipaddress
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from cachetools import LRUCache

from bellwether.access.metering import Admission
from bellwether.access.quota import Used, at, give_back, standing, take
from bellwether.core.clock import Clock
from bellwether.core.plans import Plan

MOST_ADDRESSES = 10_000  #: that are remembered, the longest unseen forgotten first


def parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address; one of IPv4 as such also where a socket for both kinds writes it as ::ffff:203.0.113.7.

    None for what is no address, such as the name of a test's client.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return None
    return (known.ipv4_mapped or known) if isinstance(known, ipaddress.IPv6Address) else known


def is_local(address: str) -> bool:
    """Whether a request comes from this machine itself."""
    known = parsed(address)
    return known is not None and known.is_loopback


def network(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the /64 that one IPv6 subscriber has as a whole."""
    known = parsed(address)
    if known is None or known.is_loopback:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    return str(ipaddress.IPv6Network((int(known) >> 64 << 64, 64)))


def in_both_forms(networks: Iterable[str]) -> list[str]:
    """Networks, and those of IPv4 a second time as a socket for both kinds of addresses writes them."""
    told = list(networks)
    for known in map(ipaddress.ip_network, told.copy()):
        if isinstance(known, ipaddress.IPv4Network):
            told.append(f"::ffff:{known.network_address}/{96 + known.prefixlen}")
    return told


class RequestRateLimit:
    """A bucket of tokens for each address: full at first, refilled evenly, empty means wait."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`a_minute` requests each, also as a burst; 0 is no limit. `clock` counts seconds."""
        self._most, self._clock = float(a_minute), clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(MOST_ADDRESSES)

    def wait(self, address: str, cost: int = 1) -> float:
        """Take so many tokens, no more than there may ever be. 0 when they were there, else the seconds until then."""
        if not self._most or is_local(address):
            return 0.0
        who, now, a_second = network(address), self._clock(), self._most / 60
        left, filled_at = self._buckets.get(who, (self._most, now))
        left = min(self._most, left + (now - filled_at) * a_second)
        wanted = min(float(cost), self._most)
        self._buckets[who] = (max(left - wanted, 0.0) if left >= wanted else left, now)
        return 0.0 if left >= wanted else (wanted - left) / a_second


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
