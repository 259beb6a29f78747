"""What both clients do alike: how a call is written and an answer read, what can go wrong, when to ask again. Pure."""

import random
from typing import Any

import httpx

from .calls import Call

VERSION = "0.2.0"  #: of the client, always the service's
API_VERSION = 1  #: of the API that it speaks
TIMEOUT = 30.0  #: seconds
TRIES = 4
LONGEST_WAIT = 60.0  #: seconds that are waited for a limit; more is the caller's to decide
_PASSING = frozenset({502, 503, 504})  #: trouble that may pass


class ApiError(Exception):
    """The API answered with a problem."""

    def __init__(self, problem: dict[str, Any], status: int, retry_after: float | None = None) -> None:
        """`problem` as RFC 9457 has it; `retry_after` in seconds."""
        self.status = status
        self.code = str(problem.get("code", "unknown"))  #: stable, for programs
        self.detail = str(problem.get("detail", f"The API answered {status}."))  #: for people
        self.request_id = str(problem.get("request_id", ""))
        self.suggestions: list[str] = problem.get("suggestions") or []  #: with unknown_symbol
        self.candidates: list[dict[str, str]] = problem.get("candidates") or []  #: with ambiguous_symbol
        self.retry_after = retry_after
        super().__init__(f"{self.detail} ({self.code}, request {self.request_id})")


class TooManyRequests(ApiError):
    """The plan's minute or day is used up; `retry_after` says when to go on."""


class NoAnswer(Exception):
    """The API could not be reached, or did not answer in time."""


def headers(key: str | None) -> dict[str, str]:
    """What every call carries."""
    about = {"Accept": "application/json", "User-Agent": f"bellwether-client/{VERSION}"}
    return about | ({"Authorization": f"Bearer {key}"} if key else {})


def options(call: Call) -> dict[str, Any]:
    """A call as httpx wants it."""
    wanted: dict[str, Any] = {"method": call.method, "url": f"api/v{API_VERSION}{call.path}", "params": call.query}
    return wanted if call.json is None else wanted | {"json": call.json}


def read(answer: httpx.Response) -> Any:
    """The answer's JSON; None where there is none to it. Raises ApiError and TooManyRequests."""
    if answer.is_success:
        return answer.json() if answer.content else None
    raise problem(answer)


def problem(answer: httpx.Response) -> ApiError:
    """The problem that an answer is."""
    try:
        said = answer.json()
    except ValueError:  # not ours: a proxy's page
        said = {}
    kind = TooManyRequests if answer.status_code == 429 else ApiError
    return kind(said if isinstance(said, dict) else {}, answer.status_code, _seconds(answer))


def pause(call: Call, tried: int, error: ApiError | httpx.TransportError) -> float | None:
    """How many seconds to wait before the next of several tries; None: not again."""
    if tried >= TRIES:
        return None
    backoff = 0.5 * 2.0 ** (tried - 1) * random.uniform(0.5, 1.0)  # so that many callers do not come back at once
    if isinstance(error, httpx.UnsupportedProtocol):  # an address that stays wrong
        return None
    if isinstance(error, httpx.TransportError):
        never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return backoff if call.repeatable or never_sent else None
    wait: float | None = error.retry_after
    if isinstance(error, TooManyRequests):  # nothing was done, whatever it was
        return wait if wait is not None and wait <= LONGEST_WAIT else None
    if error.status not in _PASSING or not call.repeatable:
        return None
    return min(backoff if wait is None else max(backoff, min(wait, 5.0)), LONGEST_WAIT)


def no_answer(error: httpx.TransportError) -> NoAnswer:
    """Said once no try is left."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return NoAnswer("The address of the service should begin with http:// or https://.")
    return NoAnswer(f"The API did not answer ({type(error).__name__}).")


def _seconds(answer: httpx.Response) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else None
