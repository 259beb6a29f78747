"""Templates to pages. The only module that knows Jinja."""

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from os import PathLike, stat_result
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bellwether.core.errors import BadHorizon
from bellwether.core.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.forecasting import change_sentences, sentences
from bellwether.market.symbols.normalize import LONGEST_QUESTION
from bellwether.market.symbols.universe import instrument_of
from bellwether.track_record.misses import sentences as reasons
from web.etag import code_version, is_known
from web.pages import forecast_view, incident_view, market_view, record_view, revenue_view
from web.pages.share import card_address, forecast_card_address
from web.problems import HttpProblem, printable

_HERE = Path(__file__).parents[1]  #: templates and static files lie beside the packages of pages
_STATIC = _HERE / "static"
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b", re.ASCII)
KEPT = 30  #: seconds that a page may be given again before it is worked out anew
_PUBLIC = f"public, max-age=0, must-revalidate, s-maxage={KEPT}"


class StaticFolder(StaticFiles):
    """The folder static/. Pages ask for its files by their content's hash, so a browser may keep them."""

    def __init__(self) -> None:
        super().__init__(directory=_STATIC)

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file: for good where it was asked for by its content's hash, else for a day."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        # only under the hash of this very content: an address of tomorrow must not be filled with today's file
        named = scope["query_string"] == f"v={_digest(Path(full_path).name)}".encode()
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if named else "public, max-age=86400"
        return response


def page(request: Request, template: str, status: int = 200, *, tag: str = "", **values: Any) -> Response:
    """A template as a page, with what every page needs; "not modified" for a browser that has the same `tag`.

    A page with a tag is the same for everybody and may be kept for a moment.
    """
    services = request.app.state.services
    headers = {"ETag": tag, "Cache-Control": _PUBLIC} if tag else {"Retry-After": "60"} if status == 503 else None
    if is_known(tag, request.headers):
        return Response(status_code=304, headers=headers)
    shared = {
        "source_note": services.provider.note,
        "asked": "",
        "horizon": DEFAULT_HORIZON,
        "path": request.url.path,
        "base": base_address(request),
        "share_card": card_address(request.url.path, services),
        "storm": _banner(request),
    }
    text = _environment().get_template(template).render(shared | values)
    media_type = "application/atom+xml; charset=utf-8" if template.endswith(".atom") else "text/html; charset=utf-8"
    return Response(text, status, headers, media_type)


def tag_of(request: Request, *facts: object) -> str:
    """An ETag of everything that a page is made of; weak, for the page may travel packed or not."""
    card = card_address(request.url.path, request.app.state.services)
    parts: Sequence[object] = (
        code_version(),
        _templates_digest(),
        base_address(request),
        card,
        _banner(request),
        *facts,
    )
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:20]}"'


def _banner(request: Request) -> object:
    return request.app.state.storm_banner.get()


def base_address(request: Request) -> str:
    """How others reach this service, without a slash at the end."""
    return request.app.state.services.settings.web.public_url or str(request.base_url).rstrip("/")


def error_page(request: Request, problem: HttpProblem) -> Response:
    """A kind page that says what is wrong, offers what was perhaps meant, and lets people ask again."""
    universe = request.app.state.services.universe
    return page(
        request,
        "error.html",
        problem.kind.status,
        problem=problem,
        suggestions=[universe.get(symbol) or instrument_of(symbol) for symbol in problem.suggestions],
        asked=_asked(request),
        horizon=_horizon(request),
        request_id=request.state.request_id,
    )


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
        autoescape=True,  # pages and feeds alike: what HTML needs escaped, XML needs
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "view": forecast_view,
        "market": market_view,
        "records": record_view,
        "reasons": reasons,
        "storms": incident_view,
        "words": sentences,
        "growths": revenue_view,
        "change": change_sentences,
        "asset": asset,
        "forecast_card": forecast_card_address,
    }
    environment.filters["in_words"] = _in_words
    return environment


def _in_words(text: object) -> str:
    """A text with its days as the rest of a page writes them: 31 December 2021."""
    return _DAY.sub(_day_in_words, str(text))


def _day_in_words(written: re.Match[str]) -> str:
    try:
        return sentences.day(date.fromisoformat(written[0]))
    except ValueError:  # no day of any calendar: somebody typed it
        return written[0]


def asset(name: str) -> str:
    """The address of a static file, new whenever its content is."""
    return f"/static/{name}?v={_digest(name)}"


def static_file(name: str) -> Path:
    """A file of the folder static/."""
    return _STATIC / name


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]


@cache
def _templates_digest() -> str:
    """Of everything that shapes a page beside its facts and the code."""
    digest = hashlib.sha256()
    for file in sorted((*_STATIC.iterdir(), *(_HERE / "templates").rglob("*.*"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]
