"""The chart of a forecast as a picture, for the page and for anyone who links to it; and what draws it live."""

import gzip
import json
from collections.abc import Callable
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

import bellwether
from bellwether import queries
from bellwether.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.types import Shape, Theme
from web.services_of import ServicesOf

router = APIRouter(include_in_schema=False)
_KEPT = "public, max-age=300, s-maxage=300"
SCRIPT = "/vega.js"  #: 0.9 MB, 0.28 MB packed: only asked for by a page whose chart comes into view


class Wanted:
    """Which chart a request is for."""

    def __init__(
        self,
        request: Request,
        services: ServicesOf,
        symbol: str,
        horizon: str = str(DEFAULT_HORIZON),
        theme: Theme = "light",
        shape: Shape = "wide",
        as_of: str | None = None,
    ) -> None:
        """FastAPI fills these in from the address."""
        day = parse_date(as_of) if as_of else None
        self.answer = queries.answer(services, symbol, parse_horizon(horizon), day)
        self.theme: Theme = theme
        self.shape: Shape = shape
        self._known = request.headers.get("if-none-match", "")

    def picture(self, draw: Callable[[queries.Answer, Theme, Shape], bytes | str], media_type: str) -> Response:
        """The drawn chart, or "not modified" for a browser that has it."""
        name = media_type.partition("/")[2].partition("+")[0]
        # weak: the same picture may travel compressed or not
        tag = f'W/"{self.answer.forecast.forecast_id}-{self.theme}-{self.shape}-{name}-{bellwether.__version__}"'
        headers = {"ETag": tag, "Cache-Control": _KEPT}
        if tag in self._known:
            return Response(status_code=304, headers=headers)
        return Response(draw(self.answer, self.theme, self.shape), media_type=media_type, headers=headers)


@router.get("/stocks/{symbol}/chart.svg")
def chart_svg(wanted: Annotated[Wanted, Depends()]) -> Response:
    """The chart as SVG."""
    return wanted.picture(queries.chart_svg, "image/svg+xml")


@router.get("/stocks/{symbol}/chart.png")
def chart_png(wanted: Annotated[Wanted, Depends()]) -> Response:
    """The chart as PNG."""
    return wanted.picture(queries.chart_png, "image/png")


@router.get("/stocks/{symbol}/chart.json")
def chart_live(wanted: Annotated[Wanted, Depends()]) -> Response:
    """The chart as a specification that the page's script draws."""

    def draw(asked: queries.Answer, theme: Theme, shape: Shape) -> str:
        return json.dumps(queries.chart_live(asked, theme, shape), separators=(",", ":"))

    return wanted.picture(draw, "application/json")


@router.get(SCRIPT)
def chart_script(request: Request) -> Response:
    """Vega, from the package that also draws the pictures; for good under the address that names its version."""
    named = "v" in request.query_params
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if named else "public, max-age=86400",
        "Vary": "Accept-Encoding",
    }
    packed = _packed_script()
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(gzip.decompress(packed), headers=headers, media_type="text/javascript")


@cache
def _packed_script() -> bytes:
    """Made when it is first asked for, and packed once."""
    return gzip.compress(queries.chart_script().encode(), 9)
