"""/openapi.json: what it says of the answers that many addresses share, and in place of FastAPI's own errors.

It is kept at docs/openapi.json: `python -m bellwether.cli.openapi > docs/openapi.json`.
"""

from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from bellwether.client.answers.forecast import ProblemAnswer
from web.api.negotiate import MEDIA_TYPES, Format
from web.middleware.request_body import TOO_LARGE, TOO_SLOW
from web.problems import PROBLEM

Responses = dict[int | str, dict[str, Any]]

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
_OF_BODIES = ("408", "413", "415")  #: which a GET has not
TABLES = {
    MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}},
    MEDIA_TYPES[Format.PARQUET]: {"schema": {"type": "string", "format": "binary"}},
}
_LEFT: dict[str, Any] = {
    "RateLimit": {"description": 'What is left: "minute";r=59;t=60, "day";r=999;t=3600', "schema": {"type": "string"}},
    "RateLimit-Policy": {
        "description": 'What the plan has: "minute";q=60;w=60, "day";q=1000;w=86400',
        "schema": {"type": "string"},
    },
}
Security = list[dict[str, list[str]]]
KEY: Security = [{"key": []}, {}]  #: with a key, or without one on the demo plan
KEY_NEEDED: Security = [{"key": []}]
ADMIN: Security = [{"admin": []}]
_ABOUT = {
    "forecasts": "Where prices, and a company's revenue, may go: ranges with their chances",
    "market": "What can be asked for, its daily prices where they are handed out, the models, and how things stand",
    "track record": "What was forecast and what came of it, each with its proof",
    "alerts": "Rules of a key's owner, what they have fired, and a stream of what is new",
    "webhooks": "Addresses that alerts are sent to",
    "account": "The key's plan and what is left of it",
    "operator": "Keys of others, for whoever runs the service",
}
_SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of the API: bw_live_..."},
    "admin": {"type": "http", "scheme": "bearer", "description": "The operator's own token"},
}


def named_router(*tags: str, below: str = "", **more: Any) -> APIRouter:
    """A group of addresses whose operations are called like their functions.

    Programs that others have generated call them so too: a function's name is part of what the API promises.
    """
    prefix = f"/api/v1{below}"
    return APIRouter(prefix=prefix, tags=list(tags), generate_unique_id_function=lambda route: route.name, **more)


def operation(
    model: type[Any] | None = None,
    *more: int,
    needs: Security = KEY,
    tables: bool = False,
    conditional: bool = True,
    status: int = 200,
    also: Responses | None = None,
    **named: Any,
) -> dict[str, Any]:
    """What a route is declared with: `@router.get(path, **operation(RuleAnswer, 409))`.

    `model` is the shape of its answer, `more` are problems beyond those that every address can have. With `tables` it
    answers in every format, and where it is `conditional` says "not modified" to whoever has the answer. `also` are
    other answers; `named` goes to FastAPI as it is.
    """
    responses: Responses = {}
    if tables:
        responses[status] = {"content": TABLES, "headers": _LEFT | {"ETag": {"schema": {"type": "string"}}}}
        if conditional:
            responses[304] = {"description": "What If-None-Match names is still the answer"}
        more = (406, *more)
    for problem in sorted({*_ALWAYS, *more}):
        responses[problem] = {"description": _SAID[problem], "content": {PROBLEM: _SHAPE}}
    responses |= also or {}
    shape = {} if model is None else {"response_model": model}
    return named | shape | {"status_code": status, "responses": responses, "openapi_extra": {"security": needs}}


owned = partial(operation, needs=KEY_NEEDED)  #: the same, of what belongs to one key


def describe(app: FastAPI) -> None:
    """Let the app describe itself: FastAPI's own description, with our problems in place of its."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual has it


def _described(app: FastAPI) -> dict[str, Any]:
    description = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=app.description,
        routes=app.routes,
        servers=[{"url": "/", "description": "The service that this description came from"}],
        tags=[{"name": tag, "description": about} for tag, about in _ABOUT.items()],
        contact={"name": "Whoever runs this service"},
        license_info={"name": "MIT License", "identifier": "MIT"},
    )
    for operations in description["paths"].values():
        for method, described in operations.items():
            answers = described["responses"]
            if method == "get":
                for status in _OF_BODIES:
                    del answers[status]
            for parameter in described.get("parameters", ()):
                parameter["schema"] = _sent(parameter["schema"])
            if "application/json" in answers.get("422", {}).get("content", {}):  # what cannot be read is a 400 here
                del answers["422"]
    components = description["components"]
    for name in ("HTTPValidationError", "ValidationError"):  # of FastAPI: what is invalid is a problem here
        components["schemas"].pop(name, None)
    components["schemas"]["ProblemAnswer"] = TypeAdapter(ProblemAnswer).json_schema()
    components["securitySchemes"] = _SECURITY_SCHEMES
    return description


def _sent(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter may be, as it travels: what is left out is absent, and never null.

    Programs that are generated take an alternative for an object, and then cannot send it as text.
    """
    if "anyOf" not in schema:
        return schema
    only: dict[str, Any]
    (only,) = [part for part in schema["anyOf"] if part.get("type") != "null"]
    return only if "$ref" in only else only | {name: value for name, value in schema.items() if name != "anyOf"}
