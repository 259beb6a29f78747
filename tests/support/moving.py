"""A file with all that a move may stumble over, and the rows of a database to lay beside those of another."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bellwether.db import table_rows
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import chats_table, feedback_table, outbox_table
from bellwether.delivery.messages import Recipient, RecipientKind
from bellwether.delivery.outbox_table import Draft
from bellwether.track_record.ledger.issue import record
from tests.support.account import made_up

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
HARD = "a\0b \N{WHALE} \\N \\. \t\r\n '; DROP TABLE chats; -- 99% :name \N{COMBINING ACUTE ACCENT}"


def grow(store: Store, forecasts: int = 300) -> None:
    """Add what is hard to copy, and enough for several portions."""
    record(store, [made_up(number) for number in range(forecasts)])
    with store.transaction() as db:
        chats_table.join(db, -(2**62), "en", NOW)
        feedback_table.add(db, 2**62, HARD, NOW)
        feedback_table.add(db, 1, "x" * 3_000_000, NOW)
        for number in range(250):
            to = Recipient(RecipientKind.CHAT, number)
            draft = Draft(f"digest:{number}", to, "digest", f"{HARD} {number}", NOW, NOW + timedelta(days=1))
            outbox_table.enqueue(db, draft, NOW)
        db.execute("UPDATE outbox SET uncertain = 1 WHERE id % 2 = 0")
        bars = {"data": bytes(range(256)) * 4000, "checksum": -(2**63), "empty": b""}
        db.execute("INSERT INTO bars VALUES ('yahoo', 'HARD', 1726, :data, :checksum)", bars)
        db.execute("INSERT INTO bars VALUES ('yahoo', 'HARD', 2326, :empty, 9223372036854775807)", bars)
        for seq, value in enumerate((math.inf, -math.inf, 5e-324, -0.0, 1.7976931348623157e308, 0.1), start=1):
            told = {"cutoff": f"17{seq:02d}-07-04", "target": "2326-11-30", "value": value}
            db.execute("INSERT INTO told_ranges VALUES ('HARD', :cutoff, 1, :target, :value, 1)", told)


def rows_of(store: Store) -> dict[str, list[Any]]:
    """The rows of every table that is moved, in an order of their own; without what PostgreSQL does not keep."""
    with store.reading() as db:
        columns = table_rows.columns_of(db)
        return {
            table: sorted(
                repr(tuple(value.replace("\0", "") if isinstance(value, str) else value for value in row))
                for row in db.conn.execute(f"SELECT {', '.join(columns[table])} FROM {table}")
            )
            for table in table_rows.moved(columns)
        }


def grown_file(path: Path) -> Path:
    """A file with all of it."""
    store = SqliteStore(path)
    grow(store)
    store.close()
    return path
