"""The developer API, version 1: a forecast, and how every problem is answered."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from bellwether.ask import forecasts
from bellwether.client.answers.forecast import BaselineForecastAnswer, ForecastAnswer, SubjectAnswer
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.core.types import MAX_HORIZON, Forecast
from bellwether.forecasting.to_json import forecast_json
from web.api.caller import Caller, CallerOf
from web.api.negotiate import FormatOf, answer
from web.api.openapi_responses import KEY, PROBLEM, security, table
from web.dependencies import ServicesOf
from web.problems import HttpProblem

KEPT = 30  #: seconds for which a forecast of the moment is given again: nothing is closer to the market than its close
router = APIRouter(prefix="/api/v1", tags=["forecasts"])

Symbol = Annotated[str, Path(description="A symbol or a company's name", examples=["AAPL"])]
Horizon = Annotated[
    str,
    Query(
        description=f"How far ahead: 1 to {MAX_HORIZON} trading days, as a number or as 10d, 2w or 3m",
        examples=["10", "2w"],
    ),
]
AsOf = Annotated[
    str | None,
    Query(
        description="The last day that may be known to the forecast, for a look back; default is the last close",
        examples=["2021-06-30"],
        json_schema_extra={"format": "date"},
    ),
]


@router.get(
    "/forecasts/{symbol}",
    response_model=ForecastAnswer,
    responses=table(409, 422),
    operation_id="forecast",
    openapi_extra=security(KEY),
)
def forecast(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    wanted: FormatOf,
    symbol: Symbol,
    horizon: Horizon = str(DEFAULT_HORIZON),
    as_of: AsOf = None,
) -> Response:
    """Where one symbol may be: a range of prices with its chances, its reasons and its record."""
    made = _made(services, caller, symbol, horizon, as_of)
    body = forecast_json(made)
    return answer(request, body, wanted, name=f"forecast_{made.symbol}", tag=tag_of(made), keep=KEPT)


@router.get(
    "/baseline/{symbol}",
    response_model=BaselineForecastAnswer,
    responses=table(409, 422),
    operation_id="baseline",
    openapi_extra=security(KEY),
)
def baseline(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    wanted: FormatOf,
    symbol: Symbol,
    horizon: Horizon = str(DEFAULT_HORIZON),
    as_of: AsOf = None,
) -> Response:
    """What a plain volatility rule says to the same question: what the model has to beat."""
    made = _made(services, caller, symbol, horizon, as_of)
    whole = forecast_json(made)
    about = {name: whole[name] for name in SubjectAnswer.__annotations__}
    body = about | whole["baseline"] | {"source": whole["source"], "caveats": whole["caveats"]}
    return answer(request, body, wanted, name=f"baseline_{made.symbol}", tag=tag_of(made), keep=KEPT)


def _made(services: ServicesOf, caller: Caller, symbol: str, horizon: str, as_of: str | None) -> Forecast:
    """The forecast that was asked for, if the caller's plan has it."""
    sessions, day = parse_horizon(horizon), parse_date(as_of) if as_of is not None else None
    caller.check_horizon(sessions)
    caller.check_day(day, services.clock().date())
    if caller.plan.symbols:
        caller.check_symbol(forecasts.resolve(services, symbol).symbol)
    return forecasts.answer(services, symbol, sessions, day).forecast


def tag_of(made: Forecast) -> str:
    """Everything that matters in a forecast: all but when it was made."""
    return repr((made.forecast_id, made.caveats, made.explanation, made.usual_probability_of_growth, made.name))


def problem_response(request: Request, problem: HttpProblem) -> JSONResponse:
    """A problem as RFC 9457 has it."""
    kind = problem.kind
    headers = {}
    if problem.retry_after is not None or kind.status == 503:
        headers["Retry-After"] = str(problem.retry_after or 60)
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Bellwether"'
    body = problem_json(problem) | {"request_id": request.state.request_id}
    return JSONResponse(body, status_code=kind.status, media_type=PROBLEM, headers=headers)


def problem_json(problem: HttpProblem) -> dict[str, Any]:
    """The same without the number of the request, as one item of several has it."""
    body: dict[str, Any] = {
        "type": f"/developers#{problem.code}",
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.code == "unknown_symbol":
        body["suggestions"] = list(problem.suggestions)
    if problem.code == "ambiguous_symbol":
        body["candidates"] = [
            {
                "symbol": candidate.symbol,
                "name": candidate.name,
                "exchange": candidate.exchange,
                "currency": candidate.currency,
            }
            for candidate in problem.candidates
        ]
    return body
