"""A shared cache in front of the app, as RFC 9111 has it: what an answer's `s-maxage` allows is answered from memory.

A page is worked out and packed once for everyone who asks within these seconds. Browsers keep nothing without asking
again (`max-age=0`), and are told "not modified" where the page still has the same tag.
"""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import TLRUCache
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api.caller import Caller, caller_in
from web.etag import is_known

MOST_BYTES = 16_000_000  #: of answers kept, the longest unused forgotten first
LARGEST = 500_000  #: bytes of one answer; a larger one passes through
_SECONDS = re.compile(r"\bs-maxage=(\d+)")
Key = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _KeptAnswer:
    start: Message
    body: bytes
    tag: str
    made: float  #: on the cache's clock, in seconds


class SharedCache:
    """ASGI middleware; one per process, used from its event loop alone."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds and never goes back."""
        self._app, self._clock = app, clock
        self._kept: TLRUCache[Key, _KeptAnswer] = TLRUCache(
            MOST_BYTES, lambda _, answer, now: now + _seconds(answer.start), clock, lambda answer: len(answer.body)
        )
        self._under_way: dict[Key, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # what belongs to one key is nobody else's, and a stream never ends
        caller = caller_in(scope)
        if scope["type"] != "http" or scope["method"] != "GET" or (caller is not None and caller.is_private):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        key = _key(scope, asked, caller)
        if await self._given(key, asked, send):
            return
        first = self._under_way.get(key)
        if first is not None:  # somebody asks the same just now: one answer will do for both
            await first.wait()
            if await self._given(key, asked, send):
                return
        done = self._under_way[key] = asyncio.Event()
        try:
            await self._app(scope, receive, self._recorded(key, send, done))
        finally:
            done.set()
            if self._under_way.get(key) is done:
                del self._under_way[key]

    async def _given(self, key: Key, asked: Headers, send: Send) -> bool:
        """Whether it could be answered from memory, if only by "not modified"."""
        answer = self._kept.get(key)
        if answer is None:
            return False
        same = is_known(answer.tag, asked)
        start = {**answer.start, "headers": list(answer.start["headers"])}
        headers = MutableHeaders(raw=start["headers"])
        headers["Age"] = str(int(self._clock() - answer.made))
        if same:
            start["status"] = 304
            for name in ("content-length", "content-type", "content-encoding"):
                if name in headers:
                    del headers[name]
        await send(start)
        await send({"type": "http.response.body", "body": b"" if same else answer.body})
        return True

    def _recorded(self, key: Key, send: Send, settled: asyncio.Event) -> Send:
        """`send` that keeps an answer once it is complete, if it may be kept.

        `settled` is set as soon as that is decided, before anything is sent: whoever waits for the same answer must not
        wait for a visitor whose line is slow, nor for a stream that never ends.
        """
        start: Message = {}
        body = bytearray()
        may_be_kept = False

        async def recorded_send(message: Message) -> None:
            nonlocal start, may_be_kept
            if message["type"] == "http.response.start":
                # copied before others add what belongs to this one answer, such as its number
                start = {**message, "headers": list(message["headers"])}
                may_be_kept = message["status"] == 200 and _seconds(message) > 0
            elif message["type"] == "http.response.body" and may_be_kept:
                body.extend(message.get("body", b""))
                may_be_kept = len(body) <= LARGEST
                if may_be_kept and not message.get("more_body"):
                    tag = Headers(raw=start["headers"]).get("etag", "")
                    self._kept[key] = _KeptAnswer(start, bytes(body), tag, self._clock())
                    settled.set()
            if not may_be_kept:
                body.clear()
                settled.set()
            await send(message)

        return recorded_send


def _seconds(start: Message) -> int:
    """How long an answer may be given again; 0 where its headers allow nothing."""
    match = _SECONDS.search(Headers(raw=start["headers"]).get("cache-control", ""))
    return int(match[1]) if match else 0


def _key(scope: Scope, asked: Headers, caller: Caller | None) -> Key:
    """What tells two answers apart: the address as asked for, and whether it may be packed.

    Of the API also the format asked for, and what the caller's plan does not have.
    """
    return (
        scope["scheme"].encode(),
        asked.get("host", "").encode("latin-1"),
        scope.get("raw_path") or scope["path"].encode(),
        scope["query_string"],
        b"gzip" if "gzip" in asked.get("accept-encoding", "") else b"",
        asked.get("accept", "").encode("latin-1") if caller is not None else b"",
        caller.restrictions if caller is not None else b"",
    )
