"""The developer API, version 1."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse

from bellwether import queries
from bellwether.forecast_json import forecast_json
from bellwether.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.types import MAX_HORIZON
from web.problems import HttpProblem
from web.schemas import ForecastAnswer, ProblemAnswer
from web.services_of import ServicesOf

router = APIRouter(prefix="/api/v1", tags=["forecasts"])

_PROBLEM = "application/problem+json"
_SHAPE = {"schema": ProblemAnswer.model_json_schema()}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {_PROBLEM: _SHAPE}}
    for status, description in {
        400: "The symbol, horizon or date cannot be read",
        404: "No such symbol; `suggestions` has near ones",
        409: "Several instruments may be meant; `candidates` has them",
        422: "Too few usable prices for any answer",
        503: "Prices are not available just now",
    }.items()
}

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


@router.get("/forecasts/{symbol}", response_model=ForecastAnswer, responses=_ERRORS, operation_id="forecast")
def forecast(
    services: ServicesOf, symbol: Symbol, horizon: Horizon = str(DEFAULT_HORIZON), as_of: AsOf = None
) -> JSONResponse:
    """Where one symbol may be: a range of prices with its chances, its reasons and its record."""
    day = parse_date(as_of) if as_of is not None else None
    return JSONResponse(forecast_json(queries.answer(services, symbol, parse_horizon(horizon), day).forecast))


def problem_response(request: Request, problem: HttpProblem) -> JSONResponse:
    """A problem as RFC 9457 has it."""
    kind = problem.kind
    body: dict[str, Any] = {
        "type": f"/developers#{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request.state.request_id,
    }
    if problem.code == "unknown_symbol":
        body["suggestions"] = list(problem.suggestions)
    if problem.code == "ambiguous_symbol":
        body["candidates"] = [
            {"symbol": one.symbol, "name": one.name, "exchange": one.exchange, "currency": one.currency}
            for one in problem.candidates
        ]
    headers = {"Retry-After": "60"} if kind.status == 503 else None
    return JSONResponse(body, status_code=kind.status, media_type=_PROBLEM, headers=headers)
