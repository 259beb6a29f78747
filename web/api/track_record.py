"""How issued forecasts turned out: the record, the whole ledger page by page, and the receipt of each."""

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from bellwether.ask import forecasts, incidents
from bellwether.client.answers.track_record import IncidentsAnswer, LedgerAnswer, ReceiptAnswer, TrackRecordAnswer
from bellwether.core.parsing import parse_horizon
from bellwether.core.types import issues_forecasts
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.receipts import is_final
from bellwether.track_record.to_json import entry_json, incident_json, receipt_json, record_json
from web.api.negotiate import ReplyOf
from web.api.openapi import named_router, operation
from web.api.requests import PageOf
from web.dependencies import ReceiptsOf, ServicesOf

router = named_router("track record")
_ONE_YEAR = 31_536_000  #: seconds
OneSymbol = Annotated[str | None, Query(description="Only forecasts of this one", max_length=60)]
OneHorizon = Annotated[str | None, Query(description="Only these trading days ahead, such as 10 or 2w", max_length=20)]


@router.get("/track-record", **operation(TrackRecordAnswer, 409, tables=True))
def get_track_record(
    services: ServicesOf,
    reply: ReplyOf,
    symbol: OneSymbol = None,
    horizon: OneHorizon = None,
    model_id: Annotated[str | None, Query(description="Only this model's", max_length=100)] = None,
    since: Annotated[str | None, Query(description="Only cutoffs from this day on", max_length=20)] = None,
) -> Response:
    """How the issued forecasts turned out, beside the plain rule. Of the sample market, `simulated` says so."""
    record = forecasts.asked_record(services, symbol, horizon, model_id, since)
    return reply(record_json(record), name="track_record", keep=60)


@router.get("/ledger", **operation(LedgerAnswer, 409, tables=True))
def list_ledger(
    services: ServicesOf, page: PageOf, reply: ReplyOf, symbol: OneSymbol = None, horizon: OneHorizon = None
) -> Response:
    """Every issued forecast in the order of the ledger, misses included, page by page.

    The next page is `next_cursor`, and in CSV and Parquet the header Link.
    """
    only = forecasts.resolve(services, symbol).symbol if symbol is not None else None
    sessions = parse_horizon(horizon) if horizon is not None else None
    with services.store.reading() as db:
        entries = outcomes_table.page(db, page.after, page.limit + 1, only, sessions)
    entries, following = page.cut(entries, lambda entry: entry.row.seq)
    return reply.page([entry_json(entry) for entry in entries], following, "ledger")


@router.get("/incidents", **operation(IncidentsAnswer, tables=True))
def list_incidents(services: ServicesOf, reply: ReplyOf) -> Response:
    """Spells in which ranges of all stocks held too rarely or too often, the newest first; kept for ever."""
    storms = incidents.every(services)
    items = [incident_json(incident) for incident in storms.items]
    return reply({"simulated": storms.simulated, "items": items}, rows=items, name="incidents", keep=60)


@router.get("/receipts/{forecast_id}", **operation(ReceiptAnswer, tables=True))
def get_receipt(
    receipts: ReceiptsOf,
    reply: ReplyOf,
    forecast_id: Annotated[str, Path(description="`forecast_id` of an issued forecast", max_length=60)],
) -> Response:
    """The row of one issued forecast and what proves it.

    It never changes once its outcome is there and, of a miss, its class is filed.

    The sample market, of which nothing is issued, has those of the misses in its record to show, made anew.
    """
    row = receipts.get(forecast_id)
    final = is_final(row) and issues_forecasts(row.source)
    headers = {"Cache-Control": f"private, max-age={_ONE_YEAR}, immutable"} if final else {}
    return reply(receipt_json(row), name=f"receipt_{row.forecast_id}", headers=headers)
