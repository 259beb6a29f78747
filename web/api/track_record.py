"""How issued forecasts turned out: the record, the whole ledger page by page, and the receipt of each."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from bellwether.ask import forecasts
from bellwether.client.answers.track_record import LedgerAnswer, ReceiptAnswer, TrackRecordAnswer
from bellwether.core.parsing import parse_horizon
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.to_json import entry_json, receipt_json, record_json
from web.api.cursors import Cursor, Limit, after, cursor_of, link_to_next
from web.api.negotiate import FormatOf, answer
from web.api.openapi_responses import KEY, security, table
from web.dependencies import ServicesOf

router = APIRouter(prefix="/api/v1", tags=["track record"])
_ONE_YEAR = 31_536_000  #: seconds
OneSymbol = Annotated[str | None, Query(description="Only forecasts of this one", max_length=60)]
OneHorizon = Annotated[str | None, Query(description="Only these trading days ahead, such as 10 or 2w", max_length=20)]


@router.get(
    "/track-record",
    response_model=TrackRecordAnswer,
    responses=table(409),
    operation_id="track_record",
    openapi_extra=security(KEY),
)
def track_record(
    request: Request,
    services: ServicesOf,
    wanted: FormatOf,
    symbol: OneSymbol = None,
    horizon: OneHorizon = None,
    model_id: Annotated[str | None, Query(description="Only this model's", max_length=100)] = None,
    since: Annotated[str | None, Query(description="Only cutoffs from this day on", max_length=20)] = None,
) -> Response:
    """How the issued forecasts turned out, beside the plain rule. Of the sample market, `simulated` says so."""
    record = forecasts.asked_record(services, symbol, horizon, model_id, since)
    return answer(request, record_json(record), wanted, name="track_record", keep=60)


@router.get(
    "/ledger", response_model=LedgerAnswer, responses=table(409), operation_id="ledger", openapi_extra=security(KEY)
)
def ledger(
    request: Request,
    services: ServicesOf,
    wanted: FormatOf,
    symbol: OneSymbol = None,
    horizon: OneHorizon = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Every issued forecast in the order of the ledger, misses included, page by page.

    The next page is `next_cursor`, and in CSV and Parquet the header Link.
    """
    only = forecasts.resolve(services, symbol).symbol if symbol is not None else None
    sessions = parse_horizon(horizon) if horizon is not None else None
    with services.store.reading() as db:
        found = outcomes_table.page(db, after(cursor), limit + 1, only, sessions)
    items = [entry_json(one) for one in found[:limit]]
    following = cursor_of(found[limit - 1].row.seq) if len(found) > limit else None
    body: dict[str, Any] = {"items": items, "next_cursor": following}
    return answer(request, body, wanted, rows=items, name="ledger", headers=link_to_next(request, following))


@router.get(
    "/receipts/{forecast_id}",
    response_model=ReceiptAnswer,
    responses=table(),
    operation_id="receipt",
    openapi_extra=security(KEY),
)
def receipt(
    request: Request,
    services: ServicesOf,
    wanted: FormatOf,
    forecast_id: Annotated[str, Path(description="`forecast_id` of an issued forecast", max_length=60)],
) -> Response:
    """The row of one issued forecast and what proves it. It never changes once its outcome is there."""
    found = forecasts.receipt(services, forecast_id)
    headers = {"Cache-Control": f"private, max-age={_ONE_YEAR}, immutable"} if found.outcome is not None else {}
    return answer(request, receipt_json(found), wanted, name=f"receipt_{found.forecast_id}", headers=headers)
