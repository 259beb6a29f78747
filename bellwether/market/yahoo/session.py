"""The HTTP session that yfinance is given: it judges each answer before yfinance can misread it.

yfinance 1.7 takes a blocked request (401) for a delisting and a page of HTML for a JSON error, answers every status of
400 and above with more requests, waits 30 s for cookies whatever time-out it is given, and keeps an error text as its
crumb. Here an answer that is none raises at once, by what it is, a chart is rid of its damaged parts, and everything
ends at the deadline.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi import requests

from bellwether.core.errors import Trouble
from bellwether.market.remote.circuit_breaker import LONGEST_WISH
from bellwether.market.yahoo.clean import UnreadableAnswer, cleaned

CHART = "/v8/finance/chart/"
DATA = (CHART, "/v10/finance/", "/v7/finance/", "/v1/finance/", "/ws/")
CRUMB = "/v1/test/getcrumb"
REPORTS_PAGE = "/calendar/earnings"  #: for people: yfinance reads its table
COOKIE_SHARE = 0.2  #: of a question's time-out goes at most into a cookie or crumb: charts come without them too
COOKIE_PAUSE = 60.0  #: seconds in which cookies that could not be had are not asked for again
LIMIT_PAUSE = 60.0  #: seconds to leave Yahoo alone when it limits us without saying how long


class NoSuchSymbol(Exception):
    """Yahoo knows no such symbol, or none that still trades."""


class Empty(Exception):
    """Yahoo knows the symbol but has nothing for the days asked."""


class NotAnswering(Exception):
    """Yahoo did not answer, or not with data."""

    def __init__(self, trouble: Trouble, detail: str, retry_after: float | None = None) -> None:
        """`retry_after` in seconds."""
        super().__init__(f"{trouble.name}: {detail}")
        self.trouble, self.retry_after = trouble, retry_after


class OfOtherForm(NotAnswering):
    """Yahoo answered with JSON of another form than it has for this question: perhaps only about this symbol."""

    def __init__(self) -> None:
        super().__init__(Trouble.GARBLED, "JSON of another form")


#: what says that Yahoo does not answer; curl's own are of cookies
UNANSWERED = (NotAnswering, requests.exceptions.RequestException)


class YahooSession(requests.Session[requests.Response]):
    """A browser-like session whose requests for data succeed, or raise an exception above or UnreadableAnswer."""

    def __init__(self, base_url: str = "") -> None:
        """`base_url` is a mirror that gets every request instead of the host it names."""
        super().__init__(impersonate="chrome")
        self._mirror = urlsplit(base_url) if base_url else None
        self._time = threading.local()
        self._cookies_again = 0.0

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """One question: all requests of this thread inside the block end within so many seconds together.

        After one for data got no answer the others get none either: yfinance would go on asking.
        """
        self._time.whole, self._time.deadline, self._time.failure = seconds, time.monotonic() + seconds, None
        try:
            yield
        finally:
            del self._time.deadline, self._time.failure

    def request(self, method: Any, url: str, *arguments: Any, **options: Any) -> Any:
        """One request. Raises as the class says where it asks for data, and curl's exceptions where for cookies."""
        wanted = urlsplit(url)
        if self._mirror:
            wanted = wanted._replace(scheme=self._mirror.scheme, netloc=self._mirror.netloc, path=wanted.path or "/")
        ask = super().request
        left = getattr(self._time, "deadline", time.monotonic() + 30) - time.monotonic()

        def send(timeout: float) -> Any:
            return ask(method, urlunsplit(wanted), *arguments, **(options | {"timeout": timeout}))

        if wanted.path == REPORTS_PAGE:
            return _answered(lambda: send(left), left)
        if not wanted.path.startswith(DATA):
            return self._cookie(wanted.path, left, send)
        if (failure := getattr(self._time, "failure", None)) is not None:
            raise failure
        try:
            return self._data(wanted.path, left, send)
        except NotAnswering as problem:
            self._time.failure = problem
            raise

    def _data(self, path: str, left: float, send: Callable[[float], Any]) -> Any:
        answer = _sent(lambda: send(left), left)
        told = judge(answer, path)
        if path.startswith(CHART):
            answer.content = json.dumps(cleaned(told)).encode()
        return answer

    def _cookie(self, path: str, left: float, send: Callable[[float], Any]) -> Any:
        """A request for a cookie or crumb: in little time, and not again soon after it failed.

        yfinance holds a lock meanwhile, for which everybody waits, and goes on without when curl's exceptions come.
        """
        if time.monotonic() < self._cookies_again:
            raise requests.exceptions.Timeout("cookies are not to be had at the moment")
        share = COOKIE_SHARE * getattr(self._time, "whole", 30.0)
        try:
            answer = send(max(min(share, left), 0.01))
            if path == CRUMB and (answer.status_code != 200 or not _is_crumb(answer.text)):
                raise requests.exceptions.Timeout(f"no crumb but {answer.status_code}")
        except requests.exceptions.RequestException:
            self._cookies_again = time.monotonic() + COOKIE_PAUSE
            raise
        return answer


