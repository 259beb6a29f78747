"""What computes for long in a thread gives way while something must be quick in another.

Python runs one thread at a time. One that computes gives the others a turn every few milliseconds, and a message needs
a dozen of these turns on its way out: beside a job that never rests, ten messages a second are left of thirty. So a job
asks between two of its steps, and after a few milliseconds of them rests for as long as they took. A lower priority
would not help: what has Python's lock and waits for a processor holds up everybody.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SWITCH = 0.001  #: seconds after which a thread that computes must give another one its turn; Python's own are 0.005
_SHORTEST, _LONGEST = 0.005, 0.1  #: seconds of one rest


class Courtesy:
    """Knows whether anything must be quick now. For several threads at once."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, worked: Callable[[], float] = time.thread_time
    ) -> None:
        """Nothing must be quick yet. `worked` tells for how many seconds the thread that asks has computed.

        A job that waits for the network keeps nobody from anything meanwhile, and owes no rest for it.
        """
        self._sleep, self._worked = sleep, worked
        self._hurried = 0
        self._guard = threading.Lock()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """What is done in the block must be quick."""
        with self._guard:
            self._hurried += 1
        try:
            yield
        finally:
            with self._guard:
                self._hurried -= 1

    def between_steps(self, stopping: Callable[[], bool]) -> Callable[[], bool]:
        """Asks `stopping` for a job that asks between its steps; it rests there while something must be quick."""
        rested = threading.local()  # at which second of its work each thread that asks has rested last

        def ask() -> bool:
            at = self._worked()
            rested.at = since = getattr(rested, "at", at)
            if not self._hurried:
                rested.at = at
            elif at - since >= _SHORTEST and not stopping():  # what is too short for a rest adds up
                self._sleep(min(at - since, _LONGEST))
                rested.at = at
            return stopping()

        return ask
