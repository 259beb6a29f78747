"""The door of the API: who calls, for what the key is, and whether the plan has something left.

path | scope that it needs | key, or the address of whoever has none | count | the app | what failed is un-counted
path of the operator's | token | the app

Every answer says what is left, by the headers RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10).
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bellwether.access.keys import PREFIX
from bellwether.access.keys import Scope as KeyScope
from bellwether.access.metering import Meter
from bellwether.access.quota import Left
from bellwether.core.config import Api
from bellwether.core.errors import BadKey, BellwetherError
from bellwether.core.plans import DEMO, Plan
from web.api.caller import Caller, ServiceOperator, introduce
from web.middleware.counters import Addresses, ByKey, Failures
from web.middleware.rate_limit import RequestRateLimit, is_local, network
from web.middleware.security_headers import Respond
from web.problems import HttpProblem, problem_of

API = "/api/v1/"
WRONG_KEYS = 30  #: a minute that one address may try; whoever has the right one is never held back by them
FAILURES = 1000  #: failed calls a minute, and items of batches, that are free; then there is a rest
_ADMIN = "/api/v1/admin/"  #: has a token of its own
_OPERATORS = "This address wants the operator's token."
_FREE = ("/api/v1/usage", "/api/v1/status")
#: what a key must be for, by the beginning of the address; the longest that fits counts, None is any key
_NEEDS: dict[str, KeyScope | None] = {
    "/api/v1/rules": KeyScope.ALERTS,
    "/api/v1/alerts": KeyScope.ALERTS,
    "/api/v1/stream": KeyScope.ALERTS,
    "/api/v1/webhooks": KeyScope.WEBHOOKS,
    "/api/v1/usage": None,
}


class Metering:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, respond: Respond, meter: Meter, api: Api, clock: Callable[[], datetime]) -> None:
        """`respond` makes the answer to a problem."""
        self._app, self._respond, self._meter, self._api, self._clock = app, respond, meter, api, clock
        self._addresses = Addresses(api.plans[DEMO], clock)
        self._wrong = RequestRateLimit(WRONG_KEYS)
        self._failures = Failures(FAILURES, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(_ADMIN):
            wrong = self._about_operator(scope)
            if wrong is None:
                introduce(scope, ServiceOperator())
                await self._app(scope, receive, send)
            else:
                await self._refuse(scope, receive, send, wrong)
            return
        try:
            caller = await self._admit(scope)
        except BellwetherError as error:
            await self._refuse(scope, receive, send, self._about(scope, error))
            return
        problem = _missing(scope["path"], caller) or self._too_many_failures(caller)
        if problem is not None:
            await caller.refund(caller.cost)
            await self._refuse(scope, receive, send, problem)
            return
        caller.is_private, caller.cache_part = bool(_fitting(scope["path"])), _cache_part(scope, caller.plan)
        introduce(scope, caller)

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] >= 400:
                    await caller.refund(caller.cost)
                    caller.failed += 1
                if caller.failed and caller.who:
                    self._failures.add(caller.who, caller.failed)
                _add_headers(MutableHeaders(scope=message), caller.left)
            await send(message)

        try:
            await self._app(scope, receive, counted_send)
        except Exception:  # answered by the guard, which stands outside
            await caller.refund(caller.cost)
            raise

    def _about_operator(self, scope: Scope) -> HttpProblem | None:
        """Why this is not the operator; None where it is."""
        kind, _, sent = Headers(scope=scope).get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return HttpProblem("key_required", _OPERATORS)
        token = self._api.admin_token.get_secret_value()
        if not token:
            text = "This address is closed: whoever runs this service has set no BELLWETHER_API__ADMIN_TOKEN."
            return HttpProblem("not_offered", text)
        # compare_digest takes no text beyond ASCII
        if hmac.compare_digest(sent.strip().encode(), token.encode()):
            return None
        return self._about(scope, BadKey(_OPERATORS))  # 429 to whoever tries one after the other

    async def _admit(self, scope: Scope) -> Caller:
        """Count the call. Raises the errors of a key, QuotaExceeded and StoreError."""
        if PREFIX.encode() in scope["query_string"]:  # whoever reads logs along the way has it then
            raise BadKey(
                "A key has no place in an address; send it as “Authorization: Bearer ...”, and rotate this one."
            )
        cost = 0 if scope["path"] in _FREE else 1
        sent = Headers(scope=scope).get("authorization")
        if sent is None:
            return await self._without_key(scope, cost)
        kind, _, token = sent.partition(" ")
        if kind.lower() != "bearer":
            raise BadKey("Keys travel as “Authorization: Bearer bw_live_...”.")
        token = token.strip()
        admission = await self._meter.admit(token, cost)
        counter = ByKey(self._meter, token)
        who = f"key {admission.key.id}" if self._api.limits else ""
        return Caller(admission.plan, admission.key, admission.left, counter, admission.at, cost, who)

    async def _without_key(self, scope: Scope, cost: int) -> Caller:
        """Count by address; this machine itself is not counted."""
        plan, address = self._api.plans[DEMO], (scope.get("client") or ("",))[0]
        if not self._api.limits or is_local(address):
            return Caller(plan)
        who = network(address)
        counter = self._addresses.counter(who)
        return Caller(plan, None, await counter.take(cost), counter, self._clock(), cost, who)

    def _too_many_failures(self, caller: Caller) -> HttpProblem | None:
        """Why a caller is to wait whose calls fail without end."""
        wait = self._failures.wait(caller.who) if caller.who else 0
        if not wait:
            return None
        text = f"More than {FAILURES} of your calls failed within a minute. Please go on in {wait} s."
        return HttpProblem("too_many_requests", text, retry_after=wait)

    def _about(self, scope: Scope, error: BellwetherError) -> HttpProblem:
        """Why a call was not counted; whoever tries one wrong key after the other is told to wait."""
        if isinstance(error, BadKey):
            wait = self._wrong.wait((scope.get("client") or ("",))[0])
            if wait:
                seconds = int(wait) + 1
                text = f"Too many wrong keys came from your address. Please go on in {seconds} s, or use the right one."
                return HttpProblem("too_many_requests", text, retry_after=seconds)
        return problem_of(error)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, problem: HttpProblem) -> None:
        await self._respond(Request(scope), problem)(scope, receive, send)


@lru_cache(maxsize=1024)
def _fitting(path: str) -> tuple[str, ...]:
    """The beginnings in _NEEDS that an address has: those that belong to one key."""
    return tuple(begin for begin in _NEEDS if path == begin or path.startswith(f"{begin}/"))


def _missing(path: str, caller: Caller) -> HttpProblem | None:
    """Why a caller may not ask for an address, if so."""
    fits = _fitting(path)
    if caller.key is None:
        if not fits:
            return None
        return HttpProblem("key_required", "This needs a key: “Authorization: Bearer bw_live_...”. See /developers.")
    needed = _NEEDS[max(fits, key=len)] if fits else KeyScope.READ
    if path in _FREE or needed is None or needed in caller.key.scopes:
        return None
    return HttpProblem("missing_scope", f"Your key is for {', '.join(sorted(caller.key.scopes))}, not for {needed}.")


def _cache_part(scope: Scope, plan: Plan) -> bytes:
    """What else tells two answers apart: the format asked for, and what a plan does not have."""
    part = Headers(scope=scope).get("accept", "").encode("latin-1")
    if plan.symbols or plan.horizons or plan.history_days is not None:
        part += repr((plan.symbols, plan.horizons, plan.history_days)).encode()
    return part


def _add_headers(headers: MutableHeaders, left: tuple[Left, ...]) -> None:
    """What is left; and that nobody else's cache may keep what belongs to one key."""
    if left:
        headers["RateLimit-Policy"] = ", ".join(f'"{one.name}";q={one.quota};w={one.window}' for one in left)
        headers["RateLimit"] = ", ".join(f'"{one.name}";r={one.left};t={one.resets_in}' for one in left)
    if "s-maxage" in headers.get("cache-control", ""):  # meant for our own cache, within
        headers["Cache-Control"] = "private, no-cache"
    headers.raw.append((b"vary", b"Authorization, Accept"))
