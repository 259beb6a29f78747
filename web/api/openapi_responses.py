"""What /openapi.json says of the answers that many addresses share."""

from typing import Any

from web.api.negotiate import MEDIA_TYPES, Format
from web.middleware.request_body import TOO_LARGE, TOO_SLOW

PROBLEM = "application/problem+json"
_SHAPE = {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}
_SAID = {
    400: "Something in the address, the query or the body cannot be read",
    401: "A key is needed, or this one is not known, has ended or was revoked",
    403: "The key is not for this, the plan has it not, or it is not offered here",
    404: "There is no such thing; with unknown_symbol, `suggestions` has near ones",
    405: "The address does not take this method",
    406: "None of the formats in Accept is there",
    408: TOO_SLOW,
    409: "Several instruments may be meant (`candidates` has them), or a limit is reached",
    413: TOO_LARGE,
    415: "The body is packed, or no JSON",
    422: "Too few usable prices for any answer",
    429: "The plan's minute or day is used up; Retry-After says when to go on",
    500: "Something unforeseen; it is in the log under the request_id",
    503: "Prices, model or database are not available just now",
}
_ALWAYS = (400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 503)
OF_BODIES = ("408", "413", "415")  #: which a GET has not
TABLES = {
    MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}},
    MEDIA_TYPES[Format.PARQUET]: {"schema": {"type": "string", "format": "binary"}},
}
LEFT: dict[str, Any] = {
    "RateLimit": {"description": 'What is left: "minute";r=59;t=60, "day";r=999;t=3600', "schema": {"type": "string"}},
    "RateLimit-Policy": {
        "description": 'What the plan has: "minute";q=60;w=60, "day";q=1000;w=86400',
        "schema": {"type": "string"},
    },
}
KEY: list[dict[str, list[str]]] = [{"key": []}, {}]  #: with a key, or without one on the demo plan
KEY_NEEDED: list[dict[str, list[str]]] = [{"key": []}]
ADMIN: list[dict[str, list[str]]] = [{"admin": []}]
SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of the API: bw_live_..."},
    "admin": {"type": "http", "scheme": "bearer", "description": "The operator's own token"},
}


def problems(*more: int) -> dict[int | str, dict[str, Any]]:
    """The problems that every address can have, and these."""
    return {
        status: {"description": _SAID[status], "content": {PROBLEM: _SHAPE}} for status in sorted({*_ALWAYS, *more})
    }


def table(*more: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The same, of an address that answers in every format and knows its answers again."""
    fine = {"content": TABLES, "headers": LEFT | {"ETag": {"schema": {"type": "string"}}}}
    unchanged = {"description": "What If-None-Match names is still the answer"}
    return {status: fine, 304: unchanged, **problems(406, *more)}


def security(needed: list[dict[str, list[str]]]) -> dict[str, Any]:
    """Who may ask."""
    return {"security": needed}
