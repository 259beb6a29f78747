"""How many lists of a visitor whom nobody knows are entered into the ledger in a day, counted in memory by address."""

import threading
from collections.abc import Callable
from functools import partial

from starlette.types import Scope

from bellwether.access.addresses import MemoryMeter, is_local, network
from bellwether.core.clock import Clock
from bellwether.core.plans import Plan
from web.middleware.visitor import visitor

LISTS_A_DAY = 10  #: of one visitor, so that none has all that are entered of visitors


class VisitorLists:
    """One per process."""

    def __init__(self, clock: Clock) -> None:
        """Nobody has any yet."""
        self._meter = MemoryMeter(Plan(requests_a_minute=0, requests_a_day=LISTS_A_DAY), clock)
        self._lock = threading.Lock()

    def may_enter(self, scope: Scope) -> Callable[[], bool]:
        """What counts one more list of whoever asks, and tells whether it may be entered; this machine's always may."""
        return partial(self._count, visitor(scope))

    def _count(self, address: str) -> bool:
        if is_local(address):
            return True
        who = network(address)
        with self._lock:
            if self._meter.wait(who):
                return False
            self._meter.add(who, 1)
        return True
