"""How issued forecasts turned out, and the receipt of each."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bellwether import queries
from bellwether.errors import LedgerError, StoreError
from bellwether.parsing import parse_horizon
from bellwether.scoring.types import TrackRecord
from bellwether.services import Services
from web import record_view
from web.rendering import page, tag_of
from web.services_of import ServicesOf

_KEPT = 300.0  #: seconds
_MOST = 600  #: records: one for each symbol of a universe
router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@router.get("/track-record")
def track_record(request: Request, services: ServicesOf, symbol: str = "", horizon: str = "") -> Response:
    """All forecasts, or those of one symbol or horizon."""
    one = queries.resolve(services, symbol) if symbol.strip() else None
    if one is not None and one.symbol != symbol:
        sessions = parse_horizon(horizon) if horizon else None
        return RedirectResponse(record_view.record_address(one.symbol, sessions), status_code=303)
    sessions = parse_horizon(horizon) if horizon else None
    record = request.app.state.records.get(one.symbol if one else None, sessions)
    return page(
        request,
        "record.html",
        tag=tag_of(request, "record", one, sessions, record) if record is not None else "",
        record=record,
        one=one,
        only=sessions,
    )


@router.get("/receipts/{forecast_id}")
def receipt(request: Request, services: ServicesOf, forecast_id: str) -> Response:
    """One row of the ledger, and how to prove that nobody changed it."""
    found = queries.receipt(services, forecast_id)
    if found.forecast_id != forecast_id:
        return RedirectResponse(f"/receipts/{found.forecast_id}", status_code=303)
    tag = tag_of(request, found)
    return page(request, "receipt.html", tag=tag, receipt=found, one=services.universe.get(found.symbol))


class Records:
    """The records that were asked for last, each worked out once within a few minutes: outcomes come once a day."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._services, self._clock = services, clock
        self._kept: OrderedDict[tuple[str | None, int | None], tuple[float, TrackRecord | None]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, symbol: str | None, horizon: int | None) -> TrackRecord | None:
        """The record; None where there is none that can be read, which a page then says."""
        key = (symbol, horizon)
        with self._lock:  # one at a time: it is arithmetic, which threads do not make faster
            until, record = self._kept.get(key, (float("-inf"), None))
            if self._clock() < until:
                return record
            try:
                record = queries.track_record(self._services, symbol=symbol, horizon=horizon)
            except (LedgerError, StoreError) as problem:
                log.warning("The track record cannot be shown: %s", problem.for_operator)
                record = None
            self._kept[key] = (self._clock() + _KEPT, record)
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return record
