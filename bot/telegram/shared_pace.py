"""How several processes that send for one bot keep to its pace together: each to its share, told anew every second."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.core.threads import to_its_end
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery.sender_place import BEAT, SenderPlace
from bot.telegram.lanes import RATE
from bot.telegram.rate_limits import SendRateLimit

log = logging.getLogger(__name__)


def is_shared(settings: Settings) -> bool:
    """Whether several processes may send for a bot: more is paid for than is free, and hosts meet in a server."""
    return settings.telegram.messages_a_second > RATE and bool(settings.database.url.get_secret_value())


class SharedPace:
    """The limit of one process; with a share of the bot's pace where several send, else with all of it."""

    def __init__(
        self, settings: Settings, store: Store, bot: str, holder: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`bot` and `holder` as in its lease; `now` tells seconds that never run backwards."""
        pace = settings.telegram.messages_a_second
        self.is_shared = is_shared(settings)
        self.limit = SendRateLimit(now, pace, shared=self.is_shared)
        self._place = SenderPlace(store, bot, holder, pace, now) if self.is_shared else None
        self._told = False

    def may_help(self, db: Connection) -> bool:
        """Whether this process may send beside the holder of the lease, within the caller's transaction."""
        return self._place is not None and self._place.is_ours(db)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Hold a place in the block, and keep to its share."""
        if self._place is None:
            yield
            return
        beating = asyncio.create_task(self._keep(self._place))
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
            with suppress(StoreError):  # not awaited, so that it is done even where the clean-up is cancelled
                self._place.leave()

    async def _keep(self, place: SenderPlace) -> None:
        while True:
            try:
                await self._beat(place)
                self._told = False
            except StoreError as problem:
                if not self._told:
                    log.error("%s How much of the bot's pace is ours is not known; few are sent.", problem.for_operator)
                self._told = True
            except Exception:
                log.exception("How much of the bot's pace is ours is not known; few are sent.")
            await asyncio.sleep(BEAT)

    async def _beat(self, place: SenderPlace) -> None:
        refused = self.limit.untold()
        beat = partial(place.beat, self.limit.holds(), self.limit.answered(), refused)
        try:
            share = await to_its_end(beat)
        except Exception:
            self.limit.tell_again(refused)
            raise
        self.limit.share(share.most, share.until)
        self.limit.answered_elsewhere(share.answered_elsewhere)
        self.limit.refused_elsewhere(share.refused_elsewhere)
