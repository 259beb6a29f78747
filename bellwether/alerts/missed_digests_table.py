"""The tables `marks` and `missed_digests`: when the last tick was, and digests that were never written."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlite_utils import Database

from bellwether.db.database import first_row, rows, stamp, unstamp

_TICK = "tick"


def last_tick(db: Database) -> datetime | None:
    """When a tick of the running service was last; None before the first."""
    mark = first_row(db, "SELECT at FROM marks WHERE name = :name", {"name": _TICK})
    return unstamp(mark["at"]) if mark else None


def mark_tick(db: Database, now: datetime) -> None:
    """There is a tick now."""
    db.conn.execute("INSERT OR REPLACE INTO marks (name, at) VALUES (?, ?)", (_TICK, stamp(now)))


def note(db: Database, digests: Mapping[date, int], now: datetime) -> None:
    """Keep how many digests of each session were never written; a session is counted once."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO missed_digests (session, digests, noted_at) VALUES (?, ?, ?)",
        [(session.isoformat(), count, stamp(now)) for session, count in digests.items()],
    )


def since(db: Database, noted: datetime) -> dict[date, int]:
    """How many digests of each session were missed, as noted since then."""
    sql = "SELECT session, digests FROM missed_digests WHERE noted_at >= :noted ORDER BY session"
    return {date.fromisoformat(row["session"]): int(row["digests"]) for row in rows(db, sql, {"noted": stamp(noted)})}
