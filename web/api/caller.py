"""Who calls the API: with a key or without, on what plan, and what their call has cost so far."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from bellwether.access.keys_table import Key
from bellwether.access.quota import Left
from bellwether.core.errors import BellwetherError, NotInPlan
from bellwether.core.plans import Plan
from web.middleware.counters import RequestCounter
from web.problems import HttpProblem, ProblemError


@dataclass(slots=True)
class Caller:
    """One call's caller."""

    plan: Plan
    key: Key | None = None  #: None: without a key, on the demo plan
    left: tuple[Left, ...] = ()  #: what is left of each limit; none where nothing is counted
    counter: RequestCounter | None = None  #: None: nothing is counted
    counted_at: datetime | None = None
    cost: int = 0  #: requests counted for this call
    who: str = ""  #: by which its failures are counted; empty: they are not
    failed: int = 0  #: items of a batch that failed
    is_private: bool = False  #: whether what is asked for belongs to this key alone
    cache_part: bytes = b""  #: what else tells two answers apart: the format, and what a plan does not have

    async def charge(self, requests: int) -> None:
        """Count more requests for this call. Raises QuotaExceeded, NotInPlan and the errors of a key."""
        if self.counter is not None and requests > 0:
            self.left = await self.counter.take(requests)
            self.cost += requests

    async def refund(self, requests: int) -> None:
        """Un-count requests that failed."""
        requests = min(requests, self.cost)
        if self.counter is None or self.counted_at is None or requests <= 0:
            return
        self.cost -= requests
        with suppress(BellwetherError):  # its key may have ended meanwhile
            self.left = await self.counter.give_back(requests, self.counted_at)

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


@dataclass(frozen=True, slots=True)
class ServiceOperator:
    """Whoever runs the service, by a token of their own; nothing is counted."""


def introduce(scope: Scope, caller: Caller | ServiceOperator) -> None:
    """Tell the parts of the service further in who calls."""
    scope["state"]["caller"] = caller


def introduced(scope: Scope) -> Caller | ServiceOperator | None:
    """Who calls the API; None where pages are asked for."""
    found: Caller | ServiceOperator | None = scope.get("state", {}).get("caller")
    return found


def _some(values: tuple[object, ...], most: int = 10) -> str:
    shown = ", ".join(str(value) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"


async def caller_of(request: Request) -> Caller:
    """The caller, as the metering has found it."""
    caller = introduced(request.scope)
    assert isinstance(caller, Caller)  # the operator's addresses have no caller
    return caller


async def key_of(request: Request) -> Key:
    """The caller's key. The metering lets nobody without one to the addresses that need it."""
    caller = await caller_of(request)
    if caller.key is None:
        raise ProblemError(HttpProblem("key_required", "This needs a key: Authorization: Bearer bw_live_..."))
    return caller.key


CallerOf = Annotated[Caller, Depends(caller_of)]
KeyOf = Annotated[Key, Depends(key_of)]
