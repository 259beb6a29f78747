"""The bot's name, for links that open it: asked of Telegram once, in the background, when a token is set."""

import http.client
import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable

from bellwether.core.config import Telegram
from bellwether.market.symbols.start_links import start_payload

AGAIN_AFTER = 300.0  #: seconds after which Telegram is asked again when it did not answer
_TIMEOUT = 10.0  #: seconds
log = logging.getLogger(__name__)


class Bot:
    """Who answers in Telegram, as far as that is known yet."""

    def __init__(self, settings: Telegram, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self.configured = bool(settings.token.get_secret_value())
        self._name: str | None = None
        self._ask_at = float("-inf")
        self._lock = threading.Lock()

    def name(self) -> str | None:
        """Its username; None while it is not known. Never waits."""
        with self._lock:
            if self._name is None and self.configured and self._clock() >= self._ask_at:
                self._ask_at = self._clock() + AGAIN_AFTER
                threading.Thread(target=self._ask, name="bot-name", daemon=True).start()
            return self._name

    def link(self, symbol: str) -> str | None:
        """An address that opens the bot with a symbol's forecast; None while the bot's name is not known."""
        name = self.name()
        return f"https://t.me/{name}?start={start_payload(symbol)}" if name is not None else None

    def _ask(self) -> None:
        address = f"{self._settings.base_url}{self._settings.token.get_secret_value()}/getMe"
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
                name = json.load(answer)["result"]["username"]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as problem:
            # the problem's text may hold the address, and so the token
            log.warning("The bot's name is not known (%s); the page does without it.", type(problem).__name__)
            return
        with self._lock:
            self._name = str(name)
