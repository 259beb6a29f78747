"""The chart of a forecast: as a picture, for pages and whoever links to it, and what a page tells of its sessions."""

import json
from collections.abc import Callable
from typing import Annotated, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from bellwether.ask import forecasts
from bellwether.ask.beside import beside, known_until
from bellwether.charts.beside import Beside
from bellwether.charts.fan import PASTS
from bellwether.charts.live import told
from bellwether.charts.renderer import to_svg
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.core.types import Shape, Theme
from bellwether.revenue.ask import at_hand
from bellwether.revenue.chart import growth_chart
from bellwether.revenue.types import GrowthForecast
from web.dependencies import NowOf, ServicesOf
from web.etag import code_version, is_known
from web.problems import HttpProblem

KEPT = "public, max-age=300, s-maxage=300"
Past = Literal["1m", "6m", "1y", "5y"]  #: one of PASTS
Draw = Callable[[forecasts.Answer, Theme, Shape, Beside, int | None], bytes | str]
_AT_ONCE = 4  #: drawings; the renderer draws one after the other, and whoever waits for it holds a thread
router = APIRouter(include_in_schema=False)
_drawing = CapacityLimiter(_AT_ONCE)


async def drawn(request: Request, draw: Callable[[], bytes | str], media_type: str, tag: str = "") -> Response:
    """What `draw` makes, or "not modified" for a browser that has what `tag` stands for.

    It draws in one of the few threads that may: however many charts are asked for, pages go on.
    """
    headers = {"Cache-Control": KEPT}
    if tag:  # weak: the same picture may travel compressed or not
        headers["ETag"] = f'W/"{tag}-{code_version()}"'
        if is_known(headers["ETag"], request.headers):
            return Response(status_code=304, headers=headers)
    picture = await to_thread.run_sync(draw, limiter=_drawing)
    return Response(picture, media_type=media_type, headers=headers)


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
        past: Past | None = None,
    ) -> None:
        day = parse_date(as_of) if as_of else None
        self._answer = forecasts.answer(services, symbol, parse_horizon(horizon), day)
        self._request, self._services, self._theme, self._shape = request, services, theme, shape
        self._known_until = known_until(services, self._answer) if day is not None else None
        self._past = past

    async def picture(self, draw: Draw, media_type: str) -> Response:
        """The drawn chart."""
        name = media_type.partition("/")[2].partition("+")[0]
        known = f"{self._answer.forecast.chart_id}-{self._known_until}"
        tag = f"{known}-{self._theme}-{self._shape}-{self._past}-{name}"
        return await drawn(self._request, lambda: self._draw(draw), media_type, tag)

    def _draw(self, draw: Draw) -> bytes | str:
        known = beside(self._services, self._answer, looks_back=self._known_until is not None)
        shown = PASTS[self._past] if self._past is not None else None
        return draw(self._answer, self._theme, self._shape, known, shown)


WantedChart = Annotated[Wanted, Depends()]


@router.get("/stocks/{symbol}/chart.svg")
async def chart_svg(wanted: WantedChart) -> Response:
    """The chart as SVG."""
    return await wanted.picture(forecasts.chart_svg, "image/svg+xml")


@router.get("/stocks/{symbol}/chart.png")
async def chart_png(wanted: WantedChart) -> Response:
    """The chart as PNG."""
    return await wanted.picture(forecasts.chart_png, "image/png")


@router.get("/stocks/{symbol}/chart.json")
async def chart_values(wanted: WantedChart) -> Response:
    """What the chart tells of each session, and where in the picture that stands."""

    def draw(asked: forecasts.Answer, theme: Theme, shape: Shape, known: Beside, shown: int | None) -> str:
        values = told(asked.outlook, asked.forecast.horizon, theme, shape, known, shown)
        return json.dumps(values, separators=(",", ":"))

    return await wanted.picture(draw, "application/json")


def _growth(services: ServicesOf, now: NowOf, symbol: str) -> GrowthForecast:
    """The forecast that a chart of growth is drawn of. A plain function: it may wait for who knows the symbol."""
    instrument = forecasts.resolve(services, symbol)
    made = at_hand(services.fundamentals, services.growth, instrument, now)
    if made is None:
        text = f"No growth of {instrument.symbol} is known here yet; ask /api/v1/growth."
        raise HttpProblem("not_found", text)
    return made


@router.get("/stocks/{symbol}/growth.svg")
async def growth_svg(
    request: Request, made: Annotated[GrowthForecast, Depends(_growth)], theme: Theme = "light", shape: Shape = "wide"
) -> Response:
    """The chart of the business behind a stock, from statements that nobody need be asked for."""
    tag = f"{made.forecast_id(0)}-{theme}-{shape}"
    return await drawn(request, lambda: to_svg(growth_chart(made, theme, shape)), "image/svg+xml", tag)
