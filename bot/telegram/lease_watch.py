"""Waits for the lease of a bot and keeps it; and what to do while the database does not tell who has it.

ours              receive, and beat
another's         wait
not to be known   receive, as a service of its own does without its database; but whoever knows that another
                  received, or is told so by Telegram, lets that one go on, and tries again after a while
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from bellwether.core.errors import StoreError
from bellwether.core.threads import to_its_end
from bellwether.delivery.sender_lease import SenderLease
from bellwether.hosts.lease import BEAT, LAPSE, LeaseOutcome
from bellwether.hosts.leases_table import Held
from bot.telegram.one_shot import who

LOOK_AGAIN = 0.5  #: seconds between looks at a lease that another holds
DOUBT = 2 * BEAT  #: seconds since it was surely ours, after which it may have become another's
log = logging.getLogger(__name__)


class LeaseWatch:
    """This process's turns to receive."""

    def __init__(self, lease: SenderLease, tell_of_second: Callable[[], None]) -> None:
        """`tell_of_second` is called in a thread when another process has the lease."""
        self._lease, self._tell_of_second = lease, tell_of_second
        self._sure_at: float | None = None  #: when it was surely ours, by the loop's clock
        self._gave_way = False

    async def wait(self) -> None:
        """Take the lease; say so when that takes waiting."""
        said: Held | None = None
        since: float | None = None  #: when the database was missed
        now = asyncio.get_running_loop().time
        while True:
            try:
                answer = await to_its_end(self._lease.take)
            except StoreError as problem:
                if since is None:
                    since = now()
                    log.error("%s Whether another process talks for this bot can't be known.", problem.for_operator)
                if (said is None and not self._gave_way) or now() - since >= LAPSE:
                    return
            else:
                since, self._gave_way = None, False
                if answer.outcome is LeaseOutcome.OURS:
                    self._sure_at = now()
                    return
                other = answer.other
                if other is not None and (said is None or said.holder != other.holder):
                    said = other
                    log.warning("%s This one waits until it ends.", who(other))
                    with suppress(StoreError):
                        await asyncio.to_thread(self._tell_of_second)
            await asyncio.sleep(LOOK_AGAIN)

    async def beat(self) -> bool:
        """Keep the lease. Ends, with False, when another process has taken it."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT)
            try:
                began = loop.time()
                if not await asyncio.to_thread(self._lease.beat):
                    log.error("Another process has taken over this bot, since this one seemed to hang. It waits now.")
                    return False
                self._sure_at = began
            except StoreError as problem:
                log.error("%s The lease could not be renewed; trying again.", problem.for_operator)

    def gives_way(self) -> bool:
        """Whether to let another receive that Telegram tells of: when the lease may be that one's."""
        now = asyncio.get_running_loop().time()
        self._gave_way = self._sure_at is None or now - self._sure_at > DOUBT
        return self._gave_way
