"""The universe's state as it is kept in the database, given as far as a session: for everyone who forecasts."""

import logging
import threading
import time
from datetime import date

from cachetools import LRUCache

from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.market import universe_state_table
from bellwether.market.universe_state import NO_STATE, StateBars

LOOK_AGAIN = 20.0  #: seconds after which it is looked for sessions that were entered or replaced meanwhile
MOST_PARTS = 128  #: states up to earlier days kept: who asks twice about a day is given the very same series
_NOTHING = (date.min, 0, 0)  #: the extent of an empty table
log = logging.getLogger(__name__)


class KeptState:
    """The state of one source's universe. Safe to share between threads."""

    def __init__(self, store: Store, source: str) -> None:
        """Nothing is read before it is asked for."""
        self._store, self._source = store, source
        self._whole, self._seen = NO_STATE, _NOTHING
        self._looked_at = -LOOK_AGAIN
        self._parts: LRUCache[date, StateBars] = LRUCache(MOST_PARTS)
        self._lock = threading.Lock()

    def until(self, end: date) -> StateBars:
        """U and D up to the session `end`; None for each where nothing is known."""
        with self._lock:
            if time.monotonic() - self._looked_at >= LOOK_AGAIN:
                self._look()
            return until(self._whole, end, self._parts)

    def look_again(self) -> None:
        """Something has just been entered by this process."""
        with self._lock:
            self._looked_at, self._seen = -LOOK_AGAIN, _NOTHING

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            with self._store.reading() as db:
                seen = universe_state_table.extent(db, self._source)
                if seen == self._seen:
                    return
                state = universe_state_table.load(db, self._source)
        except StoreError as problem:
            log.warning("The state of the universe cannot be read: %s", problem.for_operator)
            return
        self._whole, self._seen = state.as_series(), seen
        self._parts.clear()


def until(whole: StateBars, end: date, parts: LRUCache[date, StateBars]) -> StateBars:
    """The series up to a session; the same objects for the same session, as long as they are among the `parts`."""
    if all(series is None or series.cutoff <= end for series in whole):
        return whole
    if end not in parts:
        parts[end] = tuple(None if series is None else series.until(end) for series in whole)
    return parts[end]
