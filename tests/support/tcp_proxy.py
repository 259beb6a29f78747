"""A way between two programs that can be cut: it lets bytes through, breaks every connection, or swallows everything.

with TcpProxy(("127.0.0.1", 5432)) as way:
    way.swallow()   # as a network that drops packets: nobody hears anything, not even that the other left
    way.open()      # what was swallowed arrives late, or never: open(broken=True)
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

Target = tuple[str, int] | Path
_START_SECONDS = 10.0


class TcpProxy:
    """Listens on 127.0.0.1 and passes on to an address or to a socket's path, in a thread of its own."""

    def __init__(self, target: Target) -> None:
        """Does nothing until the `with` block begins."""
        self.port = 0
        self._target = target
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="tcp-proxy", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._is_open: asyncio.Event | None = None
        self._breaks = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    def __enter__(self) -> TcpProxy:
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the proxy did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stop is not None:
            self._call(self._stop.set)
        self._thread.join(_START_SECONDS)

    def open(self, *, broken: bool = False) -> None:
        """Let bytes through; what was swallowed goes on too, unless those connections are `broken` first."""
        self._call(self._open, broken)

    def swallow(self) -> None:
        """Let nothing through, and tell nobody."""
        self._call(self._swallow)

    def break_all(self) -> None:
        """Break every connection, also each that somebody makes, until it is opened."""
        self._call(self._break_all)

    def _call(self, function: object, *given: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *given)  # type: ignore[arg-type]

    def _open(self, broken: bool) -> None:
        assert self._is_open is not None
        self._breaks = False
        if broken:
            self._abort()
        self._is_open.set()

    def _swallow(self) -> None:
        assert self._is_open is not None
        self._breaks = False
        self._is_open.clear()

    def _break_all(self) -> None:
        assert self._is_open is not None
        self._breaks = True
        self._abort()
        self._is_open.set()

    def _abort(self) -> None:
        for end in list(self._ends):
            end.transport.abort()

    async def _main(self) -> None:
        self._loop, self._stop, self._is_open = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        self._is_open.set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        self._abort()
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None and self._is_open is not None
        self._carrying.add(task)
        ends = {writer}
        self._ends |= ends
        try:
            if self._breaks:
                return
            await self._is_open.wait()
            answers, onward = await self._connect()
            ends.add(onward)
            self._ends |= ends
            await asyncio.gather(self._carry(reader, onward), self._carry(answers, writer))
        except (OSError, asyncio.CancelledError):
            pass  # nobody listens there, a side broke it off, or the proxy ends
        finally:
            for end in ends:
                end.transport.abort()
            self._ends -= ends
            self._carrying.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection(*self._target)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, to its end; the end itself has to get through, too."""
        assert self._is_open is not None
        while True:
            data = await reader.read(1 << 16)
            await self._is_open.wait()
            if not data:
                break
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
