"""The picture that goes with a link to a page, og:image: drawn by the process that draws charts, and kept like them."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from bellwether.ask import forecasts
from bellwether.ask.point_in_time import last_session
from bellwether.charts.fan import fan_chart
from bellwether.charts.renderer import to_png
from bellwether.charts.share_card import branded, words_card
from bellwether.core.parsing import parse_date
from bellwether.core.types import MARKET_CALENDAR, MARKET_SERIES, Forecast
from bellwether.forecasting import sentences
from bellwether.market.provider import Provider
from bellwether.market.sample import SampleProvider
from bellwether.services import Services
from web.dependencies import HorizonOf, ServicesOf
from web.pages.charts import drawn
from web.pages.forecast_view import stock_address

#: of each page without a chart of its own: the first part of its address, its title in lines, and what it is
_CARDS = {
    "": (["Where might a stock be", "in two weeks?"], "A range of prices, and how often such ranges have held."),
    "market": (["The market", "at a glance"], "The widest, narrowest and most unusual outlooks of the day."),
    "compare": (["Stocks", "side by side"], "How far may each of them move in the same time?"),
    "watchlist": (["Read a list", "from elsewhere"], "Your broker's export, read as stocks. Nothing is kept."),
    "track-record": (["How past forecasts", "turned out"], "Promised and happened, with the biggest misses."),
    "receipts": (["The receipt", "of a forecast"], "What was promised, when, and what happened."),
    "how-it-works": (["How it works,", "in three pictures"], "From prices to a range, and how far to trust it."),
    "developers": (["Forecasts", "for programs"], "JSON, CSV and Parquet, with a client for Python."),
    "privacy": (["What is kept", "about you"], "As little as possible, and for how long."),
}
router = APIRouter(include_in_schema=False)


def card_address(path: str, services: Services) -> str:
    """The picture of the page at `path`; another address every day, as those who show pictures keep them for long."""
    first = path.strip("/").partition("/")[0]
    return f"/card.png?page={first if first in _CARDS else ''}&v={_closed(services)}"


@router.get("/card.png")
async def card(request: Request, services: ServicesOf, page: str = "") -> Response:
    """The picture of a page that has no chart of its own."""
    title, sentence = _CARDS.get(page, _CARDS[""])
    closed = _closed(services)
    about, tag = about_day(closed, services.provider), f"card-{page if page in _CARDS else ''}-{closed}"
    return await drawn(request, lambda: to_png(words_card(title, sentence, about)), "image/png", tag)


def forecast_card_address(made: Forecast, as_of: date | None) -> str:
    """The picture of a symbol's page: its chart, at another address for another forecast."""
    asked = {"horizon": made.horizon, "as_of": as_of, "v": made.forecast_id}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{stock_address(made.symbol)}/card.png?{query}"


def _answer(services: ServicesOf, symbol: str, horizon: HorizonOf, as_of: str | None = None) -> forecasts.Answer:
    """What a symbol's picture shows. A plain function: it may wait for prices."""
    return forecasts.answer(services, symbol, horizon, parse_date(as_of) if as_of else None)


@router.get("/stocks/{symbol}/card.png")
async def forecast_card(
    request: Request, services: ServicesOf, answer: Annotated[forecasts.Answer, Depends(_answer)]
) -> Response:
    """The chart of a symbol as it stands beside a link to its page."""
    made = answer.forecast
    about = about_day(made.cutoff, services.provider)

    def draw() -> bytes:
        return to_png(branded(fan_chart(answer.outlook, made.horizon, "light", "card"), about))

    return await drawn(request, draw, "image/png", f"{made.forecast_id}-card")


def about_day(closed: date, provider: Provider) -> str:
    """The foot of a picture that is passed on: which close it knows, and of the sample that it is one."""
    return f"Close of {sentences.day(closed)}{'' if provider.live else ' · Sample data'}"


def _closed(services: Services) -> date:
    """The newest session that is served: of the sample its last one."""
    closed = last_session(MARKET_CALENDAR, None, services.clock())
    return closed if services.provider.live else SampleProvider().bars(MARKET_SERIES[0], closed).cutoff
