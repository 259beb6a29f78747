"""Who calls, may they, and what is counted: every request passes here, and goes on with its `Caller` or is refused.

page  | address | so many a minute | the app
API   | key, or the address of whoever has none | count | scope of the key | the app | what failed is un-counted
admin | the operator's token | the app

Every answer of the API says what is left: RateLimit, RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10).
"""

import hmac
from functools import partial

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bellwether.access.addresses import MemoryMeter, RequestRateLimit, is_local, network
from bellwether.access.keys import PREFIX
from bellwether.access.keys import Scope as KeyScope
from bellwether.access.metering import Meter
from bellwether.access.quota import Left
from bellwether.core.clock import Clock
from bellwether.core.config import Api
from bellwether.core.errors import BadKey, BellwetherError
from bellwether.core.plans import DEMO, Plan
from web.api.caller import Caller, Count
from web.middleware.security_headers import Respond
from web.middleware.visitor import visitor
from web.problems import HttpProblem, problem_of

API = "/api/v1/"
WRONG_KEYS = 30  #: a minute that one address may try; whoever has the right one is never held back by them
FAILURES = 1000  #: failed calls a minute, and items of batches, that are free; then there is a rest
ADMIN_ADDRESSES = "/api/v1/admin/"  #: has a token of its own
MANY_VISITS = "That was a lot at once. Please go on in {} s."
_OPERATORS = "This address wants the operator's token."
_FREE = {"/api/v1/usage", "/api/v1/status"}
_UNCOUNTED = {"/healthz", "/readyz", "/metrics"}  #: asked by whoever watches the service
#: what belongs to one key, by the first part of the address, and what the key must be for; None is any key
_PRIVATE: dict[str, KeyScope | None] = {
    "rules": KeyScope.ALERTS,
    "alerts": KeyScope.ALERTS,
    "stream": KeyScope.ALERTS,
    "webhooks": KeyScope.WEBHOOKS,
    "usage": None,
}


