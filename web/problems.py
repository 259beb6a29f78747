"""What can go wrong, as the web says it: a status, a title and a sentence, for pages and programs alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from bellwether.core.errors import AmbiguousSymbol, BellwetherError, QuotaExceeded, UnknownSymbol, allowed
from bellwether.core.types import Instrument


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem; `KINDS` has them by the stable code that programs read."""

    status: int
    title: str
    sentence: str = ""  #: said instead of the error's own text, where that text is for operators


PROBLEM = "application/problem+json"
_LATER = "Please try again in a little while."
INTERNAL = "internal_error"
KINDS = {
    "bad_symbol": Kind(400, "Not a stock symbol"),
    "bad_horizon": Kind(400, "Horizon out of range"),
    "bad_file": Kind(400, "File not understood"),
    "bad_date": Kind(400, "Date cannot be used"),
    "bad_request": Kind(400, "Request not understood"),
    "bad_rule": Kind(400, "Not a rule that can be kept"),
    "bad_webhook": Kind(400, "Not a webhook that can be kept"),
    "bad_terms": Kind(400, "Terms that cannot be"),
    "key_required": Kind(401, "A key is needed"),
    "bad_key": Kind(401, "Not a key that is known"),
    "expired_key": Kind(401, "Key has ended"),
    "revoked_key": Kind(401, "Key was revoked"),
    "missing_scope": Kind(403, "Key is not for this"),
    "not_in_plan": Kind(403, "Not in this plan"),
    "not_offered": Kind(403, "Not offered here"),
    "unknown_symbol": Kind(404, "Unknown symbol"),
    "not_found": Kind(404, "Nothing here", "There is nothing at this address."),
    "not_in_ledger": Kind(404, "Not in the track record"),
    "unknown_model": Kind(404, "Unknown model"),
    "unknown_rule": Kind(404, "Unknown rule"),
    "unknown_webhook": Kind(404, "Unknown webhook"),
    "unknown_key": Kind(404, "Unknown key"),
    "method_not_allowed": Kind(405, "Method not allowed", "This address does not take that; Allow says what it does."),
    "not_acceptable": Kind(406, "Format not available"),
    "too_slow": Kind(408, "Sent too slowly"),
    "ambiguous_symbol": Kind(409, "Not sure what you mean"),
    "limit_reached": Kind(409, "As many as there may be"),
    "too_large": Kind(413, "Too much at once"),
    "unsupported_body": Kind(415, "Body not understood"),
    "unusable_bars": Kind(422, "Too few usable prices"),
    "no_growth": Kind(422, "No growth to tell of"),
    "too_many_requests": Kind(429, "Too many requests"),
    INTERNAL: Kind(500, "Something went wrong", f"Something went wrong on our side; it has been noted. {_LATER}"),
    "market_data_unavailable": Kind(503, "Prices not available"),
    "model_unavailable": Kind(503, "Model not available"),
    # its text names a path on the server
    "database_unavailable": Kind(503, "Database not available", f"Our database does not answer just now. {_LATER}"),
}
_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_body"}


class HttpProblem(Exception):
    """One problem with one request: raised in an endpoint, it is the answer."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        suggestions: tuple[str, ...] = (),
        candidates: tuple[Instrument, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        """`code` is a key of KINDS; `detail` tells people what is wrong and what to do about it.

        `suggestions` are symbols that were perhaps meant, `candidates` is what an ambiguous question may mean, and
        after `retry_after` seconds asking again may help.
        """
        super().__init__(detail)
        self.code, self.detail, self.kind = code, printable(detail), KINDS[code]
        self.suggestions, self.candidates, self.retry_after = suggestions, candidates, retry_after


def problem_of(error: Exception) -> HttpProblem:
    """The problem behind an exception; one we did not foresee keeps its text to itself."""
    if isinstance(error, HttpProblem):
        return error
    if isinstance(error, QuotaExceeded):
        return HttpProblem(error.code, str(error), retry_after=error.retry_after)
    if isinstance(error, AmbiguousSymbol):
        return HttpProblem(error.code, error.question, candidates=error.candidates)
    if isinstance(error, BellwetherError):
        suggestions = error.suggestions if isinstance(error, UnknownSymbol) else ()
        return _problem(error.code if error.code in KINDS else INTERNAL, error.for_person, suggestions)
    if isinstance(error, RequestValidationError):
        return HttpProblem("bad_request", _what_is_invalid(error))
    if isinstance(error, HTTPException) and isinstance(error.__cause__, RecursionError | ValueError):  # of the JSON
        # FastAPI says no more than that it could not read the body
        text = "The body cannot be read: please send UTF-8, nested less deeply and with shorter numbers."
        return HttpProblem("bad_request", text)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _problem(_BY_STATUS.get(error.status_code, "bad_request"), str(error.detail))
    return _problem(INTERNAL, "")


def _problem(code: str, detail: str, suggestions: tuple[str, ...] = ()) -> HttpProblem:
    return HttpProblem(code, KINDS[code].sentence or detail, suggestions=suggestions)


def problem_response(request: Request, problem: HttpProblem) -> JSONResponse:
    """A problem as RFC 9457 has it."""
    kind = problem.kind
    headers = {}
    if problem.retry_after is not None or kind.status == 503:
        headers["Retry-After"] = str(problem.retry_after or 60)
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Bellwether"'
    body = problem_json(problem) | {"request_id": request.state.request_id}
    return JSONResponse(body, status_code=kind.status, media_type=PROBLEM, headers=headers)


def problem_json(problem: HttpProblem) -> dict[str, Any]:
    """The same without the number of the request, as one item of several has it."""
    body: dict[str, Any] = {
        "type": f"/developers#{problem.code}",
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.code == "unknown_symbol":
        body["suggestions"] = list(problem.suggestions)
    if problem.code == "ambiguous_symbol":
        names = ("symbol", "name", "exchange", "currency")
        body["candidates"] = [{name: getattr(candidate, name) for name in names} for candidate in problem.candidates]
    return body


def printable(text: str) -> str:
    """The text without control characters and direction marks, which could garble the page around it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _what_is_invalid(error: RequestValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return "The body is no JSON that can be read; please check its quotes, commas and brackets."
    return f"The parameter {_where(first['loc'])} cannot be used: {allowed(str(first['msg']))}."


_LONGEST_PLACE = 100  #: characters: a name may be as long as the body
_TYPES = {"str", "int", "float", "bool", "constrained-str", "constrained-int"}


def _where(loc: Sequence[int | str]) -> str:
    """A place as programs write it, such as symbols[3]; pydantic names the types of a union in it as well."""
    names = [part for part in loc[1:] if isinstance(part, int) or part not in _TYPES]
    path = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in names)
    return path.removeprefix(".")[:_LONGEST_PLACE] or str(loc[0])
