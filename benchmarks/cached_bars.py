"""Fourteen years of a symbol from the cache, with nothing in memory, against reading the same arrays from .npz."""

import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from bellwether.core.types import Bars, Instrument
from bellwether.db.sqlite_store import SqliteStore
from bellwether.market.provider import Fetched
from bellwether.market.remote.cached_provider import CachedProvider
from bellwether.market.remote.guarded_source import GuardedSource
from bellwether.market.sample import ENDS, SampleProvider
from benchmarks.timing import Comparison, compare

LIMIT = 1.5  #: times the .npz file
CPU_LIMIT = 5.0  #: milliseconds of processor time for one symbol
NOW = datetime.combine(ENDS, datetime.min.time(), UTC) + timedelta(hours=23)


class _Source:
    """The sample market as if it were far away."""

    name, note = "bench", ""

    def __init__(self) -> None:
        self._sample = SampleProvider()

    def describe(self) -> str:
        return "the bench"

    def universe(self) -> tuple[Instrument, ...]:
        return ()

    def prepare(self) -> None:
        pass

    def fetch(self, symbol: str, start: date, end: date, timeout: float) -> Fetched:
        return Fetched(self._sample.instrument(symbol), self._sample.bars(symbol, end))


def measure() -> tuple[Comparison, float]:
    """Wall times of both, and the processor time of ours in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        store, source = SqliteStore(Path(folder) / "bench.sqlite3"), _Source()
        asker = GuardedSource("the bench", timeout=10, connections=1)

        def ours() -> Bars:
            return CachedProvider(source, asker, store, lambda: NOW).bars("AAPL", ENDS)

        bars, file = ours(), Path(folder) / "bars.npz"
        np.savez(file, sessions=bars.sessions, values=bars.values, quoted_closes=bars.quoted_closes)

        def theirs() -> Bars:
            with np.load(file) as kept:
                return Bars("AAPL", kept["sessions"], kept["values"], kept["quoted_closes"])

        compared = compare(ours, theirs, rounds=50, repeats=10)
        began = time.process_time()
        for _ in range(100):
            ours()
        spent = (time.process_time() - began) / 100 * 1e3
        store.close()
    return compared, spent
