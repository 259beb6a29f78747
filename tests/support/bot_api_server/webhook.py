"""Bringing updates to the bot's webhook: one at a time, in order, again and again until the bot answers 2xx."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.support.bot_api_server.errors import Breach, bad_request

PORTS = {443, 80, 88, 8443}
PAUSE = 0.1  #: seconds before an update that was refused comes again; Telegram's grow
SECRET = "X-Telegram-Bot-Api-Secret-Token"


class Webhook:
    """The address that the bot gave, if any; runs on the server's event loop."""

    def __init__(self, oldest: Callable[[], tuple[int, Any] | None], confirm: Callable[[int], None]) -> None:
        """`oldest` is the number of the update to bring next, and it; `confirm` says that it arrived."""
        self.url = ""
        self.local = False
        self.answers: list[int] = []  #: what the bot answered, by status; 0 when there was nobody
        self._oldest, self._confirm = oldest, confirm
        self._secret = ""
        self._last_error: tuple[int, str] | None = None
        self._bringing: asyncio.Task[None] | None = None

    def set(self, url: str, secret: str) -> None:
        """Check an address as Telegram does, and bring updates there from now on."""
        if not url:
            self.delete()
            return
        parts = urlsplit(url)
        if parts.scheme != "https" and not (self.local and parts.scheme == "http"):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if not self.local and (parts.port or 443) not in PORTS:
            raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if secret and not re.fullmatch("[A-Za-z0-9_-]{1,256}", secret):
            raise Breach("secret token contains unallowed characters")
        self.url, self._secret, self._last_error = url, secret, None

    def delete(self) -> None:
        """Bring no more."""
        self.url = ""

    def info(self) -> dict[str, Any]:
        """The WebhookInfo, without the number of updates that wait."""
        info: dict[str, Any] = {"url": self.url, "has_custom_certificate": False}
        if self._last_error is not None:
            info |= dict(zip(("last_error_date", "last_error_message"), self._last_error, strict=True))
        return info

    def wake(self) -> None:
        """There may be something to bring."""
        if self.url and (self._bringing is None or self._bringing.done()):
            self._bringing = asyncio.ensure_future(self._bring())

    async def _bring(self) -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            while self.url and (waiting := self._oldest()) is not None:
                number, update = waiting
                headers = {"Content-Type": "application/json"} | ({SECRET: self._secret} if self._secret else {})
                try:
                    status = (await client.post(self.url, content=json.dumps(update), headers=headers)).status_code
                except httpx.HTTPError:
                    status = 0
                self.answers.append(status)
                if 200 <= status < 300:
                    self._confirm(number)
                else:
                    self._last_error = int(time.time()), f"Wrong response from the webhook: {status}"
                    await asyncio.sleep(PAUSE)
