"""What holds for every request, whatever answers it.

request  | a fresh request_id | refuse what is too long | the app
response | HEAD loses its body | security headers        | the visitor

An exception that nobody foresaw is logged under the request_id and answered without its text.
"""

import logging
import random
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import HttpProblem, problem_of

LONGEST_QUERY = 2048  #: bytes of a query string; ours have a few dozen
MOST_HEADERS = 16_384  #: bytes of all headers of a request, names and values; browsers send some hundred
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
log = logging.getLogger(__name__)
Respond = Callable[[Request, HttpProblem], Response]


class SecurityHeaders:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, respond: Respond) -> None:
        self._app, self._respond = app, respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        request_id = f"{random.getrandbits(64):016x}"  # a name, no secret
        # HEAD is GET without the body; Starlette's routes would refuse it
        scope = dict(scope, method="GET" if head else scope["method"])
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        started = False

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*message["headers"], *_RAW]}
                _add_headers(MutableHeaders(scope=message), request_id, message["status"])
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        request = Request(scope)
        try:
            too_long = _what_is_too_long(scope)
            answer: ASGIApp = self._respond(request, HttpProblem("bad_request", too_long)) if too_long else self._app
            await answer(scope, receive, guarded_send)
        except Exception as error:
            log.exception("Request %s could not be answered.", request_id)
            if started:
                raise
            await self._respond(request, problem_of(error))(scope, receive, guarded_send)


def _what_is_too_long(scope: Scope) -> str:
    """What is wrong with the size of a request, in a sentence; empty where nothing is."""
    if len(scope["query_string"]) > LONGEST_QUERY:
        return "That address is too long to be one of ours."
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:
        return "Your browser sent more headers than we read; a fresh window often helps."
    return ""


def _add_headers(headers: MutableHeaders, request_id: str, status: int) -> None:
    headers.raw.append((b"x-request-id", request_id.encode()))
    if status == 405:
        allowed = headers.get("Allow", "GET").split(", ")
        if "GET" in allowed and "HEAD" not in allowed:  # the routes know nothing of the HEAD that is made a GET above
            allowed.append("HEAD")
        headers["Allow"] = ", ".join(allowed)
    if "cache-control" not in headers:
        headers.raw.append((b"cache-control", b"no-cache"))
