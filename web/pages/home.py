"""The home page: a request is read, `bellwether.ask.forecasts` is asked, a template is filled."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bellwether.ask import forecasts
from bellwether.core.parsing import DEFAULT_HORIZON, parse_horizon
from web.dependencies import ServicesOf
from web.pages import market_view
from web.pages.example import example
from web.pages.forecast_view import stock_address
from web.pages.market import overview_or_none
from web.pages.render import page, tag_of

_PATIENCE = 0.3  #: seconds that the home page waits for the market's overview; without it the page is shorter
router = APIRouter(include_in_schema=False)


@router.get("/")
def home(
    request: Request, services: ServicesOf, symbol: str | None = None, horizon: str = str(DEFAULT_HORIZON)
) -> Response:
    """What this is, the search form and living examples; the form comes back here and is sent on."""
    sessions = parse_horizon(horizon)
    if symbol is not None:
        found = forecasts.resolve(services, symbol)
        return RedirectResponse(stock_address(found.symbol, sessions), status_code=303)
    made, silence = example(services)
    overview = overview_or_none(request, DEFAULT_HORIZON, _PATIENCE)
    extremes = market_view.extremes(overview, 1) if overview is not None else []
    tag = tag_of(request, sessions, made.forecast_id, made.caveats, overview and overview.made_at) if made else ""
    return page(
        request, "home.html", tag=tag, horizon=sessions, made=made, silence=silence, overview=overview, groups=extremes
    )
