"""Logging to standard error, one line an event, never with a secret in it."""

import logging
import os
import sys
from collections.abc import Mapping
from urllib.parse import unquote

from bellwether.core.config import Settings
from bellwether.core.connections import PROXIES, values_of


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


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The passwords of proxies, as they stand and as they are read, the longest first."""
    secrets = set()
    for _, value in values_of(PROXIES, environment):
        before, at, _ = value.rpartition("@")
        password = before.rpartition("//")[2].partition(":")[2]
        if at and password:
            secrets |= {password, unquote(password)}
    return tuple(sorted(secrets, key=len, reverse=True))


def set_up(settings: Settings, least: int = logging.NOTSET) -> None:
    """Log what the settings ask for, and of that nothing below the level `least`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(least)
    handler.setFormatter(_Discreet(settings.telegram.token.get_secret_value(), secrets_of(os.environ)))
    logging.basicConfig(level=settings.log.level, handlers=[handler], force=True)
    for noisy in ("apscheduler", "httpx", "httpcore", "yfinance", "peewee"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
