"""What can be asked for: the universe, its bars where they may be handed out, and the models."""

import json
from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from bellwether.ask import forecasts
from bellwether.ask.point_in_time import last_session
from bellwether.client.answers.market import BarAnswer, BarsAnswer, InstrumentAnswer, ModelsAnswer, UniverseAnswer
from bellwether.core.errors import AmbiguousSymbol, BellwetherError
from bellwether.core.types import Instrument, to_date
from bellwether.market.bars import mended
from bellwether.market.scale import comparable
from bellwether.market.symbols.normalize import LONGEST_QUESTION
from bellwether.market.symbols.suggest import suggest
from bellwether.services import Services
from web.api.caller import CallerOf
from web.api.negotiate import JsonReplyOf, ReplyOf, shaped
from web.api.openapi import named_router, operation
from web.api.requests import AsOf, Limit, PageOf, Symbol, day_of
from web.dependencies import NowOf, ServicesOf
from web.problems import HttpProblem

router = named_router("market")
_KEPT = 300  #: seconds


@router.get("/universe", **operation(UniverseAnswer, tables=True))
def list_universe(
    services: ServicesOf,
    page: PageOf,
    reply: ReplyOf,
    q: Annotated[
        str | None, Query(max_length=LONGEST_QUESTION, description="A symbol or a name, or its beginning")
    ] = None,
) -> Response:
    """What is served every session; with `q`, what may be meant by it, the likeliest first."""
    if q is not None:
        meant, instruments = _meant(services, q)
        shown, following = instruments[: page.limit], None
    else:
        end = page.after + page.limit
        meant = None
        shown, following = page.cut(services.universe.served[page.after : end + 1], lambda _: end)
    items = [
        shaped(InstrumentAnswer, instrument, served=services.universe.serves(instrument.symbol)) for instrument in shown
    ]
    return reply.page(items, following, "universe", _KEPT, meant=meant)


def _meant(services: Services, q: str) -> tuple[str | None, list[Instrument]]:
    """The symbol that is surely meant, if one is, and everything that may be."""
    near = suggest(q, services.universe)
    try:
        sure = forecasts.resolve(services, q)
    except AmbiguousSymbol as several:
        return None, list(dict.fromkeys([*several.candidates, *near]))
    except BellwetherError:
        return None, list(near)
    return sure.symbol, list(dict.fromkeys([sure, *(other for other in near if other.symbol != sure.symbol)]))


@router.get("/bars/{symbol}", **operation(BarsAnswer, 409, 422, tables=True))
def get_bars(
    services: ServicesOf,
    caller: CallerOf,
    now: NowOf,
    symbol: Symbol,
    reply: ReplyOf,
    as_of: AsOf = None,
    limit: Limit = 252,
) -> Response:
    """The last daily bars, where whoever runs this service may hand them out; off unless they say so."""
    if not services.settings.api.bars:
        text = "Bars are not handed out here: the terms of most sources of prices do not allow it. Forecasts are."
        raise HttpProblem("not_offered", text)
    day = day_of(as_of, caller, now)
    instrument = forecasts.resolve(services, symbol)
    caller.check_symbol(instrument.symbol)
    end = last_session(instrument.calendar, day, now)
    whole = comparable(services.provider.bars(instrument.symbol, end))
    last = mended(whole.bars).last(limit)
    if caller.plan.history_days is not None:
        last = last.last(max(1, min(limit, caller.plan.history_days)))
    origin = last.origin
    items = [
        dict(zip(_COLUMNS, (to_date(session).isoformat(), *map(float, row), float(quoted)), strict=True))
        for session, row, quoted in zip(last.sessions, last.values, last.quoted_closes, strict=True)
    ]
    note = origin.note if origin else services.provider.note
    source = origin.source if origin else services.provider.name
    caveats = [*([note] if note else []), *whole.notes]
    body = shaped(BarsAnswer, instrument, source=source, caveats=caveats, items=items)
    rows = [{"symbol": instrument.symbol, "currency": instrument.currency} | item for item in items]
    return reply(body, rows=rows, name=f"bars_{instrument.symbol}")


_COLUMNS = tuple(BarAnswer.__annotations__)


@router.get("/models", **operation(ModelsAnswer, tables=True))
def list_models(services: ServicesOf, reply: ReplyOf) -> Response:
    """The models, and which of them answers."""
    served = services.model.card.model_id if services.model else None
    items = [
        {"model_id": name, "served": name == served, "tried": name in services.settings.models.shadow}
        for name in _model_ids(services)
    ]
    return reply({"items": items, "problem": services.model_problem}, rows=items, name="models")


@router.get("/models/{model_id}", **operation(dict[str, Any], also={304: {"description": "Unchanged"}}))
def get_model_card(
    services: ServicesOf, reply: JsonReplyOf, model_id: Annotated[str, Path(description="As /api/v1/models has it")]
) -> Response:
    """Everything that is known of a model: what it reads, what it learned from, how it scored, and its limits."""
    if model_id not in _model_ids(services):  # never a path from outside
        text = "There is no model of this name; /api/v1/models has those there are."
        raise HttpProblem("unknown_model", text)
    card = json.loads((services.settings.models.folder / model_id / "card.json").read_text(encoding="utf-8"))
    return reply(card, name=model_id)


def _model_ids(services: Services) -> list[str]:
    return sorted(path.parent.name for path in services.settings.models.folder.glob("*/card.json"))
