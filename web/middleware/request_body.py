"""A request's body: read whole before its call waits for its turn, so that nobody who sends slowly holds up the others.

what its headers say | read, so much, so soon, and beside others only so much | the app

It is never unpacked, so a few bytes stay a few bytes.
"""

import asyncio
from collections import Counter

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bellwether.access.addresses import is_local, network
from web.api.caller import caller_in
from web.api.requests import MOST_BODY
from web.middleware.security_headers import Respond
from web.middleware.visitor import visitor
from web.problems import HttpProblem

SECONDS = 20.0  #: that a body may take
MOST_HELD = 64_000_000  #: bytes of all bodies that are in memory at the same time; whoever has no key leaves half of it
MOST_OF_ONE = 8_000_000  #: the same, of those from one address
TOO_LARGE = f"A body may have at most {MOST_BODY:,} bytes, room for every valid one."
TOO_LARGE_FILE = "That file is too large to be read here. Please export the positions alone, without history."
TOO_SLOW = f"A body must arrive within {SECONDS:.0f} seconds."
FORM = "multipart/form-data"
PLAIN_FORM = "application/x-www-form-urlencoded"
FORMS = {
    "/channels/stop/": frozenset({PLAIN_FORM, FORM}),  # a mail program's too
    "/channels": frozenset({PLAIN_FORM}),
    "/subscri": frozenset({PLAIN_FORM}),  # to /subscribe, and to /subscription/ with a reader's choices
    "/watchlist": frozenset({FORM}),  # with a file
}  #: where an address begins, and the forms that it takes
_JSON = frozenset({"application/json"})
_RETRY = 5  #: seconds


class RequestBody:
    """ASGI middleware; one per process, used from its event loop alone."""

    def __init__(self, app: ASGIApp, respond: Respond) -> None:
        self._app, self._respond = app, respond
        self._held: Counter[str] = Counter()  #: bytes, by who sends them

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "GET":  # nobody reads the body of a GET
            await self._app(scope, receive, send)
            return
        body, who = bytearray(), network(visitor(scope))
        caller = caller_in(scope)
        most = MOST_HELD if caller is not None and caller.is_known else MOST_HELD // 2
        size = 0
        try:
            problem = _unreadable(Headers(scope=scope), scope["path"]) or await self._read(receive, body, who, most)
            size = len(body)
            if problem is None:
                whole = bytes(body)
                body.clear()
                await self._app(scope, _once(whole, receive), send)
                return
            answer = self._respond(Request(scope), problem)
            answer.headers["Connection"] = "close"  # what is still to come is not read
            await answer(scope, receive, send)
        finally:
            self._let_go(who, size or len(body))

    async def _read(self, receive: Receive, body: bytearray, who: str, most: int) -> HttpProblem | None:
        """Fill `body`; what is wrong with it, if something is."""
        try:
            async with asyncio.timeout(SECONDS):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return HttpProblem("bad_request", "The body broke off before its end.")
                    part, more = message.get("body", b""), message.get("more_body", False)
                    if len(body) + len(part) > MOST_BODY:
                        return HttpProblem("too_large", TOO_LARGE)
                    if not self._hold(who, len(part), most):
                        text = f"More is being sent to us at once than we take. Please try again in {_RETRY} s."
                        return HttpProblem("too_many_requests", text, retry_after=_RETRY)
                    body += part
        except TimeoutError:
            return HttpProblem("too_slow", TOO_SLOW)
        return None

    def _hold(self, who: str, size: int, most: int) -> bool:
        """Whether there is room for so many bytes more; then they are counted."""
        if self._held.total() + size > most:
            return False
        if self._held[who] + size > MOST_OF_ONE and not is_local(who):
            return False
        self._held[who] += size
        return True

    def _let_go(self, who: str, size: int) -> None:
        self._held[who] -= size
        if not self._held[who]:
            del self._held[who]


def _too_large(path: str) -> str:
    return TOO_LARGE_FILE if path.startswith("/watchlist") else TOO_LARGE


def _unreadable(headers: Headers, path: str) -> HttpProblem | None:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BODY:
        return HttpProblem("too_large", _too_large(path))
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        return HttpProblem("unsupported_body", "Please send the body unpacked, without Content-Encoding.")
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    taken = next((forms for start, forms in FORMS.items() if path.startswith(start)), frozenset()) | _JSON
    if ("content-length" in headers or "transfer-encoding" in headers) and kind not in taken:
        return HttpProblem("unsupported_body", "Please send the body as application/json.")
    return None


def _once(body: bytes, receive: Receive) -> Receive:
    """What the app reads: the whole body, and then what else there is, such as that the caller has left."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return unread.pop() if unread else await receive()

    return read
