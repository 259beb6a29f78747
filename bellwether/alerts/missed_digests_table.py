"""The tables `marks` and `missed_digests`: when the last tick was, and digests that were never written."""

from collections.abc import Mapping
from datetime import date, datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.db.sql import insert_new, put

_TICK = "tick"


def last_tick(db: Connection) -> datetime | None:
    """When a tick of the running service was last; None before the first."""
    mark = db.first_row("SELECT at FROM marks WHERE name = :name", {"name": _TICK})
    return unstamp(mark["at"]) if mark else None


def mark_tick(db: Connection, now: datetime) -> None:
    """There is a tick now."""
    db.execute(put("marks", ("name",), ("at",)), {"name": _TICK, "at": stamp(now)})


def note(db: Connection, digests: Mapping[date, int], now: datetime) -> None:
    """Keep how many digests of each session were never written; a session is counted once."""
    db.executemany(
        insert_new("missed_digests", ("session", "digests", "noted_at")),
        [
            {"session": session.isoformat(), "digests": count, "noted_at": stamp(now)}
            for session, count in digests.items()
        ],
    )


def since(db: Connection, noted: datetime) -> dict[date, int]:
    """How many digests of each session were missed, as noted since then."""
    sql = "SELECT session, digests FROM missed_digests WHERE noted_at >= :noted ORDER BY session"
    return {date.fromisoformat(row["session"]): int(row["digests"]) for row in db.rows(sql, {"noted": stamp(noted)})}
