"""The web face, wired: routers, headers and what happens when something goes wrong."""

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

import bellwether
from bellwether.access.addresses import RequestRateLimit
from bellwether.access.metering import Meter
from bellwether.ask.market_overview import Overviews
from bellwether.ask.sample_receipts import Receipts
from bellwether.core.errors import BellwetherError
from bellwether.services import Services
from web.api import admin, forecasts, proofs, rules, status, stream, webhooks
from web.api import market as market_api
from web.api import track_record as track_record_api
from web.api.openapi import describe
from web.api.requests import only_known
from web.middleware.access import Access
from web.middleware.cross_origin import CrossOrigin
from web.middleware.priority import Priority
from web.middleware.request_body import RequestBody
from web.middleware.security_headers import SecurityHeaders
from web.middleware.shared_cache import SharedCache
from web.pages import (
    about,
    charts,
    compare,
    discovery,
    earnings_calendar,
    health,
    home,
    incidents,
    market,
    metrics,
    reader_access,
    risk,
    share,
    stock,
    stop_target,
    subscribe,
    subscription,
    target_setup,
    track_record,
    watchlist,
)
from web.pages.example import Example
from web.pages.record_cache import Records
from web.pages.render import StaticFolder, error_page
from web.pages.storm_banner import StormBanner
from web.pages.telegram_link import Bot
from web.problems import HttpProblem, problem_of, problem_response
from web.visitor_lists import VisitorLists

_PAGES = (
    home,
    stock,
    earnings_calendar,
    compare,
    risk,
    watchlist,
    market,
    track_record,
    incidents,
    about,
    charts,
    share,
    discovery,
    health,
    metrics,
    stop_target,
    target_setup,
    subscribe,
    subscription,
    reader_access,
)
_API = (forecasts, market_api, track_record_api, proofs, rules, stream, webhooks, status, admin)
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
    app.state.example = Example(services)
    app.state.records = Records(services)
    app.state.receipts = Receipts(services)
    app.state.bot = Bot(services.settings.telegram)
    app.state.storm_banner = StormBanner(services)
    app.state.visitor_lists = VisitorLists(services.clock)
    for page in _PAGES:
        if page is not metrics or services.settings.web.metrics == "open":
            app.include_router(page.router)
    for part in _API:
        app.include_router(part.router, dependencies=[Depends(only_known)])
    app.mount("/static", StaticFolder(), name="static")
    for error in (BellwetherError, HTTPException, HttpProblem, RequestValidationError):
        app.add_exception_handler(error, _answer_error)
    describe(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Priority)
    app.add_middleware(RequestBody, respond=respond)
    app.add_middleware(SharedCache)
    api, visits = services.settings.api, RequestRateLimit(services.settings.web.requests_a_minute)
    app.state.visits = visits
    meter = Meter(services.store, api, services.clock)
    app.add_middleware(Access, respond=respond, meter=meter, api=api, visits=visits, clock=services.clock)
    app.add_middleware(CrossOrigin, origins=api.origins)
    app.add_middleware(SecurityHeaders, respond=respond)  # the last one added is the outermost
    return app


def create_health_app(services: Services) -> FastAPI:
    """The application of a host without the page, which Telegram brings updates to: is it alive, is it ready?"""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.services = services
    app.include_router(health.router)
    return app


def respond(request: Request, problem: HttpProblem) -> Response:
    """The answer to a problem: JSON to programs, a page to people."""
    if request.url.path.startswith("/api/"):
        return problem_response(request, problem)
    return error_page(request, problem)


def _answer_error(request: Request, error: Exception) -> Response:
    """What FastAPI caught. A plain function, so that it runs in the thread pool."""
    problem = problem_of(error)
    response = respond(request, problem)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    if response.status_code == 405 and (methods := _methods(request)):
        response.headers["Allow"] = ", ".join(methods)
    return response


def _methods(request: Request) -> list[str]:
    """What an address takes: Starlette names the methods of one of its routes alone."""
    methods: set[str] = set()
    for part in (*_PAGES, *_API):
        for route in part.router.routes:
            if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
                methods |= route.methods or set()
    return sorted(methods)
