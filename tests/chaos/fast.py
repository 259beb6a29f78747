"""Time that runs faster than the wall's: waits of Telegram's length, in runs of seconds."""

from __future__ import annotations

import asyncio
import selectors
import time

SPEED = 20  #: seconds of ours in one of the wall's


def now() -> float:
    """Our seconds; the same in every process of the machine."""
    return time.monotonic() * SPEED


class FastLoop(asyncio.SelectorEventLoop):
    """A loop that takes each second for a twentieth: sleeps, time-outs and polls alike."""

    def __init__(self) -> None:
        super().__init__(_FastSelector())

    def time(self) -> float:
        """The clock that everything on this loop waits by."""
        return super().time() * SPEED


class _FastSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait so many of the loop's seconds."""
        return super().select(timeout / SPEED if timeout else timeout)  # type: ignore[no-any-return]
