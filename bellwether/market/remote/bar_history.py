"""Histories of one source kept in SQLite: shared by all processes, still there after a restart.

Prices can be fetched again: for an answer a history that cannot be read is as good as none, and the log says so.
"""

import logging
from dataclasses import dataclass, replace
from datetime import date

from bellwether.core.errors import StoreError
from bellwether.core.types import Bars, Origin
from bellwether.db.database import Store
from bellwether.market.remote import bars_table, instruments_table
from bellwether.market.remote.bars_table import DamagedBars
from bellwether.market.remote.instruments_table import SymbolRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class StoredBars:
    """One symbol's history, and how far it was asked for."""

    asked: SymbolRequest
    bars: Bars  #: with their origin


class BarHistory:
    """Where one source's histories are kept."""

    def __init__(self, store: Store, source: str, note: str) -> None:
        """`note` is what every answer made of this source's bars must say."""
        self._store, self._source, self._note = store, source, note

    def kept(self, asked: SymbolRequest, bars: Bars) -> StoredBars:
        """A history as coming from this source."""
        origin = Origin(self._source, True, self._note, asked.instrument, asked.doubtful)
        return StoredBars(asked, replace(bars, origin=origin).sealed())

    def load(self, symbol: str) -> StoredBars | None:
        """What is kept of a symbol; None when there is nothing that can be used."""
        try:
            with self._store.reading() as db:
                asked = instruments_table.get(db, self._source, symbol)
                bars = bars_table.load(db, self._source, symbol) if asked is not None else None
        except DamagedBars:
            log.warning("The kept prices of %s are damaged; they will be fetched again.", symbol)
            return None
        except StoreError as problem:
            log.warning("Kept prices cannot be read: %s", problem.for_operator)
            return None
        return self.kept(asked, bars) if asked is not None and bars is not None else None

    def asked(self, symbol: str) -> SymbolRequest | None:
        """How far a kept history reaches, without reading it; None when there is none. Raises StoreError."""
        with self._store.glance() as db:
            return instruments_table.get(db, self._source, symbol)

    def save(self, new: StoredBars, onto: StoredBars | None, first: date | None) -> None:
        """Keep a history. When it is `onto` with changes from `first` on, only those are written. Raises StoreError.

        Where there are too many then, those asked for longest ago go.
        """
        with self._store.transaction() as db:
            db.one_at_a_time(f"bars of {self._source} {new.bars.symbol}")
            before = instruments_table.get(db, self._source, new.bars.symbol)
            # another process may have written a history with another adjustment: then ours replaces all of it
            same = onto is not None and before == onto.asked
            bars_table.save(db, self._source, new.bars, first if same else None)
            instruments_table.save(db, self._source, new.asked)
            for symbol in instruments_table.beyond_most(db, self._source):
                bars_table.forget(db, self._source, symbol)
                instruments_table.forget(db, self._source, symbol)

    def all_asked(self) -> list[SymbolRequest]:
        """Every symbol kept; empty when they cannot be read."""
        try:
            with self._store.reading() as db:
                return instruments_table.of_source(db, self._source)
        except StoreError as problem:
            log.warning("Kept prices cannot be read: %s", problem.for_operator)
            return []
