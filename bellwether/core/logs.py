"""Logging to standard error, one line an event, never with a secret in it."""

import logging
import os
import sys

from bellwether.core.config import Settings
from bellwether.core.connections import secrets_of


class _Discreet(logging.Formatter):
    """Formats a record and then blacks out the token and proxies' passwords, wherever a library put them."""

    def __init__(self, token: str, passwords: tuple[str, ...] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
        self._token, self._passwords = token, passwords

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        text = text.replace(self._token, "(token)") if self._token else text
        for password in self._passwords:
            text = text.replace(f":{password}@", ":(password)@")
        return text


def set_up(settings: Settings) -> None:
    """Log what the settings ask for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet(settings.telegram.token.get_secret_value(), secrets_of(os.environ)))
    logging.basicConfig(level=settings.log.level, handlers=[handler], force=True)
    for noisy in ("apscheduler", "httpx", "httpcore", "yfinance", "peewee"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
