"""Many small calls as few large ones, each in a thread."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """One call in a thread for all that came while the one before it ran: a busy minute costs few transactions.

    It hands items over in their order, as many at a time as have gathered.
    """

    def __init__(self, together: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        """`together` runs in a thread, one call at a time, and answers each item."""
        self._together = together
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """What `together` answers to the item, once it has. Raises what it raises."""
        return (await self.add_all([item]))[0]

    async def add_all(self, items: Sequence[Item]) -> list[Result]:
        """The same for several, which stay together."""
        answers: list[asyncio.Future[Result]] = [asyncio.get_running_loop().create_future() for _ in items]
        self._waiting += zip(items, answers, strict=True)
        if self._waiting and self._running is None:
            self._running = asyncio.create_task(self._run())
        return await asyncio.gather(*answers)

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    results = await asyncio.to_thread(self._together, [item for item, _ in batch])
                except Exception as problem:
                    for _, answered in batch:
                        if not answered.done():
                            answered.set_exception(problem)
                else:
                    for (_, answered), result in zip(batch, results, strict=True):
                        if not answered.done():  # whoever asked may have been cancelled meanwhile
                            answered.set_result(result)
        finally:
            self._running = None
