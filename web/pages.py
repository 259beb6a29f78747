"""The pages: a request is read, `bellwether.queries` is asked, a template is filled."""

import json
import logging

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bellwether import queries
from bellwether.errors import BellwetherError
from bellwether.forecast_json import forecast_json
from bellwether.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.services import Services
from bellwether.types import Forecast
from web.forecast_view import stock_address
from web.problems import KINDS
from web.rendering import page
from web.services_of import ServicesOf

EXAMPLE = "AAPL"  #: the living example on the home page
router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@router.get("/")
def home(
    request: Request, services: ServicesOf, symbol: str | None = None, horizon: str = str(DEFAULT_HORIZON)
) -> Response:
    """What this is, the search form and a living example; the form comes back here and is sent on."""
    sessions = parse_horizon(horizon)
    if symbol is not None:
        found = queries.resolve(services, symbol)
        return RedirectResponse(stock_address(found.symbol, sessions), status_code=303)
    example, silence = _example(services)
    return page(request, "home.html", horizon=sessions, made=example, silence=silence)


@router.get("/stocks/{symbol}")
def stock(request: Request, services: ServicesOf, symbol: str, horizon: str | None = None) -> Response:
    """One symbol and horizon, with everything needed to judge the forecast."""
    sessions = parse_horizon(horizon) if horizon is not None else DEFAULT_HORIZON
    found = queries.resolve(services, symbol)
    if found.symbol != symbol:
        return RedirectResponse(stock_address(found.symbol, sessions if horizon else None), status_code=303)
    made = queries.answer(services, symbol, sessions).forecast
    return page(request, "stock.html", horizon=sessions, asked=symbol, made=made)


@router.get("/developers")
def developers(request: Request, services: ServicesOf) -> Response:
    """How to call the API, with a real answer."""
    example, silence = _example(services)
    answer = json.dumps(forecast_json(example), indent=2, ensure_ascii=False) if example else silence
    base = str(request.base_url).rstrip("/")
    return page(request, "developers.html", base=base, example=EXAMPLE, answer=answer, kinds=KINDS)


def _example(services: Services) -> tuple[Forecast | None, str]:
    """The example's forecast, or why there is none: it must never take the page down with it."""
    try:
        return queries.answer(services, EXAMPLE, DEFAULT_HORIZON).forecast, ""
    except BellwetherError as problem:
        return None, str(problem)
    except Exception:
        log.exception("The example could not be made.")
        return None, KINDS["internal_error"].sentence
