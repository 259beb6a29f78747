"""Where Telegram brings updates when it is told to, in place of being asked for them.

POST | is it our path? | Telegram's secret, compared in constant time | not too long | stored by the bot | 200

It stands in front of the page, whose limits for visitors are not for Telegram. 200 is answered once the update is
stored; after any other answer Telegram brings it again. So one that cannot be read is stored and confirmed like any
other, and set aside; only what is no JSON object, which Telegram never brings, is refused.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

LONGEST = 1 << 20  #: bytes of an update; those of messages have a few thousand
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
Take = Callable[[bytes], Awaitable[bool]]  #: stores an update; False when this process may not. ValueError: no JSON
log = logging.getLogger(__name__)


class TelegramWebhook:
    """One address of the service; everything else is the app's behind it."""

    def __init__(self, app: ASGIApp, path: str, secret: str, take: Take) -> None:
        """`path` as it stands in the address that Telegram was given."""
        self._app, self._path, self._secret, self._take = app, path, secret.encode(), take

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method != "POST":
            return PlainTextResponse("Only Telegram has business here.", 405, {"Allow": "POST"})
        given = request.headers.get(SECRET_HEADER, "").encode("latin-1")
        if not hmac.compare_digest(given, self._secret):
            return PlainTextResponse("The secret is wrong.", 403)
        body = await _read(request)
        if body is None:
            return PlainTextResponse("That is too long for an update.", 413)
        try:
            stored = await self._take(body)
        except ValueError:
            log.warning("Something that is no JSON object came with Telegram's secret; it is refused.")
            return PlainTextResponse("That is no update.", 400)
        return Response(status_code=200) if stored else PlainTextResponse("Not now; please bring it again.", 503)


async def _read(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return None
    return bytes(body)
