"""The chart of a forecast as a picture, for the page and for anyone who links to it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

import bellwether
from bellwether import queries
from bellwether.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.types import Shape, Theme
from web.services_of import ServicesOf

router = APIRouter(include_in_schema=False)
_KEPT = "public, max-age=300"


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
    ) -> None:
        """FastAPI fills these in from the address."""
        self.answer = queries.answer(services, symbol, parse_horizon(horizon))
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
