"""Who goes first when many calls of the API wait for one that is worked out: the higher priority, then who came first.

What the cache has is given before anybody waits here, and pages do not: their threads are the other half.
"""

import asyncio
import heapq
import itertools

from starlette.types import ASGIApp, Receive, Scope, Send

from web.api.caller import caller_in

AT_ONCE = 8  #: calls worked out at the same time: half of the service's threads
_ENDLESS = "/api/v1/stream"


class Priority:
    """ASGI middleware; one per process, used from its event loop alone."""

    def __init__(self, app: ASGIApp, at_once: int = AT_ONCE) -> None:
        self._app, self._free = app, at_once
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_in(scope)
        if caller is None or caller.is_operator or scope["path"] == _ENDLESS:
            await self._app(scope, receive, send)
            return
        await self._turn(caller.plan.priority)
        try:
            await self._app(scope, receive, send)
        finally:
            self._next()

    async def _turn(self, priority: int) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-priority, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given the turn, and has no use for it
                self._next()
            raise

    def _next(self) -> None:
        """One has ended: its place goes to the first of those that still wait."""
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
