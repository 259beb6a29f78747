"""Logging to standard error, one line an event, never with a secret in it."""

import logging
import sys

from bellwether.config import Settings


class _Discreet(logging.Formatter):
    """Formats a record and then blacks out the token, wherever a library put it, in tracebacks too."""

    def __init__(self, secret: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text.replace(self._secret, "(token)") if self._secret else text


def set_up(settings: Settings) -> None:
    """Log what the settings ask for."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet(settings.telegram.token.get_secret_value()))
    logging.basicConfig(level=settings.log.level, handlers=[handler], force=True)
    for noisy in ("apscheduler", "httpx", "httpcore", "yfinance", "peewee"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