def _sent(send: Callable[[], Any], left: float) -> Any:
    """What comes, whatever it is. Raises NotAnswering where nothing does, or no time is left for it."""
    if left <= 0:
        raise NotAnswering(Trouble.SILENT, "no time left")
    try:
        return send()
    except requests.exceptions.Timeout as problem:
        raise NotAnswering(Trouble.SILENT, type(problem).__name__) from problem
    except requests.exceptions.RequestException as problem:
        raise NotAnswering(Trouble.CUT_OFF, type(problem).__name__) from problem


def _answered(send: Callable[[], Any], left: float) -> Any:
    """A page that came. Raises for any other, as Empty where there is none, for yfinance would ask on, or read it."""
    answer = _sent(send, left)
    if answer.status_code == 429:
        raise _limited(answer)
    if answer.status_code == 404:  # an answer: data may come all the same
        raise Empty("no such page")
    if answer.status_code >= 400:
        raise NotAnswering(_without_data(answer.status_code, answer), f"{answer.status_code} for a page")
    return answer


def judge(answer: requests.Response, path: str) -> Any:
    """What the answer says, decoded. Raises unless it is data, and for a chart unless it has sessions."""
    status = answer.status_code
    if status == 429:
        raise _limited(answer)
    try:
        told = json.loads(answer.content)
    except (ValueError, RecursionError):
        raise NotAnswering(_without_data(status, answer), f"{status} without data") from None
    body = _envelope(told)
    if body is None and path.startswith(CHART) and status < 400:
        raise OfOtherForm
    if body is None and status >= 400:
        raise NotAnswering(_without_data(status, answer), f"{status} without data")
    error, results = (body.get("error"), body.get("result")) if body is not None else (None, None)
    code = error.get("code") if isinstance(error, dict) else None
    if status == 404 or code == "Not Found":
        raise NoSuchSymbol(str(error))
    if status == 400 and error:
        raise Empty(str(error))
    if status >= 500:
        raise NotAnswering(Trouble.FAILING, str(status))
    if status >= 400 or (error and not results):
        raise NotAnswering(Trouble.REFUSED, f"{status} {error}")
    if path.startswith(CHART) and not _sessions(results):
        raise Empty("an empty chart")
    return told


def _envelope(told: Any) -> Any:
    """The part that holds `result` and `error`; None where there is none: a search has no envelope."""
    parts = told.values() if isinstance(told, dict) else ()
    return next((part for part in parts if isinstance(part, dict) and ("result" in part or "error" in part)), None)


def _sessions(results: Any) -> Any:
    """The stamps of a chart's sessions, whatever they are; empty where there are none."""
    if not results:
        return ()
    if not isinstance(results, list) or not isinstance(results[0], dict):
        raise UnreadableAnswer("no chart")
    return results[0].get("timestamp")


def _without_data(status: int, answer: requests.Response) -> Trouble:
    """What an answer is that is no JSON of the usual form."""
    if status >= 500:
        return Trouble.FAILING
    if status >= 400:
        return Trouble.REFUSED
    return Trouble.PAGE if answer.content.lstrip()[:1] == b"<" else Trouble.GARBLED


def _limited(answer: requests.Response) -> NotAnswering:
    return NotAnswering(Trouble.LIMITED, "429", _retry_after(answer.headers.get("Retry-After")))


def _retry_after(header: str | None) -> float:
    """Seconds of a Retry-After header, which holds seconds or a date; LIMIT_PAUSE where it holds neither."""
    wish = (header or "").strip()
    if wish.isascii() and wish.isdigit():
        return min(float(wish), LONGEST_WISH)
    try:
        left = (parsedate_to_datetime(wish) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return LIMIT_PAUSE
    return min(max(left, 0.0), LONGEST_WISH)


def _is_crumb(text: str) -> bool:
    """Crumbs are short and without spaces; error texts and pages are neither."""
    return 0 < len(text) <= 64 and not any(letter.isspace() or letter in "<{" for letter in text)
