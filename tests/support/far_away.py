"""A network between a client and a local server: every piece of data takes its time on the way, in both directions.

Nothing is lost, reordered or made slower, only later. A connection is opened at once, as if it had been kept open.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 1 << 16


@contextmanager
def far_away(port: int, away: float) -> Iterator[int]:
    """The port at which the server at `port` is `away` seconds of round trip further; half before what a request does
    takes effect, half after.
    """
    ready = threading.Event()
    opened: list[int] = []
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        stop = asyncio.Event()
        open_ends: list[asyncio.StreamWriter] = []
        ends.append((asyncio.get_running_loop(), stop))

        async def connect(client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
            server_in, server_out = await asyncio.open_connection("127.0.0.1", port)
            open_ends.extend([client_out, server_out])
            with suppress(asyncio.CancelledError):  # the network ends; Python 3.11 logs a trace for a cancelled task
                await asyncio.gather(_carry(client_in, server_out, away / 2), _carry(server_in, client_out, away / 2))

        server = await asyncio.start_server(connect, "127.0.0.1", 0)
        opened.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        for end in open_ends:
            end.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0.01)  # an abort takes effect in the next turn of the loop

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="far-away", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the network did not start")
    try:
        yield opened[0]
    finally:
        loop, stop = ends[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay: float) -> None:
    """What comes from one side leaves at the other so many seconds later, until the first closes."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError, asyncio.CancelledError):
        while data := await source.read(_CHUNK):
            loop.call_later(delay, target.write, data)
    loop.call_later(delay, target.close)
