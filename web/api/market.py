"""What can be asked for: the universe, its bars where they may be handed out, the models, and how things stand."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

import bellwether
from bellwether.ask import forecasts
from bellwether.ask.point_in_time import last_session
from bellwether.client.answers.market import (
    BarAnswer,
    BarsAnswer,
    InstrumentAnswer,
    ModelsAnswer,
    StatusAnswer,
    UniverseAnswer,
)
from bellwether.core.errors import AmbiguousSymbol, BellwetherError
from bellwether.core.parsing import parse_date
from bellwether.core.types import Instrument, to_date
from bellwether.market.bars import mended
from bellwether.market.scale import comparable
from bellwether.market.symbols.normalize import LONGEST_QUESTION
from bellwether.market.symbols.suggest import suggest
from bellwether.services import Services
from web.api.caller import CallerOf
from web.api.cursors import Cursor, Limit, after, cursor_of, link_to_next
from web.api.forecasts import AsOf, Symbol
from web.api.negotiate import FormatOf, answer, shaped
from web.api.openapi_responses import KEY, problems, security, table
from web.dependencies import ServicesOf
from web.problems import HttpProblem, ProblemError

router = APIRouter(prefix="/api/v1", tags=["market"])
_KEPT = 300  #: seconds


@router.get(
    "/universe", response_model=UniverseAnswer, responses=table(), operation_id="universe", openapi_extra=security(KEY)
)
def universe(
    request: Request,
    services: ServicesOf,
    wanted: FormatOf,
    q: Annotated[
        str | None, Query(max_length=LONGEST_QUESTION, description="A symbol or a name, or its beginning")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """What is served every session; with `q`, what may be meant by it, the likeliest first."""
    if q is not None:
        meant, found = _meant(services, q)
        items = [_about(services, one) for one in found[:limit]]
        body: dict[str, Any] = {"meant": meant, "items": items, "next_cursor": None}
        return answer(request, body, wanted, rows=items, name="universe", keep=_KEPT)
    start = after(cursor)
    served = services.universe.served
    items = [_about(services, one) for one in served[start : start + limit]]
    following = cursor_of(start + limit) if start + limit < len(served) else None
    body = {"meant": None, "items": items, "next_cursor": following}
    headers = link_to_next(request, following)
    return answer(request, body, wanted, rows=items, name="universe", keep=_KEPT, headers=headers)


def _meant(services: Services, q: str) -> tuple[str | None, list[Instrument]]:
    """The symbol that is surely meant, if one is, and everything that may be."""
    near = suggest(q, services.universe)
    try:
        sure = forecasts.resolve(services, q)
    except AmbiguousSymbol as several:
        return None, list(dict.fromkeys([*several.candidates, *near]))
    except BellwetherError:
        return None, list(near)
    return sure.symbol, list(dict.fromkeys([sure, *(one for one in near if one.symbol != sure.symbol)]))


def _about(services: Services, one: Instrument) -> dict[str, Any]:
    return shaped(InstrumentAnswer, one, served=services.universe.serves(one.symbol))


@router.get(
    "/bars/{symbol}",
    response_model=BarsAnswer,
    responses=table(409, 422),
    operation_id="bars",
    openapi_extra=security(KEY),
)
def bars(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    wanted: FormatOf,
    symbol: Symbol,
    as_of: AsOf = None,
    limit: Limit = 252,
) -> Response:
    """The last daily bars, where whoever runs this service may hand them out; off unless they say so."""
    if not services.settings.api.bars:
        text = "Bars are not handed out here: the terms of most sources of prices do not allow it. Forecasts are."
        raise ProblemError(HttpProblem("not_offered", text))
    day = parse_date(as_of) if as_of is not None else None
    caller.check_day(day, services.clock().date())
    one = forecasts.resolve(services, symbol)
    caller.check_symbol(one.symbol)
    end = last_session(one.calendar, day, services.clock())
    whole = comparable(services.provider.bars(one.symbol, end))
    found = mended(whole.bars).last(limit)
    if caller.plan.history_days is not None:
        found = found.last(max(1, min(limit, caller.plan.history_days)))
    origin = found.origin
    items = [
        dict(zip(_COLUMNS, (to_date(session).isoformat(), *map(float, row), float(quoted)), strict=True))
        for session, row, quoted in zip(found.sessions, found.values, found.quoted_closes, strict=True)
    ]
    note = origin.note if origin else services.provider.note
    source = origin.source if origin else services.provider.name
    body = shaped(BarsAnswer, one, source=source, caveats=[*([note] if note else []), *whole.notes], items=items)
    rows = [{"symbol": one.symbol, "currency": one.currency} | item for item in items]
    return answer(request, body, wanted, rows=rows, name=f"bars_{one.symbol}")


_COLUMNS = tuple(BarAnswer.__annotations__)


@router.get(
    "/models", response_model=ModelsAnswer, responses=table(), operation_id="models", openapi_extra=security(KEY)
)
def models(request: Request, services: ServicesOf, wanted: FormatOf) -> Response:
    """The models, and which of them answers."""
    served = services.model.card.model_id if services.model else None
    items = [
        {"model_id": name, "served": name == served, "tried": name in services.settings.models.shadow}
        for name in _model_ids(services)
    ]
    body = {"items": items, "problem": services.model_problem}
    return answer(request, body, wanted, rows=items, name="models")


@router.get(
    "/models/{model_id}",
    responses=problems() | {304: {"description": "Unchanged"}},
    operation_id="model_card",
    openapi_extra=security(KEY),
)
def model_card(
    request: Request, services: ServicesOf, model_id: Annotated[str, Path(description="As /api/v1/models has it")]
) -> dict[str, Any]:
    """Everything that is known of a model: what it reads, what it learned from, how it scored, and its limits."""
    if model_id not in _model_ids(services):  # never a path from outside
        text = "There is no model of this name; /api/v1/models has those there are."
        raise ProblemError(HttpProblem("unknown_model", text))
    card = json.loads((services.settings.models.folder / model_id / "card.json").read_text(encoding="utf-8"))
    return answer(request, card, name=model_id)  # type: ignore[return-value]  # any object


def _model_ids(services: Services) -> list[str]:
    return sorted(path.parent.name for path in services.settings.models.folder.glob("*/card.json"))


@router.get(
    "/status", response_model=StatusAnswer, responses=problems(), operation_id="status", openapi_extra=security(KEY)
)
def status(request: Request, services: ServicesOf) -> Response:
    """What answers here, and from which prices; free."""
    return answer(
        request,
        {
            "version": bellwether.__version__,
            "model_id": services.model.card.model_id if services.model else None,
            "source": services.provider.name,
            "live": services.provider.live,
            "note": services.provider.note,
            "symbols": len(services.universe),
            "bars": services.settings.api.bars,
            "now": services.clock().isoformat(),
        },
    )
