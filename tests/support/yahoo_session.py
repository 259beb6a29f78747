"""A session for the real yfinance client that reaches a local server wherever it asks for Yahoo."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi import requests


class ReplaySession(requests.Session[requests.Response]):
    """Sends what is meant for yahoo.com to `base_url`, and refuses any other host."""

    def __init__(self, base_url: str, **options: Any) -> None:
        super().__init__(**options)
        self._replay_address = urlsplit(base_url)

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Any:
        """As in curl_cffi, at another address."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host != "yahoo.com" and not host.endswith(".yahoo.com"):
            raise ValueError(f"a test must not reach {url}")
        local = parts._replace(
            scheme=self._replay_address.scheme, netloc=self._replay_address.netloc, path=parts.path or "/"
        )
        return super().request(method, urlunsplit(local), *args, **kwargs)
