"""How much one visitor may ask: so many requests a minute.

Requests from this machine itself are not counted: those of its own checks, and of a reverse proxy that tells nobody
for whom it asks. One that does, by X-Forwarded-For, is believed when uvicorn trusts it.
"""

import ipaddress
import time
from collections.abc import Callable

from cachetools import LRUCache
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from web.middleware.security_headers import Respond
from web.problems import HttpProblem

MOST_ADDRESSES = 10_000  #: that are remembered, the longest unseen forgotten first
_UNCOUNTED = {"/healthz", "/readyz", "/metrics"}  #: asked by whoever watches the service

_BY_PLAN = "/api/v1/"  #: counted by key, or by a plan of its own


class RequestRateLimit:
    """A bucket of tokens for each address: full at first, refilled evenly, empty means wait."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`a_minute` requests each, also as a burst; 0 is no limit. `clock` counts seconds."""
        self._most, self._clock = float(a_minute), clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(MOST_ADDRESSES)

    def wait(self, address: str) -> float:
        """Take a token. 0 when there was one, else the seconds until there will be."""
        if not self._most or is_local(address):
            return 0.0
        who, now, a_second = network(address), self._clock(), self._most / 60
        left, at = self._buckets.get(who, (self._most, now))
        left = min(self._most, left + (now - at) * a_second)
        self._buckets[who] = (max(left - 1, 0.0) if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / a_second


class Limits:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, respond: Respond, pace: RequestRateLimit) -> None:
        """`respond` makes the answer to a problem: a page or JSON."""
        self._app, self._respond, self._pace = app, respond, pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client, path = scope.get("client"), scope["path"]
        counted = client and path not in _UNCOUNTED and not path.startswith(_BY_PLAN)
        wait = self._pace.wait(client[0]) if client and counted else 0.0
        if wait:
            seconds = int(wait) + 1
            problem = HttpProblem("too_many_requests", f"That was a lot at once. Please go on in {seconds} s.")
            response = self._respond(Request(scope), problem)
            response.headers["Retry-After"] = str(seconds)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_local(address: str) -> bool:
    """Whether a request comes from this machine itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False  # no address, such as the name of a test's client: counted as one


def network(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the /64 that one IPv6 subscriber has as a whole."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(one, ipaddress.IPv4Address):
        return address
    return str(ipaddress.IPv6Network((int(one) >> 64 << 64, 64)))
