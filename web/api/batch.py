"""Forecasts of many symbols in one call, each with a status of its own."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bellwether.ask.batch import forecasts
from bellwether.client.answers.forecast import BatchAnswer
from bellwether.core.errors import BellwetherError
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.core.plans import MOST_ITEMS
from bellwether.core.types import Forecast
from bellwether.forecasting.to_json import forecast_json
from web.api.caller import CallerOf
from web.api.forecasts import problem_json
from web.api.negotiate import FormatOf, answer
from web.api.openapi_responses import KEY, TABLES, security, table
from web.api.requests import LONGEST_NAME, Question
from web.dependencies import ServicesOf
from web.problems import problem_of

ALL_FINE, SOME_FAILED = 200, 207
router = APIRouter(prefix="/api/v1", tags=["forecasts"])


def _no_truth(value: object) -> object:
    """To Python true is 1. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("it is a number or a text, not true or false")
    return value


class BatchQuestion(Question):
    """Which forecasts."""

    symbols: Annotated[
        list[Annotated[str, Field(max_length=LONGEST_NAME)]],
        Field(min_length=1, max_length=MOST_ITEMS, description="Symbols or names", examples=[["AAPL", "MSFT"]]),
    ]
    horizon: Annotated[str, Field(max_length=20)] | Annotated[int, BeforeValidator(_no_truth)] = Field(
        DEFAULT_HORIZON, description="1 to 63 trading days, as a number or as 10d, 2w or 3m; the same for all"
    )
    as_of: Annotated[str, Field(max_length=20)] | None = Field(
        None, description="The last day that may be known, the same for all", examples=["2021-06-30"]
    )


_RESPONSES = table() | {
    SOME_FAILED: {"description": "Some items failed; each says so", "model": BatchAnswer, "content": TABLES}
}
del _RESPONSES[304]


@router.post(
    "/forecasts",
    response_model=BatchAnswer,
    responses=_RESPONSES,
    operation_id="forecast_batch",
    openapi_extra=security(KEY),
)
async def batch(
    request: Request, services: ServicesOf, caller: CallerOf, wanted: FormatOf, asked: BatchQuestion
) -> Response:
    """Forecasts of many symbols at one horizon. Each that is answered counts as one request; those that fail are free.

    The answer is 200 when all were answered, else 207.
    """
    sessions = parse_horizon(str(asked.horizon))
    day = parse_date(asked.as_of) if asked.as_of is not None else None
    caller.check_batch(len(asked.symbols))
    caller.check_horizon(sessions)
    caller.check_day(day, services.clock().date())
    await caller.charge(len(asked.symbols) - 1)  # one was counted at the door

    def work() -> tuple[list[dict[str, Any]], Response]:
        found = forecasts(services, asked.symbols, sessions, day, allowed=caller.check_symbol)
        items = [_item(text, one) for text, one in zip(asked.symbols, found, strict=True)]
        failed = sum(item["forecast"] is None for item in items)
        body = {"items": items, "succeeded": len(items) - failed, "failed": failed}
        status = SOME_FAILED if failed else ALL_FINE
        return items, answer(request, body, wanted, rows=items, name="forecasts", status=status)

    items, made = await run_in_threadpool(work)
    caller.failed = sum(item["forecast"] is None for item in items)
    await caller.refund(caller.failed)
    return made


def _item(asked: str, found: Forecast | BellwetherError) -> dict[str, Any]:
    if isinstance(found, Forecast):
        return {"asked": asked, "status": 200, "forecast": forecast_json(found), "problem": None}
    problem = problem_of(found)
    return {"asked": asked, "status": problem.kind.status, "forecast": None, "problem": problem_json(problem)}
