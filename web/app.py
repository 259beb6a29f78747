"""The web face, wired: routers, headers and what happens when something goes wrong."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

import bellwether
from bellwether.errors import BellwetherError
from bellwether.overview import Overviews
from bellwether.services import Services
from web import about, api, charts, compare, earnings, market, metrics, pages, record, search, service, stock
from web.guard import Guard
from web.limits import Limits, Pace
from web.problems import HttpProblem, problem_of
from web.record import Records
from web.rendering import StaticFolder, error_page
from web.shared_cache import SharedCache
from web.telegram_link import Bot

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
    for part in (pages, stock, earnings, compare, market, record, about, search, charts, api, service, metrics):
        app.include_router(part.router)
    app.mount("/static", StaticFolder(), name="static")
    for error in (BellwetherError, HTTPException, RequestValidationError):
        app.add_exception_handler(error, _answer_error)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(SharedCache)
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
    return response
