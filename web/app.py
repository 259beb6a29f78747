"""The web face, wired: routers, headers and what happens when something goes wrong."""

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

import bellwether
from bellwether.errors import BellwetherError
from bellwether.metering import Meter
from bellwether.overview import Overviews
from bellwether.services import Services
from web import (
    about,
    api,
    api_admin,
    api_batch,
    api_growth,
    api_market,
    api_record,
    api_rules,
    api_stream,
    api_usage,
    api_webhooks,
    chart_script,
    charts,
    compare,
    earnings,
    market,
    metrics,
    pages,
    record,
    search,
    service,
    stock,
)
from web.bodies import Bodies
from web.describe import describe
from web.guard import Guard
from web.limits import Limits, Pace
from web.metering import Metering
from web.parameters import only_known
from web.problems import HttpProblem, ProblemError, problem_of
from web.record import Records
from web.rendering import StaticFolder, error_page
from web.shared_cache import SharedCache
from web.telegram_link import Bot
from web.turns import Turns

_PAGES = (pages, stock, earnings, compare, market, record, about, search, charts, chart_script, service, metrics)
_API = (api, api_batch, api_growth, api_market, api_record, api_rules, api_stream, api_webhooks, api_usage, api_admin)
_DESCRIPTION = "Where a stock may be in days, weeks or months: a range of prices with its track record."


def create_app(services: Services) -> FastAPI:
    """The application that serves pages and API from these services."""
    app = FastAPI(
        title="Bellwether",
        version=bellwether.__version__,
        description=_DESCRIPTION,
        docs_url=None,  # both would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.services = services
    app.state.overviews = Overviews(services)
    app.state.records = Records(services)
    app.state.bot = Bot(services.settings.telegram)
    for page in _PAGES:
        app.include_router(page.router)
    for part in _API:
        app.include_router(part.router, dependencies=[Depends(only_known)])
    app.mount("/static", StaticFolder(), name="static")
    for error in (BellwetherError, HTTPException, ProblemError, RequestValidationError):
        app.add_exception_handler(error, _answer_error)
    describe(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Turns)
    app.add_middleware(Bodies, respond=respond)
    app.add_middleware(SharedCache)
    meter = Meter(services.store, services.settings.api, services.clock)
    app.add_middleware(Metering, respond=respond, meter=meter, api=services.settings.api, clock=services.clock)
    app.add_middleware(Limits, respond=respond, pace=Pace(services.settings.web.requests_a_minute))
    app.add_middleware(Guard, respond=respond)  # the last one added is the outermost
    return app


def respond(request: Request, problem: HttpProblem) -> Response:
    """The answer to a problem: JSON to programs, a page to people."""
    if request.url.path.startswith("/api/"):
        return api.problem_response(request, problem)
    return error_page(request, problem)


def _answer_error(request: Request, error: Exception) -> Response:
    """What FastAPI caught. A plain function, so that it runs in the thread pool."""
    response = respond(request, problem_of(error))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    if response.status_code == 405 and (methods := _methods(request)):
        response.headers["Allow"] = ", ".join(methods)
    return response


def _methods(request: Request) -> list[str]:
    """What an address takes: Starlette names the methods of one of its routes alone."""
    found: set[str] = set()
    for part in (*_PAGES, *_API):
        for route in part.router.routes:
            if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
                found |= route.methods or set()
    return sorted(found)
