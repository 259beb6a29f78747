"""The page of one symbol, and its feed."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.core.types import Forecast, to_date
from bellwether.market.calendar import closes_at, is_session
from bellwether.market.statements.provider import NoFundamentals, SampleFundamentals
from bellwether.revenue.ask import at_hand
from bellwether.services import Services
from bellwether.track_record.grading import GradedRange
from web.dependencies import BotOf, HorizonOf, NowOf, RecordsOf, ServicesOf
from web.pages.charts import Past
from web.pages.forecast_view import stock_address
from web.pages.render import page, tag_of

_FEED_SESSIONS = 5  #: sessions in a feed
router = APIRouter(include_in_schema=False)
AsOf = Annotated[str | None, Query()]


@router.get("/stocks/{symbol}")
def stock(
    request: Request,
    services: ServicesOf,
    records: RecordsOf,
    bot: BotOf,
    now: NowOf,
    symbol: str,
    horizon: str | None = None,
    as_of: AsOf = None,
    past: Past | None = None,
) -> Response:
    """One symbol and horizon, with everything needed to judge the forecast."""
    sessions = parse_horizon(horizon) if horizon is not None else DEFAULT_HORIZON
    day = parse_date(as_of) if as_of else None
    meant = forecasts.resolve(services, symbol).symbol
    if meant != symbol:
        return RedirectResponse(stock_address(meant, sessions if horizon else None, day), status_code=303)
    asked = forecasts.answer(services, symbol, sessions, day)
    made = asked.forecast
    before = forecasts.previous(services, asked)
    came = _what_came(services, asked) if day else None
    link = bot.link(symbol)
    beside = made.explanation.beside
    record = records.get(symbol, beside.horizon if beside else sessions)
    growth = at_hand(services.fundamentals, services.growth, asked.outlook.instrument, now) if day is None else None
    return page(
        request,
        "stock.html",
        tag=""
        if bot.configured and link is None  # known in a moment: not to be kept
        else tag_of(
            request,
            *(made.forecast_id, made.caveats, made.explanation),
            sessions,
            day,
            past,
            came,
            before and before.forecast_id,
            link,
            record,
            growth and (growth.forecast_id(0), growth.caveats),
        ),
        horizon=sessions,
        asked=symbol,
        made=made,
        as_of=day,
        past=past,
        came=came,
        before=before,
        calendar=asked.outlook.instrument.calendar,
        bot=bot,
        bot_link=link,
        record=record,
        growth=growth,
        has_statements=not isinstance(services.fundamentals, NoFundamentals | SampleFundamentals),
    )


@router.get("/stocks/{symbol}/feed.atom")
def feed(request: Request, services: ServicesOf, symbol: str, horizon: HorizonOf) -> Response:
    """The forecasts of the last sessions, the newest first, for feed readers."""
    asked = forecasts.answer(services, symbol, horizon)
    made = [asked.forecast, *_earlier(services, asked)]
    tag = tag_of(request, "feed", horizon, [(forecast.forecast_id, forecast.caveats) for forecast in made])
    closings = [_closing(asked.outlook.instrument.calendar, forecast.cutoff) for forecast in made]
    return page(request, "feed.atom", tag=tag, horizon=horizon, entries=list(zip(made, closings, strict=True)))


def _what_came(services: Services, asked: forecasts.Answer) -> GradedRange | None:
    """How a look back turned out; None while nobody can know, or where its price cannot be had."""
    try:
        return forecasts.what_came(services.provider, asked, services.clock())
    except BellwetherError:
        return None


def _earlier(services: Services, asked: forecasts.Answer) -> list[Forecast]:
    """The forecasts of the sessions before, each made from what was known then; those that can be made."""
    made = []
    for session in reversed(asked.outlook.bars.sessions[-_FEED_SESSIONS:-1]):
        try:
            before = forecasts.answer(services, asked.forecast.symbol, asked.forecast.horizon, to_date(session))
        except BellwetherError:
            break
        made.append(before.forecast)
    return made


def _closing(calendar: str, cutoff: date) -> str:
    """When a session ended, as feeds write it; midnight where a file has days that its exchange has not."""
    if not is_session(calendar, cutoff):
        return f"{cutoff}T00:00:00Z"
    return closes_at(calendar, cutoff).strftime("%Y-%m-%dT%H:%M:%SZ")
