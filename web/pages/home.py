"""The home page, and suggestions while somebody types in its form; the plain form works without them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bellwether.ask import forecasts
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.delivery.readers import ask as readers
from bellwether.market.symbols import suggest as suggestions
from bellwether.market.symbols.normalize import LONGEST_QUESTION
from web.dependencies import BotOf, ExampleOf, HorizonOf, OverviewsOf, ServicesOf
from web.pages import market_view
from web.pages.charts import KEPT
from web.pages.forecast_view import stock_address
from web.pages.market import overview_or_none
from web.pages.render import page, tag_of

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(
    request: Request,
    services: ServicesOf,
    overviews: OverviewsOf,
    example: ExampleOf,
    bot: BotOf,
    horizon: HorizonOf,
    symbol: str | None = None,
) -> Response:
    """What this is, the search form and living examples; the form comes back here and is sent on.

    It waits for nothing: what is still being worked out is filled in by the page's script.
    """
    if symbol is not None:
        return RedirectResponse(stock_address(forecasts.resolve(services, symbol).symbol, horizon), status_code=303)
    shown, overview = example.get(), overview_or_none(overviews, DEFAULT_HORIZON)
    mails_offered, bot_name = readers.offered(services), bot.name()
    made, whole = shown.made, overview if overview is not None and overview.is_whole else None
    return page(
        request,
        "home.html",
        tag=tag_of(request, horizon, made.forecast_id, made.caveats, whole.made_at, mails_offered, bot_name)
        if made and whole
        else "",
        horizon=horizon,
        made=made,
        shown=shown,
        overview=whole,
        groups=market_view.extremes(whole, 1) if whole is not None else [],
        mails_offered=mails_offered,
        bot_name=bot_name,
    )


@router.get("/suggest")
def suggest(services: ServicesOf, q: Annotated[str, Query(max_length=LONGEST_QUESTION)] = "") -> JSONResponse:
    """What may be meant, the likeliest first: [{symbol, name, exchange}]."""
    meant = suggestions.suggest(q, services.universe)
    body = [{"symbol": near.symbol, "name": near.name, "exchange": near.exchange} for near in meant]
    return JSONResponse(body, headers={"Cache-Control": KEPT})  # what is known by name changes with a new release
