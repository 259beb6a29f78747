"""A small HTTP/1.1 server on 127.0.0.1, in a thread of its own, for tests.

Written by hand on asyncio streams because tests need what frameworks hide: closing a connection
without an answer, noticing that a client left, counting connections.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

MAX_HEAD_BYTES = 1 << 20  # yfinance asks for fundamentals with addresses of 15 kB
START_SECONDS = 10.0
BACKLOG = 100


@dataclass(frozen=True)
class Request:
    """One request; the path is percent-decoded, header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """One answer. A handler that returns None instead closes the connection without one."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response | None]]
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


class HttpServer:
    """Serves `handler` until the `with` block ends; an exception inside the handler fails the block."""

    def __init__(self, handler: Handler, loop_factory: LoopFactory | None = None) -> None:
        self.port = 0
        self.open_connections = 0
        self.peak_connections = 0
        self.peak_requests = 0
        self.errors: list[Exception] = []
        self._handler = handler
        self._loop_factory = loop_factory
        self._requests = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="test-http-server", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def call_soon(self, function: Callable[[], object]) -> None:
        """Run `function` on the server's event loop; callable from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)

    def __enter__(self) -> HttpServer:
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise RuntimeError("the test server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stop is not None:
            self.call_soon(self._stop.set)
        self._thread.join(START_SECONDS)
        if self.errors and error is None:
            raise RuntimeError("the test server itself failed") from self.errors[0]

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._loop_factory) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        # not asyncio's server: what it is accepting while it is closed it leaves open (Python 3.11)
        with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listening:
            listening.setblocking(False)
            self.port = listening.getsockname()[1]
            self._loop.add_reader(listening, self._accept, listening)
            self._ready.set()
            await self._stop.wait()
            self._loop.remove_reader(listening)
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, listening: socket.socket) -> None:
        """Take a connection, and hold it: a task that is cancelled before its first step runs none of it."""
        try:
            accepted, _address = listening.accept()
        except (BlockingIOError, ConnectionError):  # the client left again
            return
        accepted.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._connect(accepted))
        self._connections.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._connections.discard(task)
            accepted.close()  # no more than a second time, unless the task never began
            if not task.cancelled() and (error := task.exception()) is not None:
                context = {"message": "A connection of the test server failed.", "exception": error}
                task.get_loop().call_exception_handler(context)

        task.add_done_callback(ended)

    async def _connect(self, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(MAX_HEAD_BYTES, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _protocol = await loop.connect_accepted_socket(lambda: protocol, accepted)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        self.open_connections += 1
        self.peak_connections = max(self.peak_connections, self.open_connections)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left in the middle: its affair
        except asyncio.CancelledError:
            pass  # the server stops; asyncio of Python 3.11 logs a trace for a task that ends cancelled
        finally:
            self.open_connections -= 1
            # abort, not close: a dropped answer must be seen at once, and nothing is left to flush
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request after request on one connection."""
        head = asyncio.ensure_future(_read_head(reader))
        try:
            while (raw := await head) is not None:
                request = await _read_request(raw, reader, writer)
                head = asyncio.ensure_future(_read_head(reader))
                response = await self._answer_unless_gone(request, head)
                if response is None:
                    return
                writer.write(_encode(response))
                await writer.drain()
                if request.headers.get("connection", "").lower() == "close":
                    writer.close()
                    await writer.wait_closed()
                    return
        finally:
            head.cancel()

    async def _answer_unless_gone(self, request: Request, next_head: asyncio.Future[bytes | None]) -> Response | None:
        """The handler's answer; None when the client hung up first, which also cancels the handler."""
        answer = asyncio.ensure_future(self._answer(request))
        try:
            either: set[asyncio.Future[Any]] = {answer, next_head}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() and next_head.done() and next_head.result() is None:
                return None
            return await answer
        finally:
            answer.cancel()

    async def _answer(self, request: Request) -> Response | None:
        self._requests += 1
        self.peak_requests = max(self.peak_requests, self._requests)
        try:
            return await self._handler(request)
        except Exception as error:
            self.errors.append(error)
            return Response(500, f"test server failed: {error!r}".encode(), "text/plain")
        finally:
            self._requests -= 1


async def _read_head(reader: asyncio.StreamReader) -> bytes | None:
    """The head of the next request, or None when the client is done."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None


async def _read_request(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    line, *header_lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _version = line.split(" ", 2)
    headers: dict[str, str] = {}
    for header in header_lines:
        name, _, value = header.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Request(method, unquote(parts.path), parts.query, headers, body)


def _encode(response: Response) -> bytes:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    headers = {
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        "Connection": "keep-alive",
        **response.headers,
    }
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body
