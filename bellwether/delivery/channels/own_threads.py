"""Threads of a channel's own: what waits for a database or for servers takes none of those that all others share.

waits for a thread, which is nobody's fault | works, at most until its deadline, which it may put off
"""

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from bellwether.core.pools import pool
from bellwether.delivery.channels.target_error import OperatorFault
from bellwether.delivery.retry import Cause

FOR_A_THREAD = 20.0  #: seconds that a piece of work waits for one
_Result = TypeVar("_Result")


class Deadline:
    """When a piece of work is given up. The work itself may put that off, from its own thread."""

    def __init__(self, seconds: float | None) -> None:
        """None: never. The seconds count from `begin`."""
        self._seconds = seconds
        self._until: float | None = None
        self._now: Callable[[], float] = time.monotonic
        self._is_over = False
        self._lock = Lock()

    def begin(self, now: Callable[[], float]) -> None:
        """The work has a thread. `now` tells the seconds of the loop that waits for it."""
        self._now = now
        self._until = now() + self._seconds if self._seconds is not None else None

    def put_off(self, seconds: float) -> None:
        """Give the work up no sooner than so many seconds from now. Raises TimeoutError where that was done already."""
        with self._lock:
            if self._is_over:
                raise TimeoutError
            self._until = self._now() + seconds

    def left(self) -> float | None:
        """Seconds."""
        return None if self._until is None else max(self._until - self._now(), 0.0)

    def give_up(self) -> bool:
        """Whether it is time; then the work can put nothing off any more."""
        with self._lock:
            self._is_over = self.left() == 0
            return self._is_over


class OwnThreads:
    """So many threads, made when the first piece of work comes."""

    def __init__(self, threads: int, name: str) -> None:
        """`name` begins the names of the threads."""
        self._threads, self._name = threads, name
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[], _Result], within: float | Deadline | None = None) -> _Result:
        """What `work` returns; raises what it raises. The time `within` which it ends counts from when it has a thread.

        Raises TimeoutError after it, while the thread goes on, and OperatorFault where none was free: then nothing was
        begun, and it is no fault of the message.
        """
        if self._pool is None:
            self._pool = pool(self._threads, self._name)
        deadline = within if isinstance(within, Deadline) else Deadline(within)
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def begin() -> _Result:
            deadline.begin(loop.time)
            loop.call_soon_threadsafe(begun.set)
            return work()

        job = self._pool.submit(contextvars.copy_context().run, begin)
        running = asyncio.wrap_future(job)
        running.add_done_callback(lambda _: begun.set())  # also of a job that is dropped at the end of the service
        try:
            try:
                async with asyncio.timeout(FOR_A_THREAD):
                    await begun.wait()
            except TimeoutError:
                if job.cancel():  # False where a thread has just begun: then it is as if it had in time
                    raise OperatorFault(f"no thread was free within {FOR_A_THREAD:g} s", Cause.NOT_NOW) from None
            while not (await asyncio.wait({running}, timeout=deadline.left()))[0]:
                if deadline.give_up():
                    raise TimeoutError
            return running.result()
        finally:
            running.cancel()  # where it has not ended: nobody waits for it any more
