"""The HTTP session that yfinance is given: it judges each price answer before yfinance can misread it.

yfinance 1.7 takes a blocked request (401) for a delisting, a page of HTML for a JSON error, and answers every status of
400 and above with more requests. Here such an answer raises at once, by its status.
"""

import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi import requests

_PRICES = "/v8/finance/chart/"


class NoSuchSymbol(Exception):
    """Yahoo knows no such symbol, or none that still trades."""


class NoPrices(Exception):
    """Yahoo knows the symbol but has no prices for the days asked."""


class RateLimited(Exception):
    """Yahoo wants fewer requests."""


class NotAnswering(Exception):
    """Yahoo answered with an error, a page instead of data, or not at all."""


class YahooSession(requests.Session[requests.Response]):
    """A browser-like session whose price requests raise one of the four exceptions above, or succeed."""

    def __init__(self, base_url: str = "") -> None:
        """`base_url` is a mirror that gets every request instead of the host it names."""
        super().__init__(impersonate="chrome")
        self._mirror = urlsplit(base_url) if base_url else None

    def request(self, method: Any, url: str, *arguments: Any, **options: Any) -> Any:
        """One request. Raises as the class says where it asks for prices."""
        wanted = urlsplit(url)
        if self._mirror:
            wanted = wanted._replace(scheme=self._mirror.scheme, netloc=self._mirror.netloc, path=wanted.path or "/")
        if not wanted.path.startswith(_PRICES):
            return super().request(method, urlunsplit(wanted), *arguments, **options)
        try:
            answer = super().request(method, urlunsplit(wanted), *arguments, **options)
        except requests.exceptions.RequestException as problem:
            raise NotAnswering(type(problem).__name__) from problem
        _judge(answer)
        return answer


def _judge(answer: requests.Response) -> None:
    """Raise unless the answer is a chart with data."""
    if answer.status_code == 429:
        raise RateLimited("429")
    try:
        chart = json.loads(answer.content)["chart"]
        error, results = chart.get("error"), chart.get("result")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NotAnswering(f"{answer.status_code} without a chart") from problem
    if answer.status_code == 404 or (error and error.get("code") == "Not Found"):
        raise NoSuchSymbol(str(error))
    if answer.status_code == 400:
        raise NoPrices(str(error))
    if answer.status_code >= 400 or error:
        raise NotAnswering(str(answer.status_code))
    if not results or not results[0].get("timestamp"):
        raise NoPrices("an empty chart")
