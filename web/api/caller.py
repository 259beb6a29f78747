"""Who calls the API: with a key or without, on what plan, and what their call has cost so far."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from bellwether.access.keys_table import Key
from bellwether.access.metering import Admission
from bellwether.access.quota import Left
from bellwether.core.errors import BellwetherError, NotInPlan
from bellwether.core.plans import Plan
from web.problems import HttpProblem

#: counts so many requests, or un-counts those that were counted at an instant
Count = Callable[[int, datetime | None], Awaitable[Admission]]


@dataclass(slots=True)
class Caller:
    """One call's caller."""

    plan: Plan
    key: Key | None = None  #: None: without a key, on the demo plan
    left: tuple[Left, ...] = ()  #: what is left of each limit; none where nothing is counted
    count: Count | None = None  #: None: nothing is counted
    counted_at: datetime | None = None
    cost: int = 0  #: requests counted for this call
    who: str = ""  #: by which its failures are counted; empty: they are not
    failed: int = 0  #: items of a batch that failed
    is_private: bool = False  #: whether what is asked for belongs to this key alone
    is_operator: bool = False  #: whoever runs the service, by a token of their own; nothing is counted

    @property
    def is_known(self) -> bool:
        """Whether they came with a key or the operator's token."""
        return self.is_operator or self.key is not None

    @property
    def restrictions(self) -> bytes:
        """What the plan does not have: answers to two callers are the same where this is."""
        restricted = self.plan.symbols, self.plan.horizons, self.plan.history_days
        return repr(restricted).encode() if restricted != ((), (), None) else b""

    async def charge(self, requests: int) -> None:
        """Count more requests for this call. Raises QuotaExceeded, NotInPlan and the errors of a key."""
        if self.count is not None and requests > 0:
            self.left = (await self.count(requests, None)).left
            self.cost += requests

    async def refund(self, requests: int) -> None:
        """Un-count requests that failed."""
        requests = min(requests, self.cost)
        if self.count is None or self.counted_at is None or requests <= 0:
            return
        self.cost -= requests
        with suppress(BellwetherError):  # its key may have ended meanwhile
            self.left = (await self.count(requests, self.counted_at)).left

    def check_batch(self, items: int) -> None:
        """Raises NotInPlan for a batch that is larger than the plan's."""
        if items > self.plan.batch_size:
            raise NotInPlan(f"A batch may have {self.plan.batch_size} items on your plan; this one has {items}.")

    def check_symbol(self, symbol: str) -> None:
        """Raises NotInPlan for a symbol that the plan has not."""
        if self.plan.symbols and symbol not in self.plan.symbols:
            raise NotInPlan(f"Your plan is for {_some(self.plan.symbols)}, not for {symbol}.")

    def check_horizon(self, horizon: int) -> None:
        """Raises NotInPlan for a horizon that the plan has not."""
        if self.plan.horizons and horizon not in self.plan.horizons:
            raise NotInPlan(f"Your plan has the horizons {_some(self.plan.horizons)}, not {horizon}.")

    def check_day(self, day: date | None, today: date) -> None:
        """Raises NotInPlan for a day further back than the plan goes; None is today."""
        days = self.plan.history_days
        if day is not None and days is not None and day < today - timedelta(days=days):
            raise NotInPlan(f"Your plan reaches {days} days back, and {day} lies before that.")


def _some(values: tuple[object, ...], most: int = 10) -> str:
    shown = ", ".join(str(value) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"


def caller_in(scope: Scope) -> Caller | None:
    """Who calls the API, as `web.middleware.access` has found it; None where pages are asked for."""
    caller: Caller | None = scope.get("caller")
    return caller


async def caller_of(request: Request) -> Caller:
    """The caller, for endpoints of the API."""
    caller = caller_in(request.scope)
    assert caller is not None  # nobody comes this far without
    return caller


CallerOf = Annotated[Caller, Depends(caller_of)]


async def key_of(caller: CallerOf) -> Key:
    """The caller's key. Nobody without one is let to the addresses that need it."""
    if caller.key is None:
        raise HttpProblem("key_required", "This needs a key: Authorization: Bearer bw_live_...")
    return caller.key


KeyOf = Annotated[Key, Depends(key_of)]