class Access:
    """ASGI middleware; one per process."""

    def __init__(
        self,
        app: ASGIApp,
        respond: Respond,
        meter: Meter,
        api: Api,
        visits: RequestRateLimit,
        clock: Clock,
    ) -> None:
        """`respond` makes the answer to a problem: a page or JSON; `visits` limits who asks for pages."""
        self._app, self._respond, self._meter, self._api = app, respond, meter, api
        self._visits = visits
        self._addresses = MemoryMeter(api.plans[DEMO], clock)
        self._wrong_keys = RequestRateLimit(WRONG_KEYS)
        self._failures = MemoryMeter(Plan(requests_a_minute=FAILURES, requests_a_day=0), clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        try:
            if path.startswith(ADMIN_ADDRESSES):
                scope["caller"] = self._operator(scope)
            elif path.startswith(API):
                scope["caller"] = await self._caller(scope)
                send = self._counted(scope["caller"], send)
            elif path not in _UNCOUNTED and scope.get("client"):
                check_pace(self._visits, visitor(scope), MANY_VISITS)
        except (BellwetherError, HttpProblem) as error:
            problem = problem_of(error)
            response = self._respond(Request(scope), problem)
            if problem.retry_after is not None:
                response.headers["Retry-After"] = str(problem.retry_after)
            await response(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Exception:  # answered by the outermost layer
            if (caller := scope.get("caller")) is not None:
                await caller.refund(caller.cost)
            raise

    def _operator(self, scope: Scope) -> Caller:
        """Whoever has the operator's token. Raises HttpProblem and BadKey."""
        kind, _, sent = Headers(scope=scope).get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise HttpProblem("key_required", _OPERATORS)
        token = self._api.admin_token.get_secret_value()
        if not token:
            text = "This address is closed: whoever runs this service has set no BELLWETHER_API__ADMIN_TOKEN."
            raise HttpProblem("not_offered", text)
        # compare_digest takes no text beyond ASCII
        if not hmac.compare_digest(sent.strip().encode(), token.encode()):
            self._check_wrong_keys(scope)
            raise BadKey(_OPERATORS)
        return Caller(self._api.plans[DEMO], is_operator=True)

    async def _caller(self, scope: Scope) -> Caller:
        """Count the call. Raises the errors of a key, QuotaExceeded, StoreError and HttpProblem."""
        try:
            caller = await self._admitted(scope)
        except BadKey:
            self._check_wrong_keys(scope)
            raise
        part = scope["path"].removeprefix(API).partition("/")[0]
        caller.is_private = part in _PRIVATE
        try:
            _check_scope(caller, None if scope["path"] in _FREE else _PRIVATE.get(part, KeyScope.READ))
            self._check_failures(caller)
        except HttpProblem:
            await caller.refund(caller.cost)
            raise
        return caller

    async def _admitted(self, scope: Scope) -> Caller:
        """By key, or by the address of whoever has none; this machine itself is not counted."""
        if PREFIX.encode() in scope["query_string"]:  # whoever reads logs along the way has it then
            raise BadKey(
                "A key has no place in an address; send it as “Authorization: Bearer ...”, and rotate this one."
            )
        sent, address = Headers(scope=scope).get("authorization"), visitor(scope)
        if sent is not None:
            kind, _, token = sent.partition(" ")
            if kind.lower() != "bearer":
                raise BadKey("Keys travel as “Authorization: Bearer bw_live_...”.")
            count: Count = partial(self._meter.count, token.strip())
        elif not self._api.limits or is_local(address):
            return Caller(self._api.plans[DEMO])
        else:
            count = partial(self._addresses.count, network(address))
        cost = 0 if scope["path"] in _FREE else 1
        admission = await count(cost, None)
        who = network(address) if admission.key is None else f"key {admission.key.id}" if self._api.limits else ""
        return Caller(admission.plan, admission.key, admission.left, count, admission.at, cost, who)

    def _counted(self, caller: Caller, send: Send) -> Send:
        """`send` that un-counts what failed, and says what is left."""

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] >= 400:
                    await caller.refund(caller.cost)
                    caller.failed += 1
                if caller.failed and caller.who:
                    self._failures.add(caller.who, caller.failed)
                _add_headers(MutableHeaders(scope=message), caller.left)
            await send(message)

        return counted_send

    def _check_wrong_keys(self, scope: Scope) -> None:
        text = "Too many wrong keys came from your address. Please go on in {} s, or use the right one."
        check_pace(self._wrong_keys, visitor(scope), text)

    def _check_failures(self, caller: Caller) -> None:
        """Raises HttpProblem for a caller whose calls fail without end."""
        if caller.who and (wait := self._failures.wait(caller.who)):
            text = f"More than {FAILURES} of your calls failed within a minute. Please go on in {wait} s."
            raise HttpProblem("too_many_requests", text, retry_after=wait)


def check_pace(pace: RequestRateLimit, address: str, text: str, cost: int = 1) -> None:
    """Count so many requests. Raises HttpProblem for an address that is to wait."""
    if wait := pace.wait(address, cost):
        seconds = int(wait) + 1
        raise HttpProblem("too_many_requests", text.format(seconds), retry_after=seconds)


def _check_scope(caller: Caller, needed: KeyScope | None) -> None:
    """Raises HttpProblem for a caller who may not ask for this."""
    if caller.key is None:
        if caller.is_private:
            text = "This needs a key: “Authorization: Bearer bw_live_...”. See /developers."
            raise HttpProblem("key_required", text)
    elif needed is not None and needed not in caller.key.scopes:
        text = f"Your key is for {', '.join(sorted(caller.key.scopes))}, not for {needed}."
        raise HttpProblem("missing_scope", text)


def _add_headers(headers: MutableHeaders, left: tuple[Left, ...]) -> None:
    """What is left; and that nobody else's cache may keep what belongs to one key."""
    if left:
        headers["RateLimit-Policy"] = ", ".join(f'"{limit.name}";q={limit.quota};w={limit.window}' for limit in left)
        headers["RateLimit"] = ", ".join(f'"{limit.name}";r={limit.left};t={limit.resets_in}' for limit in left)
    if "s-maxage" in headers.get("cache-control", ""):  # meant for our own cache, within
        headers["Cache-Control"] = "private, no-cache"
    headers.raw.append((b"vary", b"Authorization, Accept"))
