"""Templates to pages. The only module that knows Jinja."""

import hashlib
from functools import cache
from os import PathLike, stat_result
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bellwether import wording
from bellwether.errors import BadHorizon
from bellwether.market.universe import LONGEST_QUESTION
from bellwether.parsing import DEFAULT_HORIZON, parse_horizon
from web import forecast_view
from web.problems import HttpProblem, printable

_HERE = Path(__file__).parent
_STYLE = _HERE / "static" / "style.css"


class StyleFiles(StaticFiles):
    """The folder static/. Pages ask for its files by their content's hash, so a browser may keep them."""

    def __init__(self) -> None:
        """Serve our own folder."""
        super().__init__(directory=_STYLE.parent)

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, to be kept for a day."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template as a page, with what every page needs."""
    services = request.app.state.services
    shared = {
        "known": services.provider.universe(),
        "source_note": services.provider.note,
        "asked": "",
        "horizon": DEFAULT_HORIZON,
    }
    return HTMLResponse(_environment().get_template(template).render(shared | values), status_code=status)


def error_page(request: Request, problem: HttpProblem) -> HTMLResponse:
    """A kind page that says what is wrong, offers what was perhaps meant, and lets people ask again."""
    names = {one.symbol: one.name for one in request.app.state.services.provider.universe()}
    response = page(
        request,
        "error.html",
        problem.kind.status,
        problem=problem,
        suggestions=[(symbol, names.get(symbol, "")) for symbol in problem.suggestions],
        asked=_asked(request),
        horizon=_horizon(request),
        request_id=request.state.request_id,
    )
    if problem.kind.status == 503:
        response.headers["Retry-After"] = "60"
    return response


def _asked(request: Request) -> str:
    """What the visitor typed, as far as it is worth showing again."""
    typed = request.query_params.get("symbol") or request.path_params.get("symbol") or ""
    return printable(typed[:LONGEST_QUESTION])


def _horizon(request: Request) -> int:
    """The horizon the visitor chose, kept for the next try; the usual one if it was what could not be read."""
    try:
        return parse_horizon(request.query_params.get("horizon", ""))
    except BadHorizon:
        return DEFAULT_HORIZON


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "view": forecast_view,
        "words": wording,
        "style": f"/static/style.css?v={hashlib.sha256(_STYLE.read_bytes()).hexdigest()[:10]}",
    }
    return environment
