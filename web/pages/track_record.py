"""How issued forecasts turned out, and the receipt of each."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from cachetools import TLRUCache
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from bellwether.ask import forecasts
from bellwether.core.errors import LedgerError, StoreError
from bellwether.core.parsing import parse_date, parse_horizon
from bellwether.services import Services
from bellwether.track_record.scores.types import TrackRecord
from web.dependencies import ServicesOf
from web.pages import record_view
from web.pages import track_record_csv as csv_file
from web.pages.render import page, tag_of
from web.problems import printable

_KEPT = 300.0  #: seconds
_AGAIN_AFTER = 15.0  #: seconds after which a record that could not be read is tried again
_LONGEST_MODEL = 100  #: characters of a model's name
_MOST = 600  #: records: one for each symbol of a universe
router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@router.get("/track-record")
def track_record(
    request: Request, services: ServicesOf, symbol: str = "", horizon: str = "", since: str = "", model: str = ""
) -> Response:
    """All forecasts, or those of one symbol, horizon or model, or from a day on."""
    one = forecasts.resolve(services, symbol) if symbol.strip() else None
    sessions = parse_horizon(horizon) if horizon else None
    day = parse_date(since) if since.strip() else None
    model_id = printable(model.strip()[:_LONGEST_MODEL])
    if one is not None and one.symbol != symbol:
        return RedirectResponse(record_view.record_address(one.symbol, sessions, day, model_id), status_code=303)
    record = request.app.state.records.get(one.symbol if one else None, sessions, day, model_id or None)
    head = _head(services)
    return page(
        request,
        "record.html",
        tag=tag_of(request, "record", one, sessions, day, model_id, head, record) if record is not None else "",
        record=record,
        one=one,
        only=sessions,
        since=day,
        model=model_id,
        head=head,
    )


def _head(services: Services) -> str:
    """The ledger's last row; empty where there is none that can be read."""
    try:
        return forecasts.ledger_head(services)
    except StoreError:
        return ""


@router.get("/track-record.csv")
def track_record_csv(services: ServicesOf, symbol: str = "", horizon: str = "") -> Response:
    """Every forecast with what came of it, misses and open ones included; of a replay its sums by week."""
    one = forecasts.resolve(services, symbol).symbol if symbol.strip() else None
    sessions = parse_horizon(horizon) if horizon else None
    about = {"Content-Disposition": f'attachment; filename="{csv_file.name_of(one, sessions)}"'}
    return StreamingResponse(csv_file.lines(services, one, sessions), headers=about, media_type="text/csv")


@router.get("/receipts/{forecast_id}")
def receipt(request: Request, services: ServicesOf, forecast_id: str) -> Response:
    """One row of the ledger, and how to prove that nobody changed it."""
    found = forecasts.receipt(services, forecast_id)
    if found.forecast_id != forecast_id:
        return RedirectResponse(f"/receipts/{found.forecast_id}", status_code=303)
    tag = tag_of(request, found)
    return page(request, "receipt.html", tag=tag, receipt=found, one=services.universe.get(found.symbol))


class Records:
    """The records that were asked for last, each worked out once within a few minutes: outcomes come once a day."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._services = services
        self._kept: TLRUCache[tuple[object, ...], TrackRecord | None] = TLRUCache(
            _MOST, lambda _, record, now: now + (_KEPT if record is not None else _AGAIN_AFTER), clock
        )
        self._lock = threading.Lock()

    def get(
        self, symbol: str | None, horizon: int | None, since: date | None = None, model_id: str | None = None
    ) -> TrackRecord | None:
        """The record; None where there is none that can be read, which a page then says."""
        key = (symbol, horizon, since, model_id)
        with self._lock:  # one at a time: it is arithmetic, which threads do not make faster
            with suppress(KeyError):
                return self._kept[key]
            try:
                record = forecasts.track_record(
                    self._services, symbol=symbol, horizon=horizon, since=since, model_id=model_id
                )
            except (LedgerError, StoreError) as problem:
                log.warning("The track record cannot be shown: %s", problem.for_operator)
                record = None
            self._kept[key] = record
        return record
