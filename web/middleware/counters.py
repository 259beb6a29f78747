"""Where the requests of a call are counted: with its key, with the address of whoever has none, or nowhere."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from cachetools import LRUCache

from bellwether.access.metering import Meter
from bellwether.access.quota import Left, Used, at, give_back, standing, take
from bellwether.core.plans import Plan
from web.middleware.rate_limit import MOST_ADDRESSES


class RequestCounter(Protocol):
    """Counts the requests of one caller."""

    async def take(self, cost: int) -> tuple[Left, ...]:
        """Count so many. Raises QuotaExceeded, NotInPlan and the errors of a key."""

    async def give_back(self, cost: int, counted: datetime) -> tuple[Left, ...]:
        """Un-count so many that were counted at an instant. Raises the errors of a key."""


class ByKey:
    """In the database, for the bearer of a key."""

    def __init__(self, meter: Meter, token: str) -> None:
        """`token` is the key as it travels."""
        self._meter, self._token = meter, token

    async def take(self, cost: int) -> tuple[Left, ...]:
        """Count so many."""
        return (await self._meter.admit(self._token, cost)).left

    async def give_back(self, cost: int, counted: datetime) -> tuple[Left, ...]:
        """Un-count so many."""
        return (await self._meter.give_back(self._token, cost, counted)).left


class Addresses:
    """What addresses without a key have used up: in memory alone, for an address is nowhere written down."""

    def __init__(self, plan: Plan, clock: Callable[[], datetime]) -> None:
        """`plan` is theirs."""
        self.plan, self._clock = plan, clock
        self._used: LRUCache[str, Used] = LRUCache(MOST_ADDRESSES)

    def counter(self, who: str) -> "ByAddress":
        """The counter of one address, or of the network that counts as one."""
        return ByAddress(self, who)

    def change(self, who: str, change: Callable[[Used, float], Used]) -> tuple[Left, ...]:
        """Count by `change`, and tell what is left; the longest unseen address is forgotten first."""
        now = self._clock().timestamp()
        before = at(self._used.get(who, Used()), now)
        self._used[who] = after = change(before, now)
        return standing(after, self.plan, now)


class Failures:
    """How often the calls of a caller failed within a minute: free of charge, but each may have asked the market."""

    def __init__(self, most: int, clock: Callable[[], datetime]) -> None:
        """`most` are forgiven."""
        self._kept = Addresses(Plan(requests_a_minute=most, requests_a_day=0), clock)

    def add(self, who: str, count: int) -> None:
        """So many more have failed."""
        self._kept.change(who, lambda used, _: replace(used, in_minute=used.in_minute + count))

    def wait(self, who: str) -> int:
        """Seconds until a caller may go on; 0 where it may."""
        (minute,) = self._kept.change(who, lambda used, _: used)
        return 0 if minute.left else minute.resets_in


class ByAddress:
    """In memory, for one address."""

    def __init__(self, addresses: Addresses, who: str) -> None:
        """`who` as `limits.network` writes it."""
        self._addresses, self._who = addresses, who

    async def take(self, cost: int) -> tuple[Left, ...]:
        """Count so many."""
        plan = self._addresses.plan
        return self._addresses.change(self._who, lambda used, now: take(used, plan, cost, now))

    async def give_back(self, cost: int, counted: datetime) -> tuple[Left, ...]:
        """Un-count so many."""
        return self._addresses.change(self._who, lambda used, _: give_back(used, counted.timestamp(), cost))
