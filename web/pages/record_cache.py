"""The track records that were asked for last, each worked out once within a few minutes: outcomes come once a day."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from cachetools import TLRUCache

from bellwether.ask import forecasts
from bellwether.core.errors import LedgerError, StoreError
from bellwether.services import Services
from bellwether.track_record.scores.types import TrackRecord

_KEPT = 300.0  #: seconds
_AGAIN_AFTER = 15.0  #: seconds after which a record that could not be read is tried again
_MOST = 600  #: records: one for each symbol of a universe
log = logging.getLogger(__name__)


class Records:
    """One per app."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
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
