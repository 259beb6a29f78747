"""The table `leases`: which process may send and receive for a bot.

A lease is alive while its beats go on. Whoever waits for it watches them by a clock of its own that never jumps, so
neither a clock change nor two machines that disagree about the time can make two holders.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bellwether.db.database import first_row, rows, stamp, unstamp


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as it was seen."""

    holder: str
    machine: str
    beats: int
    taken_at: datetime
    beat_at: datetime


def seen(db: Database, name: str) -> Held | None:
    """The lease now; None when nobody has it."""
    row = first_row(db, "SELECT * FROM leases WHERE name = :name", {"name": name})
    if row is None:
        return None
    return Held(row["holder"], row["machine"], row["beats"], unstamp(row["taken_at"]), unstamp(row["beat_at"]))


def take(db: Database, name: str, holder: str, machine: str, now: datetime, instead_of: Held | None) -> bool:
    """Take a free lease, or one whose holder was seen at `instead_of` and has not beaten since. False: it lives."""
    if instead_of is not None:
        db.conn.execute(
            "DELETE FROM leases WHERE name = ? AND holder = ? AND beats = ?",
            (name, instead_of.holder, instead_of.beats),
        )
    cursor = db.conn.execute(
        "INSERT OR IGNORE INTO leases (name, holder, machine, beats, taken_at, beat_at) VALUES (?, ?, ?, 0, ?, ?)",
        (name, holder, machine, stamp(now), stamp(now)),
    )
    return cursor.rowcount == 1


def beat(db: Database, name: str, holder: str, now: datetime) -> bool:
    """Say that the holder lives. False when the lease is another's now."""
    cursor = db.conn.execute(
        "UPDATE leases SET beats = beats + 1, beat_at = ? WHERE name = ? AND holder = ?", (stamp(now), name, holder)
    )
    return cursor.rowcount == 1


def is_held(db: Database, name: str, holder: str) -> bool:
    """Whether the lease is this holder's: asked in the transaction of each claim."""
    sql = "SELECT 1 FROM leases WHERE name = :name AND holder = :holder"
    return bool(rows(db, sql, {"name": name, "holder": holder}))


def release(db: Database, name: str, holder: str) -> None:
    """Give the lease back, so that the next process need not wait."""
    db.conn.execute("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))
