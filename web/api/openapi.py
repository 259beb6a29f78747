"""/openapi.json, and how it is kept at docs/openapi.json: `python -m bellwether.cli.openapi > docs/openapi.json`."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from bellwether.client.answers.forecast import ProblemAnswer
from web.api.openapi_responses import OF_BODIES, SECURITY_SCHEMES

_OURS = ("HTTPValidationError", "ValidationError")  #: of FastAPI: what is invalid is a problem here


def describe(app: FastAPI) -> None:
    """Let the app describe itself: FastAPI's own description, with our problems in place of its."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual has it


def _described(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=app.description,
        routes=app.routes,
        servers=[{"url": "/"}],
    )
    for operations in found["paths"].values():
        for method, operation in operations.items():
            answers = operation["responses"]
            if method == "get":
                for status in OF_BODIES:
                    del answers[status]
            of_fastapi = answers.get("422", {}).get("content", {}).get("application/json")
            if of_fastapi is not None:  # what cannot be read is a 400 here
                del answers["422"]
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _OURS:
        schemas.pop(name, None)
    schemas["ProblemAnswer"] = TypeAdapter(ProblemAnswer).json_schema()
    components["securitySchemes"] = SECURITY_SCHEMES
    return found
