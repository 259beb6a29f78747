"""The table `leases`: which process does what only one at a time may.

A lease is alive while its beats go on. Whoever waits for it watches them by a clock of its own that never jumps, so
neither a clock change nor two machines that disagree about the time can make two holders.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.database import is_recent, stamp, unstamp
from bellwether.db.sql import PRESENT, insert_new
from bellwether.hosts.process_name import ProcessName


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as it was seen."""

    holder: ProcessName
    machine: str
    beats: int
    taken_at: datetime
    beat_at: datetime


def seen(db: Connection, name: str) -> Held | None:
    """The lease now; None when nobody has it."""
    row = db.first_row("SELECT * FROM leases WHERE name = :name", {"name": name})
    if row is None:
        return None
    return _held(row)


def beating(db: Connection, now: datetime, within: timedelta) -> list[Held]:
    """The leases whose holders lived a moment ago by this machine's clock, which is good enough for telling so."""
    rows = db.rows("SELECT * FROM leases ORDER BY beat_at DESC")
    return [held for held in map(_held, rows) if is_recent(held.beat_at, now, within)]


def decide(db: Connection, name: str) -> None:
    """Let nobody else decide about this lease until the transaction ends."""
    db.one_at_a_time(f"lease {name}")


def take(db: Connection, name: str, holder: str, machine: str, now: datetime, instead_of: Held | None) -> bool:
    """Take a free lease, or one whose holder was seen at `instead_of` and has not beaten since. False: it lives."""
    if instead_of is not None:
        db.execute(
            "DELETE FROM leases WHERE name = :name AND holder = :holder AND beats = :beats",
            {"name": name, "holder": instead_of.holder, "beats": instead_of.beats},
        )
    cursor = db.execute(
        insert_new("leases", ("name", "holder", "machine", "beats", "taken_at", "beat_at")),
        {"name": name, "holder": holder, "machine": machine, "beats": 0, "taken_at": stamp(now), "beat_at": stamp(now)},
    )
    return cursor.rowcount == 1


def beat(db: Connection, name: str, holder: str, now: datetime) -> bool:
    """Say that the holder lives. False when the lease is another's now."""
    sql = "UPDATE leases SET beats = beats + 1, beat_at = :now WHERE name = :name AND holder = :holder"
    return db.execute(sql, {"now": stamp(now), "name": name, "holder": holder}).rowcount == 1


def is_held(db: Connection, name: str, holder: str) -> bool:
    """Whether the lease is this holder's: asked in the transaction of each claim."""
    sql = f"SELECT 1 FROM leases WHERE name = :name AND holder = :holder{PRESENT}"
    return bool(db.rows(sql, {"name": name, "holder": holder}))


def release(db: Connection, name: str, holder: str) -> None:
    """Give the lease back, so that the next process need not wait."""
    db.execute("DELETE FROM leases WHERE name = :name AND holder = :holder", {"name": name, "holder": holder})


def _held(row: dict[str, Any]) -> Held:
    return Held(
        ProcessName(row["holder"]), row["machine"], row["beats"], unstamp(row["taken_at"]), unstamp(row["beat_at"])
    )
