"""A lease that is taken as soon as it is free, and kept: for what many hosts could do and one does."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from bellwether.core.errors import StoreError
from bellwether.core.threads import to_its_end
from bellwether.hosts.lease import BEAT, LAPSE, Lease, LeaseOutcome

LOOK_AGAIN = 1.0  #: seconds between looks at a lease that another holds
log = logging.getLogger(__name__)


class LeaseKeeper:
    """Takes a lease and keeps it; tells when it comes and when it goes."""

    def __init__(self, lease: Lease, what: str, taken: Callable[[], None], lost: Callable[[], None]) -> None:
        """`what` the lease is for completes "Another host runs ...". Both are called in the event loop."""
        self._lease, self._what, self._taken, self._lost = lease, what, taken, lost
        self._is_ours = False
        self._sure_at = 0.0  #: when it was surely ours
        self._said = ""

    async def run(self) -> None:
        """Keep at it until cancelled; then the lease is given back, so that another host takes it over at once."""
        try:
            while True:
                try:
                    self._now(await to_its_end(self._ask))
                except Exception:
                    log.exception("Whether this host runs %s can't be known.", self._what)
                    if self._is_ours and time.monotonic() - self._sure_at >= LAPSE:
                        self._now(False)
                await asyncio.sleep(BEAT if self._is_ours else LOOK_AGAIN)
        finally:
            with suppress(StoreError):  # not awaited, so that it is done even where the clean-up is cancelled
                self._lease.release()

    def _ask(self) -> bool:
        try:
            began = time.monotonic()
            if self._is_ours and self._lease.beat():
                self._sure_at = began
                return True
            answer = self._lease.take()
        except StoreError as problem:
            # who has it can't be known: whatever we did goes on failing, or working, as it does
            self._say(f"{problem.for_operator} Whether another host runs {self._what} can't be known.", logging.ERROR)
            return self._is_ours
        if answer.outcome is LeaseOutcome.ANOTHERS:
            by = answer.other.holder.short if answer.other is not None else "one that ends"
            self._say(f"Another host runs {self._what}: {by}. This one takes over when that ends.", logging.INFO)
            return False
        self._sure_at = began
        return True

    def _now(self, is_ours: bool) -> None:
        if is_ours and not self._is_ours:
            self._said = ""
            self._taken()
        elif self._is_ours and not is_ours:
            log.error("Another host has taken over %s, or may have, since this one seemed to hang.", self._what)
            self._lost()
        self._is_ours = is_ours

    def _say(self, text: str, level: int) -> None:
        """Once, until something else is to be said."""
        if text != self._said:
            self._said = text
            log.log(level, "%s", text)
