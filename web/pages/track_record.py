"""How issued forecasts turned out, and the receipt of each."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse

from bellwether.ask import forecasts, incidents
from bellwether.client import verify
from bellwether.core.errors import StoreError
from bellwether.core.parsing import parse_date, parse_horizon
from bellwether.services import Services
from bellwether.track_record.ledger import list_sums_table
from bellwether.track_record.ledger.list_sums_table import ListScore
from bellwether.track_record.scores.types import TrackRecord
from web.api.requests import only_known
from web.dependencies import ReceiptsOf, RecordsOf, ServicesOf
from web.pages import record_view
from web.pages import track_record_csv as csv_file
from web.pages.render import base_address, page, tag_of
from web.problems import printable

_LONGEST_MODEL = 100  #: characters of a model's name
router = APIRouter(include_in_schema=False)


@router.get("/track-record")
def track_record(
    request: Request,
    services: ServicesOf,
    records: RecordsOf,
    symbol: str = "",
    horizon: str = "",
    since: str = "",
    model: str = "",
) -> Response:
    """All forecasts, or those of one symbol, horizon or model, or from a day on."""
    instrument = forecasts.resolve(services, symbol) if symbol.strip() else None
    sessions = parse_horizon(horizon) if horizon else None
    day = parse_date(since) if since.strip() else None
    model_id = printable(model.strip()[:_LONGEST_MODEL])
    if instrument is not None and instrument.symbol != symbol:
        return RedirectResponse(record_view.record_address(instrument.symbol, sessions, day, model_id), status_code=303)
    record = records.get(instrument.symbol if instrument else None, sessions, day, model_id or None)
    head, published = _head(services), forecasts.published_head(services)
    names = _names(services, record)
    lists = _lists(services) if not (instrument or sessions or day or model_id) else None
    spells = _storms(services) if not (instrument or sessions or day or model_id) else None
    return page(
        request,
        "record.html",
        200 if record else 503,
        tag=tag_of(
            request, "record", instrument, sessions, day, model_id, head, published, record, names, spells, lists
        )
        if record
        else "",
        record=record,
        names=names,
        instrument=instrument,
        only=sessions,
        since=day,
        model=model_id,
        head=head,
        published=published,
        channel=services.settings.proof.channel_address,
        address=base_address(request),
        spells=spells,
        lists=lists,
    )


def _names(services: Services, record: TrackRecord | None) -> dict[str, str]:
    """What the symbols are called that were missed; a symbol that is no longer known goes by itself."""
    known = {miss.symbol: services.universe.get(miss.symbol) for miss in record.misses} if record else {}
    return {symbol: instrument.name if instrument else symbol for symbol, instrument in known.items()}


def _storms(services: Services) -> incidents.Incidents | None:
    """Those that were announced; None where they cannot be read."""
    try:
        return incidents.every(services)
    except StoreError:
        return None


def _lists(services: Services) -> ListScore | None:
    """How forecasts of lists turned out; None where there are none, or they cannot be read."""
    try:
        with services.store.reading() as db:
            score = list_sums_table.score(db)
    except StoreError:
        return None
    return score if score.issued else None


def _head(services: Services) -> str:
    """The ledger's last row; empty where there is none that can be read."""
    try:
        return forecasts.ledger_head(services)
    except StoreError:
        return ""


@router.get("/track-record.csv", dependencies=[Depends(only_known)])
def track_record_csv(services: ServicesOf, symbol: str = "", horizon: str = "") -> Response:
    """Every forecast with what came of it, misses and open ones included; of a replay its sums by week."""
    only = forecasts.resolve(services, symbol).symbol if symbol.strip() else None
    sessions = parse_horizon(horizon) if horizon else None
    about = {"Content-Disposition": f'attachment; filename="{csv_file.name_of(only, sessions)}"'}
    return StreamingResponse(csv_file.lines(services, only, sessions), headers=about, media_type="text/csv")


@router.get("/verify.py", dependencies=[Depends(only_known)])
def verifier() -> Response:
    """The file by which anybody checks the ledger and receipts, without this service."""
    return FileResponse(verify.__file__, media_type="text/x-python", filename="verify.py")


@router.get("/receipts/{forecast_id}")
def receipt(request: Request, services: ServicesOf, receipts: ReceiptsOf, forecast_id: str) -> Response:
    """One row of the ledger, and how to prove that nobody changed it."""
    row = receipts.get(forecast_id)
    if row.forecast_id != forecast_id:
        return RedirectResponse(f"/receipts/{row.forecast_id}", status_code=303)
    tag = tag_of(request, row)
    return page(request, "receipt.html", tag=tag, receipt=row, instrument=services.universe.get(row.symbol))
