"""The chart of a forecast: as a picture, for pages and whoever links to it, as data, and the script for that."""

import gzip
import json
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

import bellwether
from bellwether.ask import forecasts
from bellwether.charts.live import live_chart
from bellwether.charts.renderer import browser_script, to_svg
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.core.types import Shape, Theme
from bellwether.revenue.ask import at_hand
from bellwether.revenue.chart import growth_chart
from bellwether.revenue.types import GrowthForecast
from web.dependencies import NowOf, ServicesOf
from web.etag import is_known
from web.problems import HttpProblem

KEPT = "public, max-age=300, s-maxage=300"
SCRIPT = "/vega.js"  #: 0.9 MB, 0.3 MB packed: only asked for by a page whose chart comes into view
_SCRIPT_VERSION = version("vl-convert-python")
_AT_ONCE = 4  #: drawings; the renderer draws one after the other, and whoever waits for it holds a thread
router = APIRouter(include_in_schema=False)
_drawing = CapacityLimiter(_AT_ONCE)


async def drawn(request: Request, draw: Callable[[], bytes | str], media_type: str, tag: str = "") -> Response:
    """What `draw` makes, or "not modified" for a browser that has what `tag` stands for.

    It draws in one of the few threads that may: however many charts are asked for, pages go on.
    """
    headers = {"Cache-Control": KEPT}
    if tag:  # weak: the same picture may travel compressed or not
        headers["ETag"] = f'W/"{tag}-{bellwether.__version__}"'
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
    ) -> None:
        day = parse_date(as_of) if as_of else None
        self._answer = forecasts.answer(services, symbol, parse_horizon(horizon), day)
        self._request, self._theme, self._shape = request, theme, shape

    async def picture(self, draw: Callable[[forecasts.Answer, Theme, Shape], bytes | str], media_type: str) -> Response:
        """The drawn chart."""
        name = media_type.partition("/")[2].partition("+")[0]
        tag = f"{self._answer.forecast.forecast_id}-{self._theme}-{self._shape}-{name}"
        return await drawn(self._request, lambda: draw(self._answer, self._theme, self._shape), media_type, tag)


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
async def chart_live(wanted: WantedChart) -> Response:
    """The chart as a specification that the page's script draws."""

    def draw(asked: forecasts.Answer, theme: Theme, shape: Shape) -> str:
        live = live_chart(asked.outlook, asked.forecast.horizon, theme, shape)
        return json.dumps(live, separators=(",", ":"))

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


def script_address() -> str:
    """Where a page finds Vega, which draws its chart live; another address for another version."""
    return f"{SCRIPT}?v={_SCRIPT_VERSION}"


@router.get(SCRIPT)
def chart_script(request: Request, v: str = "") -> Response:
    """Vega, of the installed package that also draws the pictures; for good under the address with its version."""
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if v == _SCRIPT_VERSION else "public, max-age=86400",
        "Vary": "Accept-Encoding",
    }
    packed = _packed_script()
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(gzip.decompress(packed), headers=headers, media_type="text/javascript")


@cache
def _packed_script() -> bytes:
    return gzip.compress(browser_script().encode(), 9)
