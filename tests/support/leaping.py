"""Time that leaps: waits of minutes on a loop that has nothing else to do take none."""

from __future__ import annotations

import asyncio

_LATE = 1e-6  #: seconds: a real timer never rings too early


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop for what waits for its clock alone: where nothing is ready, the clock goes on to the next timer."""

    def __init__(self) -> None:
        self._leapt = 0.0
        super().__init__()

    def time(self) -> float:
        """The clock that everything on this loop waits by."""
        return self._leapt

    def _run_once(self) -> None:
        waiting = [timer.when() for timer in self._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        if waiting and not self._ready:  # type: ignore[attr-defined]
            self._leapt = max(self._leapt, min(waiting) + _LATE)
        super()._run_once()  # type: ignore[misc]
