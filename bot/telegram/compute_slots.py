"""The turns of answers that are computed: few at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOMENT = 0.01  #: seconds, in which any answer is computed: one that takes longer waits for something


class ComputeSlots:
    """Slots in order of arrival. One that is held for longer than a moment no longer keeps the next from starting."""

    def __init__(self, few: int, moment: float = MOMENT) -> None:
        """`few` turns at a time that are younger than `moment`, in seconds."""
        self._free = asyncio.Semaphore(few)
        self.moment = moment

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a slot, and run the block in it."""
        await self._free.acquire()
        counts = True

        def let_next() -> None:
            nonlocal counts
            if counts:
                counts = False
                self._free.release()

        timer = asyncio.get_running_loop().call_later(self.moment, let_next)
        try:
            yield
        finally:
            timer.cancel()
            let_next()
