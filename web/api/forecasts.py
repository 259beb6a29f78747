"""Forecasts: one or many, what the plain rule says to the same question, and the business behind a stock."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Query, Request
from pydantic import BeforeValidator, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bellwether.ask import forecasts
from bellwether.ask.batch import forecasts as forecasts_of
from bellwether.ask.lists import MOST, forecast_list
from bellwether.client.answers.forecast import (
    BaselineForecastAnswer,
    BatchAnswer,
    ForecastAnswer,
    ListAnswer,
    SubjectAnswer,
)
from bellwether.client.answers.revenue import GrowthResponse
from bellwether.core.errors import BellwetherError
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.core.plans import MOST_ITEMS
from bellwether.core.types import MAX_HORIZON, Forecast
from bellwether.forecasting import list_sentences
from bellwether.forecasting.list_forecast import ListForecast, list_json
from bellwether.forecasting.to_json import forecast_json
from bellwether.revenue import ask as business
from bellwether.revenue.to_json import growth_json
from bellwether.services import Services
from bellwether.track_record.ledger.lists import NOT_ENTERED
from web.api.caller import Caller, CallerOf
from web.api.negotiate import ReplyOf
from web.api.openapi import TABLES, named_router, operation
from web.api.requests import LONGEST_NAME, AsOf, Question, Symbol, check_symbol, day_of
from web.dependencies import NowOf, ServicesOf, VisitorListsOf
from web.problems import HttpProblem, problem_json, problem_of

KEPT = 30  #: seconds for which a forecast of the moment is given again: nothing is closer to the market than its close
GROWTH_KEPT = 300  #: seconds: reports come once a quarter
LONGEST_LIST = 2000  #: characters of the symbols of a list
ALL_FINE, SOME_FAILED = 200, 207
router = named_router("forecasts")

Horizon = Annotated[
    str,
    Query(
        description=f"How far ahead: 1 to {MAX_HORIZON} trading days, as a number or as 10d, 2w or 3m",
        examples=["10", "2w"],
    ),
]


async def _asked(
    services: ServicesOf,
    caller: CallerOf,
    now: NowOf,
    symbol: Symbol,
    horizon: Horizon = str(DEFAULT_HORIZON),
    as_of: AsOf = None,
) -> Callable[[], Forecast]:
    """What makes the forecast that is asked for; it may wait for a source of prices, so a thread calls it.

    Horizon and day are read there as well, so that a format that is not there is told before them.
    """
    return partial(_made, services, caller, now, symbol, horizon, as_of)


def _made(services: Services, caller: Caller, now: datetime, symbol: str, horizon: str, as_of: str | None) -> Forecast:
    sessions = parse_horizon(horizon)
    day = parse_date(as_of) if as_of is not None else None
    caller.check_horizon(sessions)
    caller.check_day(day, now.date())
    check_symbol(services, caller, symbol)
    return forecasts.answer(services, symbol, sessions, day).forecast


Asked = Annotated[Callable[[], Forecast], Depends(_asked)]


@router.get("/forecasts/{symbol}", **operation(ForecastAnswer, 409, 422, tables=True))
def get_forecast(asked: Asked, reply: ReplyOf) -> Response:
    """Where one symbol may be: a range of prices with its chances, its reasons and its record."""
    made = asked()
    return reply(forecast_json(made), name=f"forecast_{made.symbol}", tag=_tag(made), keep=KEPT)


@router.get("/baseline/{symbol}", **operation(BaselineForecastAnswer, 409, 422, tables=True))
def get_baseline(asked: Asked, reply: ReplyOf) -> Response:
    """What a plain rule says to the same question: what the model has to beat."""
    made = asked()
    whole = forecast_json(made)
    about = {name: whole[name] for name in SubjectAnswer.__annotations__}
    body = about | whole["baseline"] | {"source": whole["source"], "caveats": whole["caveats"]}
    return reply(body, name=f"baseline_{made.symbol}", tag=_tag(made), keep=KEPT)


def _tag(made: Forecast) -> str:
    """Everything that matters in a forecast: all but when it was made."""
    return repr(
        (
            made.forecast_id,
            made.caveats,
            made.explanation,
            made.usual_probability_of_growth,
            made.name,
            made.calibration,
        )
    )


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


_PARTLY = {"description": "Some items failed; each says so", "model": BatchAnswer, "content": TABLES}
_DECLARED = operation(BatchAnswer, tables=True, conditional=False, also={SOME_FAILED: _PARTLY})


@router.post("/forecasts", **_DECLARED)
async def get_forecasts(
    services: ServicesOf, caller: CallerOf, now: NowOf, reply: ReplyOf, asked: BatchQuestion
) -> Response:
    """Forecasts of many symbols at one horizon. Each that is answered counts as one request; those that fail are free.

    The answer is 200 when all were answered, else 207.
    """
    sessions = parse_horizon(str(asked.horizon))
    day = parse_date(asked.as_of) if asked.as_of is not None else None
    caller.check_batch(len(asked.symbols))
    caller.check_horizon(sessions)
    caller.check_day(day, now.date())
    await caller.charge(len(asked.symbols) - 1)  # one was counted at the door

    def work() -> tuple[int, Response]:
        answers = forecasts_of(services, asked.symbols, sessions, day, allowed=caller.check_symbol)
        items = [_item(text, answer) for text, answer in zip(asked.symbols, answers, strict=True)]
        failed = sum(item["forecast"] is None for item in items)
        body = {"items": items, "succeeded": len(items) - failed, "failed": failed}
        return failed, reply(body, rows=items, name="forecasts", status=SOME_FAILED if failed else ALL_FINE)

    caller.failed, made = await run_in_threadpool(work)
    await caller.refund(caller.failed)
    return made


def _item(asked: str, answer: Forecast | BellwetherError) -> dict[str, Any]:
    if isinstance(answer, Forecast):
        return {"asked": asked, "status": 200, "forecast": forecast_json(answer), "problem": None}
    problem = problem_of(answer)
    return {"asked": asked, "status": problem.kind.status, "forecast": None, "problem": problem_json(problem)}


@router.get("/risk", **operation(ListAnswer, 409, 422, tables=True))
async def get_risk(
    request: Request,
    services: ServicesOf,
    visitor_lists: VisitorListsOf,
    caller: CallerOf,
    now: NowOf,
    reply: ReplyOf,
    symbols: Annotated[
        str,
        Query(min_length=1, max_length=LONGEST_LIST, description="Symbols or names, with commas", examples=["AAPL,KO"]),
    ],
    horizon: Horizon = str(DEFAULT_HORIZON),
    as_of: AsOf = None,
) -> Response:
    """What a list held in equal parts may do, and who carries the risk. Each of its symbols counts as one request."""
    names = list(dict.fromkeys(name.strip() for name in symbols.split(",") if name.strip()))
    sessions = parse_horizon(horizon)
    day = day_of(as_of, caller, now)
    caller.check_batch(len(names))
    caller.check_horizon(sessions)
    await caller.charge(len(names) - 1)  # one was counted at the door
    may_enter = None if caller.is_known else visitor_lists.may_enter(request.scope)

    def work() -> Response:
        made = forecast_list(services, names, sessions, day, allowed=caller.check_symbol, may_enter=may_enter)
        if list_sentences.only(made) is not None:
            raise HttpProblem("bad_request", _no_list(made))
        body = list_json(made)
        tag = repr((made.forecast_id, body["caveats"], body["left_out"]))
        # a table has no place for them but its header
        lacking = ",".join(quote(left.asked, safe="^=-.") for left in made.left_out)
        headers = {"X-Left-Out": lacking} if lacking else None
        keep = 0 if NOT_ENTERED in made.caveats else KEPT  # the next caller's may be entered
        return reply(
            body,
            rows=body["members"],
            name="risk",
            tag=tag,
            keep=keep,
            headers=headers,
        )

    return await run_in_threadpool(work)


def _no_list(made: ListForecast) -> str:
    """What to ask instead of a list of one stock, and why the others are not in it."""
    symbol = made.symbols[0]
    left_out = f" Left out: {' '.join(list_sentences.left_out(made))}" if made.left_out else ""
    return f"One stock is no list; name 2 to {MOST}, or ask for /api/v1/forecasts/{symbol}.{left_out}"


@router.get("/growth/{symbol}", **operation(GrowthResponse, 409, 422, tables=True))
def get_growth(
    services: ServicesOf, caller: CallerOf, now: NowOf, symbol: Symbol, reply: ReplyOf, as_of: AsOf = None
) -> Response:
    """What the company behind a stock may take in, next quarter and four quarters ahead, as growth over a year."""
    day = day_of(as_of, caller, now)
    check_symbol(services, caller, symbol)
    made = business.growth(services, symbol, day).forecast
    body = growth_json(made)
    rows = [{"symbol": made.symbol, "as_of": body["as_of"]} | horizon for horizon in body["horizons"]]
    tag = repr((made.forecast_id(0), body["caveats"], body["explanation"]))
    return reply(body, rows=rows, name=f"growth_{made.symbol}", tag=tag, keep=GROWTH_KEPT)
