"""A local Telegram Bot API server, as strict as Telegram, for tests of the whole bot.

    with TelegramServer(token="1:TEST") as server:
        bot = telegram.Bot("1:TEST", base_url=server.base_url, base_file_url=server.base_file_url)
        server.open_chat(7)
        server.say(7, "/start")

`violations` lists every request that was wrong by itself (unknown field, bad HTML, text too long):
a correct bot leaves it empty. Refusals that a correct bot can meet (blocked, too fast) are not in it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from tests.support.bot_api_server.errors import ApiError, Breach, bad_request
from tests.support.bot_api_server.forms import Form, read_form
from tests.support.bot_api_server.limits import OVERALL, FloodLimits
from tests.support.bot_api_server.methods import METHODS
from tests.support.bot_api_server.people import People
from tests.support.bot_api_server.spec import load_spec
from tests.support.bot_api_server.state import AnsweredCallback, SentMessage, World
from tests.support.bot_api_server.webhook import Webhook
from tests.support.faults import Fault, FaultQueue, answer_with
from tests.support.http_server import HttpServer, LoopFactory, Request, Response
from tests.support.waiting import wait_until

T = TypeVar("T")

DEFAULT_TOKEN = "123456789:TEST-TOKEN"
DESCRIPTIONS = {
    400: "Bad Request: ordered by the test",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class SeenRequest(NamedTuple):
    """One call as the server read it; the fields as sent where they were wrong."""

    method: str
    params: dict[str, Any]
    at: float = 0.0  #: by the server's clock
    port: int = 0  #: at which the client believes the server: another one for whoever comes by a proxy


@dataclass(frozen=True)
class Effect:
    """A call that changed a chat, and whether its caller was told."""

    seen: SeenRequest
    chat_id: int
    message_id: int
    at: float  #: when it took effect, by the server's clock
    told: bool  #: its answer was written, as it should be; a way between may have lost it all the same


class TelegramServer(People):
    """Use as a context manager; everything here may be called from the test's thread."""

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        *,
        flood_limits: bool = False,
        paid_broadcasts: int = OVERALL,
        username: str = "bellwether_bot",
        clock: Callable[[], float] = time.monotonic,
        loop_factory: LoopFactory | None = None,
        local: bool = False,
    ) -> None:
        """With `flood_limits`, `paid_broadcasts` is how many messages a second are taken where each may cost a fee.

        `clock` and the loop of `loop_factory` may run faster than the wall's, both alike.

        A `local` server is one that the bot's operator runs: it brings updates to any address, by plain HTTP too.
        """
        self.token = token
        self.requests: list[SeenRequest] = []
        self.violations: list[str] = []
        self.effects: list[Effect] = []
        self._spec = load_spec()
        self._http = HttpServer(self._handle, loop_factory)
        self._faults = FaultQueue()
        bot_id = int(token.partition(":")[0])
        bot = {"id": bot_id, "is_bot": True, "first_name": "Bellwether", "username": username}
        self._limits, self._clock = FloodLimits(flood_limits, clock, paid_broadcasts), clock
        super().__init__(World(bot, self._limits, self._http.call_soon))
        self._world.updates.webhook.local = local

    def __enter__(self) -> TelegramServer:
        self._http.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.__exit__(kind, error, trace)

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._http.port

    @property
    def base_url(self) -> str:
        """What python-telegram-bot calls base_url."""
        return f"{self._http.url}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot calls base_file_url."""
        return f"{self._http.url}/file/bot"

    @property
    def flood_hits(self) -> int:
        """How many messages were refused because they came too fast."""
        return self._limits.hits

    @property
    def paid_for(self) -> int:
        """How many messages left above the free rate."""
        return self._limits.paid_for

    @property
    def answered_callbacks(self) -> list[AnsweredCallback]:
        """The button presses the bot answered, in order."""
        with self._world.lock:
            return list(self._world.answered_callbacks)

    @property
    def pending_updates(self) -> list[dict[str, Any]]:
        """The updates the bot has not confirmed yet."""
        return self._world.updates.pending

    @property
    def webhook(self) -> Webhook:
        """Where updates are brought, if anywhere, and what was answered there."""
        return self._world.updates.webhook

    def messages(self, chat_id: int, *, include_deleted: bool = False) -> list[SentMessage]:
        """The bot's messages in a chat, oldest first; copies that do not change any more."""
        with self._world.lock:
            chat = self._world.chats.get(chat_id)
            sent = chat.sent.values() if chat is not None else ()
            return [
                replace(message, versions=list(message.versions))
                for message in sent
                if include_deleted or not message.deleted
            ]

    def last(self, chat_id: int) -> SentMessage | None:
        """The newest message of the bot in a chat."""
        messages = self.messages(chat_id)
        return messages[-1] if messages else None

    def calls(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all calls of one method so far."""
        return [seen.params for seen in list(self.requests) if seen.method == method]

    def ask(self, chat_id: int, text: str, timeout: float = 40) -> SentMessage:
        """Say `text` and wait for the bot's next message in this chat."""
        before = len(self.messages(chat_id, include_deleted=True))
        self.say(chat_id, text)
        self.wait_for(lambda _: len(self.messages(chat_id, include_deleted=True)) > before, timeout)
        return self.messages(chat_id, include_deleted=True)[before]

    def wait_for(self, predicate: Callable[[TelegramServer], T], timeout: float = 40) -> T:
        """Wait until `predicate(server)` is true and return its value; AssertionError with what was seen."""
        return wait_until(lambda: predicate(self), self._world.lock, timeout, self.describe)

    def push_update(self, update: dict[str, Any], *, check: bool = True) -> int:
        """Queue any update; `check` refuses one that Telegram could not send."""
        if check:
            self._spec.check(["Update"], {"update_id": 1, **update}, "update")
        return self._world.updates.push(update)

    def push_raw(self, update: Any) -> int:
        """Queue anything in an update's place, as it is; the number by which it is confirmed."""
        return self._world.updates.push_raw(update)

    def answer_next(self, method: str, result: Any) -> None:
        """Answer the next call of `method` with this result, whatever it is."""
        answer = Response(200, json.dumps({"ok": True, "result": result}).encode())
        self._faults.add(method, Fault(response=answer))

    def fail_next(
        self,
        method: str,
        status: int = 500,
        *,
        retry_after: int | None = None,
        description: str | None = None,
        times: int | None = 1,
        after_processing: bool = False,
    ) -> None:
        """Refuse the next calls of `method`; `after_processing` lets them take effect all the same."""
        parameters: dict[str, Any] | None = None
        if status == 429:
            parameters = {"retry_after": 1 if retry_after is None else retry_after}
            description = description or f"Too Many Requests: retry after {parameters['retry_after']}"
        error = ApiError(status, description or DESCRIPTIONS.get(status, "Error"), parameters)
        fault = Fault(response=error.response(), after_processing=after_processing)
        self._faults.add(method, fault, times)

    def refuse_markup_next(self) -> None:
        """Say of the next text with markup that it can't be parsed; plain text Telegram always can."""
        description = "Bad Request: can't parse entities: ordered by the test"
        self._faults.add("markup", Fault(response=ApiError(400, description).response()))

    def hang_next(self, method: str, seconds: float, *, after_processing: bool = False) -> None:
        """Let the next call of `method` wait; it takes effect before the wait only if so asked."""
        self._faults.add(method, Fault(delay=seconds, after_processing=after_processing))

    def drop_next(self, method: str, after_processing: bool = False, times: int | None = 1) -> None:
        """Close the connection of the next call of `method` without an answer."""
        self._faults.add(method, Fault(drop=True, after_processing=after_processing), times)

    def clear_faults(self) -> None:
        """Forget the troubles ordered so far."""
        self._faults.clear()

    def describe(self) -> str:
        """What happened lately, for the message of a failed test."""
        lines = ["the last requests:"]
        lines += [f"  {seen.method} {_short(seen.params)}" for seen in self.requests[-12:]]
        for chat_id in list(self._world.chats):
            lines.append(f"the bot's last messages in chat {chat_id}:")
            lines += [f"  #{sent.message_id} {sent.text!r}" for sent in self.messages(chat_id)[-5:]]
        lines.append(f"unconfirmed updates: {len(self.pending_updates)}")
        lines.append(f"violations: {self.violations}")
        return "\n".join(lines)

    async def _handle(self, request: Request) -> Response | None:
        """/bot<token>/<method> and /file/bot<token>/<path>."""
        is_file = request.path.startswith("/file/bot")
        token, _, rest = request.path.removeprefix("/file").removeprefix("/bot").partition("/")
        if token != self.token:
            return ApiError(401, "Unauthorized").response()
        if is_file:
            stored = self._world.files.at_path(rest)
            if stored is None:
                return ApiError(404, "Not Found").response()
            return Response(200, stored.data, "application/octet-stream")
        method = self._spec.method_name(rest)
        if method is None:
            return self._refuse(rest, Breach("Not Found", status=404), {}, request)
        return await self._call(method, request)

    async def _call(self, method: str, request: Request) -> Response | None:
        form = Form()
        try:
            form = read_form(request)
            params = self._spec.read(method, form)
        except Breach as breach:
            return self._refuse(method, breach, form.fields, request)
        seen = self._note(method, params, request)
        # getUpdates may wait for long: only its beginning is delayed or refused, as for any other
        fault = self._faults.take(lambda key: key == method or (key == "markup" and "parse_mode" in params))
        true, made, at = None, None, 0.0

        async def process() -> Response:
            nonlocal true, made, at
            true, made = await self._process(method, params, form)
            at = self._clock()
            return true

        answer = None
        try:
            answer = await answer_with(fault, process)
        finally:  # also where the caller left meanwhile
            if isinstance(made, dict) and "message_id" in made:
                message = made["chat"]["id"], made["message_id"]
                self.effects.append(Effect(seen, *message, at, told=answer is true))
        return answer

    async def _process(self, method: str, params: dict[str, Any], form: Form) -> tuple[Response, Any]:
        """The answer, and what the call has brought."""
        try:
            if method == "getUpdates":
                result: Any = await self._world.updates.poll(params)
            elif method in METHODS:
                with self._world.lock:
                    result = METHODS[method](self._world, params, form.files)
            else:
                raise bad_request("method is not supported by this test server")
        except ApiError as error:
            if isinstance(error, Breach):
                self.violations.append(f"{method}: {error.description}")
            return error.response(), None
        finally:
            with self._world.lock:
                self._world.lock.notify_all()
        return Response(200, json.dumps({"ok": True, "result": result}).encode()), result

    def _refuse(self, method: str, breach: Breach, fields: dict[str, Any], request: Request) -> Response:
        """Answer a call that could not even be read."""
        self.violations.append(f"{method}: {breach.description}")
        self._note(method, fields, request)
        return breach.response()

    def _note(self, method: str, params: dict[str, Any], request: Request) -> SeenRequest:
        port = request.headers.get("host", "").rpartition(":")[2]
        with self._world.lock:
            seen = SeenRequest(method, params, self._clock(), int(port) if port.isdigit() else 0)
            self.requests.append(seen)
            self._world.lock.notify_all()
        return seen


def _short(params: dict[str, Any]) -> str:
    text = repr(params)
    return text if len(text) <= 160 else f"{text[:160]}..."
