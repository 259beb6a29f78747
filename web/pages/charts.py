"""The chart of a forecast: as a picture, for pages and for anyone who links to it, and as data; and who may draw."""

import json
from collections.abc import Callable
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

import bellwether
from bellwether.ask import forecasts
from bellwether.charts.live import live_chart
from bellwether.charts.renderer import to_svg
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.core.types import Shape, Theme
from bellwether.revenue.ask import at_hand
from bellwether.revenue.chart import growth_chart
from bellwether.revenue.types import GrowthForecast
from web.dependencies import ServicesOf
from web.etag import is_known
from web.pages import chart_script
from web.problems import HttpProblem, ProblemError

KEPT = "public, max-age=300, s-maxage=300"
_AT_ONCE = 4  #: drawings; the pen draws one after the other, and whoever waits for it holds a thread
router = APIRouter(include_in_schema=False)
router.include_router(chart_script.router)
_drawing = CapacityLimiter(_AT_ONCE)


async def drawn(draw: Callable[[], bytes | str], media_type: str, headers: dict[str, str]) -> Response:
    """What `draw` makes, in one of the few threads that may draw: however many charts are asked for, pages go on."""
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
    ) -> None:
        """FastAPI fills these in from the address."""
        day = parse_date(as_of) if as_of else None
        self.answer = forecasts.answer(services, symbol, parse_horizon(horizon), day)
        self.theme: Theme = theme
        self.shape: Shape = shape
        self._asked = request.headers

    async def picture(self, draw: Callable[[forecasts.Answer, Theme, Shape], bytes | str], media_type: str) -> Response:
        """The drawn chart, or "not modified" for a browser that has it."""
        name = media_type.partition("/")[2].partition("+")[0]
        # weak: the same picture may travel compressed or not
        tag = f'W/"{self.answer.forecast.forecast_id}-{self.theme}-{self.shape}-{name}-{bellwether.__version__}"'
        headers = {"ETag": tag, "Cache-Control": KEPT}
        if is_known(tag, self._asked):
            return Response(status_code=304, headers=headers)
        return await drawn(lambda: draw(self.answer, self.theme, self.shape), media_type, headers)


WantedChart = Annotated[Wanted, Depends()]


@router.get("/stocks/{symbol}/chart.svg")
async def chart_svg(wanted: WantedChart) -> Response:
    """The chart as SVG."""
    return await wanted.picture(forecasts.chart_svg, "image/svg+xml")


@router.get("/stocks/{symbol}/chart.png")
async def chart_png(wanted: WantedChart) -> Response:
    """The chart as PNG."""
    return await wanted.picture(forecasts.chart_png, "image/png")


def _growth(services: ServicesOf, symbol: str) -> GrowthForecast:
    """The forecast that a chart of growth is drawn of. A plain function: it may wait for who knows the symbol."""
    one = forecasts.resolve(services, symbol)
    made = at_hand(services.fundamentals, services.growth, one, services.clock())
    if made is None:
        text = f"No growth of {one.symbol} is known here yet; ask /api/v1/growth."
        raise ProblemError(HttpProblem("not_found", text))
    return made


@router.get("/stocks/{symbol}/growth.svg")
async def growth_svg(
    request: Request, made: Annotated[GrowthForecast, Depends(_growth)], theme: Theme = "light", shape: Shape = "wide"
) -> Response:
    """The chart of the business behind a stock, from statements that nobody need be asked for."""
    tag = f'W/"{made.forecast_id(0)}-{theme}-{shape}-{bellwether.__version__}"'
    headers = {"ETag": tag, "Cache-Control": KEPT}
    if is_known(tag, request.headers):
        return Response(status_code=304, headers=headers)
    return await drawn(lambda: to_svg(growth_chart(made, theme, shape)), "image/svg+xml", headers)


@router.get("/stocks/{symbol}/chart.json")
async def chart_live(wanted: WantedChart) -> Response:
    """The chart as a specification that the page's script draws."""

    def draw(asked: forecasts.Answer, theme: Theme, shape: Shape) -> str:
        live = live_chart(asked.outlook, asked.forecast.horizon, theme, shape)
        return json.dumps(live, separators=(",", ":"))

    return await wanted.picture(draw, "application/json")
