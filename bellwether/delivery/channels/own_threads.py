"""Threads of a channel's own: what waits for a database or for servers takes none of those that all others share.

waits for a thread, which is nobody's fault | works, at most for as long as it may
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from bellwether.core.pools import pool
from bellwether.delivery.channels.target_error import OperatorFault
from bellwether.delivery.retry import Cause

FOR_A_THREAD = 20.0  #: seconds that a piece of work waits for one; with what it does then it ends before its claim
_Result = TypeVar("_Result")


class OwnThreads:
    """So many threads, made when the first piece of work comes."""

    def __init__(self, threads: int, name: str) -> None:
        """`name` begins the names of the threads."""
        self._threads, self._name = threads, name
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[], _Result], within: float | None = None) -> _Result:
        """What `work` returns; raises what it raises. The seconds `within` count from when it has a thread.

        Raises TimeoutError after them, while the thread goes on, and OperatorFault where none was free: then nothing
        was begun, and it is no fault of the message.
        """
        if self._pool is None:
            self._pool = pool(self._threads, self._name)
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def begin() -> _Result:
            loop.call_soon_threadsafe(begun.set)
            return work()

        job = self._pool.submit(contextvars.copy_context().run, begin)
        running = asyncio.wrap_future(job)
        running.add_done_callback(lambda _: begun.set())  # also of a job that is dropped at the end of the service
        await _begin(job, running, begun)
        async with asyncio.timeout(within):
            return await running


async def _begin(job: "Future[_Result]", running: "asyncio.Future[_Result]", begun: asyncio.Event) -> None:
    """Wait until a thread has the job. Raises OperatorFault where none is free."""
    try:
        async with asyncio.timeout(FOR_A_THREAD):
            await begun.wait()
    except TimeoutError:
        if job.cancel():  # False where a thread has just begun: then it is as if it had in time
            raise OperatorFault(f"no thread was free within {FOR_A_THREAD:g} s", Cause.NOT_NOW) from None
    except asyncio.CancelledError:
        running.cancel()
        raise
