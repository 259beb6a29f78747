"""A ledger of a million forecasts: appending, the page's query, the proof, and the memory they take.

    python -m benchmarks.large_ledger [ROWS]

In a process of its own, since it takes minutes and half a gigabyte of disk.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np

from bellwether.core.types import HEADS
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.ledger_table import ToEnter
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.score_sums import count
from bellwether.track_record.ledger.verify import verify
from bellwether.track_record.scores.track_record import RecordFilter, live_record

SYMBOLS, AT_ONCE = 500, 250
LIMITS = {"append, ms a row": 1.0, "page, all symbols, ms": 200.0, "page, one symbol, ms": 200.0}
LIMITS |= {"verify, s of processor time": 20.0, "memory, MB": 300.0}
FIRST = date(2020, 1, 6)


def forecasts(rows: int) -> Iterator[ToEnter]:
    """Sessions of the whole universe at all heads, one after the other."""
    random = np.random.default_rng(0)
    template: ToEnter | None = None
    for number in range(rows):
        session, place = divmod(number, SYMBOLS * len(HEADS))
        symbol, head = divmod(place, len(HEADS))
        cutoff = FIRST + timedelta(days=session)
        if template is None or template.cutoff != cutoff:
            widths = random.normal(0.02, 0.002)
            template = ToEnter(
                forecast_id="",
                symbol="",
                calendar="XNYS",
                cutoff=cutoff,
                horizon=1,
                target_session=cutoff,
                made_at=datetime(cutoff.year, cutoff.month, cutoff.day, 22, tzinfo=UTC),
                model_id="daily-range-3-2024",
                source="yahoo",
                shown=True,
                adjusted_close=101.5,
                quoted_close=103.25,
                usual_probability_of_growth=0.54,
                probability_of_growth=0.53,
                stretched=1.04,
                log_returns=tuple((widths * np.array([-1.7, -1.3, -0.6, 0.02, 0.7, 1.3, 1.6])).tolist()),
                baseline=(-0.034, -0.026, -0.013, 0.0005, 0.0134, 0.0261, 0.0338),
                bars_sha256=bytes(32).hex(),
            )
        yield replace(
            template,
            forecast_id=f"f{number * 2654435761 % 2**64:020x}",  # spread over the index, as hashes are
            symbol=f"SYM{symbol}",
            horizon=HEADS[head],
            target_session=cutoff + timedelta(days=HEADS[head]),
        )


def fill(store: Store, rows: int) -> tuple[float, float]:
    """Enter them and settle nearly all; seconds for the one and the other."""
    made, entering = forecasts(rows), 0.0
    while some := list(islice(made, AT_ONCE)):
        start = time.perf_counter()
        record(store, some)
        entering += time.perf_counter() - start
    random = np.random.default_rng(1)
    start = time.perf_counter()
    end = FIRST + timedelta(days=rows // (SYMBOLS * len(HEADS)))
    for day in range((end - FIRST).days + 1):
        with store.transaction() as db:
            due = outcomes_table.due(db, FIRST + timedelta(days=day))
            came = [Outcome(one, float(random.normal(0, 0.015)), FIRST) for one in due]
            count(db, outcomes_table.append(db, came, datetime(2026, 1, 1, tzinfo=UTC)))
    return entering, time.perf_counter() - start


def measure(rows: int) -> dict[str, float]:
    """Every figure of LIMITS, and what the file weighs."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "large.sqlite3")
        entering, settling = fill(store, rows)
        found = {"append, ms a row": entering / rows * 1e3}
        found["page, all symbols, ms"] = _best(lambda: live_record(store, RecordFilter())) * 1e3
        found["page, one symbol, ms"] = _best(lambda: live_record(store, RecordFilter(symbol="SYM7"))) * 1e3
        start, busy = time.perf_counter(), time.process_time()
        proved = verify(store)
        found["verify, s of processor time"] = time.process_time() - busy
        found["verify, s by the clock"] = time.perf_counter() - start
        assert proved.ledger.rows == rows and not proved.problems
        found["memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        found["settling, ms a row"] = settling / proved.outcomes.rows * 1e3
        found["disk, bytes a row"] = store.path.stat().st_size / rows
    return found


def _best(what: Callable[[], object]) -> float:
    """The middle of five, in seconds, after one to warm up."""
    times = []
    for _ in range(6):
        start = time.perf_counter()
        what()
        times.append(time.perf_counter() - start)
    return sorted(times[1:])[2]


def main(rows: int = 1_000_000) -> int:
    """Print every figure; exit status 1 when one misses its limit."""
    found = measure(rows)
    for name, value in found.items():
        limit = LIMITS.get(name)
        verdict = "    " if limit is None else "ok  " if value <= limit else "MISS"
        print(f"{verdict} {rows:,} forecasts: {name}: {value:.3g}" + (f" (at most {limit:g})" if limit else ""))
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
