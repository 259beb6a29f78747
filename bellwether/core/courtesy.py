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

    def __init__(self, sleep: Callable[[float], None] = time.sleep, now: Callable[[], float] = time.monotonic) -> None:
        """Nothing must be quick yet. `now` tells seconds that never run backwards."""
        self._sleep, self._now = sleep, now
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
        since = self._now()

        def ask() -> bool:
            nonlocal since
            worked = self._now() - since
            if not self._hurried:
                since = self._now()
            elif worked >= _SHORTEST and not stopping():
                self._sleep(min(worked, _LONGEST))
                since = self._now()
            return stopping()

        return ask
