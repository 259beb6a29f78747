"""Troubles a test orders in advance for a local server: errors, delays, lost answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.support.http_server import Response


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    delay: float = 0.0
    drop: bool = False  #: close the connection without an answer
    response: Response | None = None  #: answer this in place of the true answer
    after_processing: bool = False  #: the request takes effect first, only its answer suffers


@dataclass
class _Ordered:
    key: str
    fault: Fault
    times: int | None


class FaultQueue:
    """Faults in the order they were asked for, each used up after `times` requests (None: never)."""

    def __init__(self) -> None:
        self._ordered: list[_Ordered] = []

    def add(self, key: str, fault: Fault, times: int | None = 1) -> None:
        """Order `fault` for the next `times` requests that match `key`."""
        self._ordered.append(_Ordered(key, fault, times))

    def take(self, matches: Callable[[str], bool]) -> Fault | None:
        """The first fault whose key matches; counts as one use of it."""
        for ordered in self._ordered:
            if matches(ordered.key):
                if ordered.times is not None:
                    ordered.times -= 1
                    if ordered.times <= 0:
                        self._ordered.remove(ordered)
                return ordered.fault
        return None

    def clear(self) -> None:
        """Forget everything that was ordered."""
        self._ordered.clear()


async def answer_with(fault: Fault | None, process: Callable[[], Awaitable[Response]]) -> Response | None:
    """The answer of `process`, or what `fault` makes of it; None closes the connection."""
    if fault is None:
        return await process()
    answer = await process() if fault.after_processing else None
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.drop:
        return None
    return fault.response or answer or await process()
