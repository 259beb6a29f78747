"""Processes that write into a ledger: python -m tests.support.ledger_writers enter|on ADDRESS FOLDER FIRST.

enter: forecasts FIRST to FIRST + 40, two at a time and each twice. on: forecasts and outcomes until it is killed, with
a line for each round. They import little, for each begins anew.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

from bellwether.db.database import Store
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.score_sums import count
from tests.support.made_forecasts import made_up


def opened(address: str, folder: Path) -> Store:
    """The database at the address of a server or the path of a file; imports what that takes."""
    if "://" in address:
        from bellwether.db.postgres_store import PostgresStore

        return PostgresStore(address, folder)
    from bellwether.db.sqlite_store import SqliteStore

    return SqliteStore(Path(address))


def enter(store: Store, first: int) -> None:
    """Some forecasts, each of them twice."""
    for number in range(first, first + 40):
        record(store, [made_up(number), made_up(number + 1)])


def go_on(store: Store, number: int) -> None:
    """Until it is killed."""
    while True:
        record(store, [made_up(number + at) for at in range(20)])
        number += 20
        with store.transaction() as db:
            came = [Outcome(due, 0.01, date(2026, 11, 24)) for due in outcomes_table.due(db, date.max)[:10]]
            count(db, outcomes_table.append(db, came, datetime(2026, 11, 24, tzinfo=UTC)))
        sys.stdout.write("on\n")
        sys.stdout.flush()


if __name__ == "__main__":
    mode, address, folder, first = sys.argv[1:]
    {"enter": enter, "on": go_on}[mode](opened(address, Path(folder)), int(first))
