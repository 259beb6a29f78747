"""The home page, and suggestions while somebody types in its form; the plain form works without them."""

import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Forecast
from bellwether.market.symbols import suggest as suggestions
from bellwether.market.symbols.normalize import LONGEST_QUESTION
from bellwether.services import Services
from web.dependencies import HorizonOf, OverviewsOf, ServicesOf
from web.pages import market_view
from web.pages.charts import KEPT
from web.pages.forecast_view import stock_address
from web.pages.market import overview_or_none
from web.pages.render import page, tag_of
from web.problems import INTERNAL, KINDS

EXAMPLE = "AAPL"  #: of this page, and of the manual for developers
_PATIENCE = 0.3  #: seconds that the home page waits for the market's overview; without it the page is shorter
router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@router.get("/")
def home(
    request: Request, services: ServicesOf, overviews: OverviewsOf, horizon: HorizonOf, symbol: str | None = None
) -> Response:
    """What this is, the search form and living examples; the form comes back here and is sent on."""
    if symbol is not None:
        return RedirectResponse(stock_address(forecasts.resolve(services, symbol).symbol, horizon), status_code=303)
    made, silence = example(services)
    overview = overview_or_none(overviews, DEFAULT_HORIZON, _PATIENCE)
    extremes = market_view.extremes(overview, 1) if overview is not None else []
    tag = tag_of(request, horizon, made.forecast_id, made.caveats, overview and overview.made_at) if made else ""
    return page(
        request, "home.html", tag=tag, horizon=horizon, made=made, silence=silence, overview=overview, groups=extremes
    )


def example(services: Services) -> tuple[Forecast | None, str]:
    """The example's forecast, or why there is none: it must never take the page down with it."""
    try:
        return forecasts.answer(services, EXAMPLE, DEFAULT_HORIZON).forecast, ""
    except BellwetherError as problem:
        return None, str(problem)
    except Exception:
        log.exception("The example could not be made.")
        return None, KINDS[INTERNAL].sentence


@router.get("/suggest")
def suggest(services: ServicesOf, q: Annotated[str, Query(max_length=LONGEST_QUESTION)] = "") -> JSONResponse:
    """What may be meant, the likeliest first: [{symbol, name, exchange}]."""
    meant = suggestions.suggest(q, services.universe)
    body = [{"symbol": near.symbol, "name": near.name, "exchange": near.exchange} for near in meant]
    return JSONResponse(body, headers={"Cache-Control": KEPT})  # what is known by name changes with a new release
