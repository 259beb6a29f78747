"""A large ledger to PostgreSQL and back, and its dump put back: seconds, and megabytes in a second.

    python -m benchmarks.moving [FORECASTS]

The server is the one of the tests, without fsync.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bellwether.db.postgres_store import PostgresStore
from bellwether.db.sqlite_store import SqliteStore
from bellwether.jobs import moving
from bellwether.track_record.ledger import dump_report
from benchmarks.large_ledger import fill
from tests.support import postgres


def main(rows: int = 200_000) -> int:
    """Print every figure; moving raises where anything differs."""
    server = postgres.server()
    os.environ["PATH"] = f"{server.programs}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = SqliteStore(folder / "large.sqlite3")
        fill(file, rows)
        file.close()
        size = file.size() / 1e6
        print(f"{rows:,} forecasts with their outcomes, {size:,.0f} MB")
        there, again = (PostgresStore(server.url(server.new()), folder / name) for name in ("there", "again"))
        works: dict[str, Callable[[], object]] = {
            "import-sqlite": lambda: moving.import_sqlite(file.path, "", there, _now, _say_nothing),
            "export-sqlite": lambda: moving.export_sqlite(there, folder / "back.sqlite3", "", _now, _say_nothing),
            "backup by pg_dump": lambda: dump_report.make(there, folder / "one.dump"),
            "restore by pg_restore": lambda: dump_report.put_back(again, folder / "one.dump"),
        }
        for what, work in works.items():
            start = time.perf_counter()
            work()
            took = time.perf_counter() - start
            print(f"{what}: {took:,.1f} s, {size / took:,.1f} MB/s, the proofs of the ledger among it")
        for store in (there, again):
            store.close()
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


def _say_nothing(line: str) -> None:
    """The lines are for people."""


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
