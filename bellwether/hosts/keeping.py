"""A lease that is taken as soon as it is free, and kept: for what many hosts could do and one does."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from bellwether.core.errors import StoreError
from bellwether.hosts.lease import BEAT, Lease

LOOK_AGAIN = 1.0  #: seconds between looks at a lease that another holds
log = logging.getLogger(__name__)


class LeaseKeeper:
    """Takes a lease and keeps it; tells when it comes and when it goes."""

    def __init__(self, lease: Lease, what: str, taken: Callable[[], None], lost: Callable[[], None]) -> None:
        """`what` the lease is for completes "Another host runs ...". Both are called in the event loop."""
        self._lease, self._what, self._taken, self._lost = lease, what, taken, lost
        self._is_ours = False
        self._said = ""

    async def run(self) -> None:
        """Keep at it until cancelled; then the lease is given back, so that another host takes it over at once."""
        try:
            while True:
                asking = asyncio.ensure_future(asyncio.to_thread(self._ask))
                try:
                    self._now(await asyncio.shield(asking))
                except asyncio.CancelledError:
                    await asyncio.wait([asking])  # a thread goes on all the same, and what it takes is to be given back
                    raise
                await asyncio.sleep(BEAT if self._is_ours else LOOK_AGAIN)
        finally:
            with suppress(StoreError):  # not awaited, so that it is done even where the clean-up is cancelled
                self._lease.release()

    def _ask(self) -> bool:
        try:
            if self._is_ours and self._lease.beat():
                return True
            other = self._lease.take()
        except StoreError as problem:
            # who has it can't be known: whatever we did goes on failing, or working, as it does
            self._say(f"{problem.for_operator} Whether another host runs {self._what} can't be known.", logging.ERROR)
            return self._is_ours
        if other is not None:
            name = other.holder.partition(",")[0]
            self._say(f"Another host runs {self._what}: {name}. This one takes over when that ends.", logging.INFO)
        return other is None

    def _now(self, is_ours: bool) -> None:
        if is_ours and not self._is_ours:
            self._said = ""
            self._taken()
        elif self._is_ours and not is_ours:
            log.error("Another host has taken over %s, since this one seemed to hang.", self._what)
            self._lost()
        self._is_ours = is_ours

    def _say(self, text: str, level: int) -> None:
        """Once, until something else is to be said."""
        if text != self._said:
            self._said = text
            log.log(level, "%s", text)
