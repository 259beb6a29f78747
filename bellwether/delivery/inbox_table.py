"""The table `inbox`: updates stored before Telegram is told that they were received."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlite_utils import Database

from bellwether.db.database import rows, stamp

MOST_ATTEMPTS = 5  #: an update that fails this often is left aside, so that it cannot block the others

READ_AGAIN = timedelta(days=1)  #: how old what is set aside may be and still be answered; later an answer only puzzles


class Aside(Enum):
    """Why nobody answers an update any more."""

    UNREADABLE = "unreadable"  #: it could not be decoded
    FAILED = "failed"  #: it was decoded, and answering it met an error that another try would meet again
    EXHAUSTED = "exhausted"  #: each of MOST_ATTEMPTS tries ended before its answer, as when the process dies of it


@dataclass(frozen=True, slots=True)
class SetAside:
    """The updates that are set aside."""

    counts: Mapping[Aside, int]  #: each reason is in it
    newest: str  #: what was wrong with the newest; empty where that is not known


def keep(db: Database, update_id: int, body: str, now: datetime, *, begun: bool = False) -> bool:
    """Store one update as JSON. False when it is known: Telegram sends unconfirmed ones again.

    One that has `begun` is answered as soon as it is stored: its first attempt is counted already.
    """
    cursor = db.conn.execute(
        "INSERT OR IGNORE INTO inbox (update_id, body, received_at, attempts) VALUES (?, ?, ?, ?)",
        (update_id, body, stamp(now), int(begun)),
    )
    return cursor.rowcount == 1


def begin(db: Database, update_id: int) -> None:
    """Count an attempt before it starts, so that an update that kills the process is not tried for ever."""
    db.conn.execute("UPDATE inbox SET attempts = attempts + 1 WHERE update_id = ?", (update_id,))


def excuse(db: Database, update_id: int) -> None:
    """The answer surely did not arrive, which is no fault of the update: the attempt does not count."""
    db.conn.execute("UPDATE inbox SET attempts = attempts - 1 WHERE update_id = ?", (update_id,))


def done(db: Database, update_id: int, now: datetime) -> None:
    """The update was answered; what it said is not needed any more."""
    db.conn.execute("UPDATE inbox SET done_at = ?, body = '' WHERE update_id = ?", (stamp(now), update_id))


def set_aside(db: Database, update_id: int, why: Aside, reason: str, now: datetime) -> None:
    """Nobody is to answer this update. Its body stays for a while: a later version may be able to read it.

    `reason` must hold nothing that a person wrote: it outlives the erasure of what they did.
    """
    db.conn.execute(
        "UPDATE inbox SET set_aside = ?, reason = ?, done_at = ? WHERE update_id = ?",
        (why.value, reason, stamp(now), update_id),
    )


def erase_set_aside(db: Database, before: datetime) -> None:
    """Erase the bodies of what was set aside and received before then; the reasons stay."""
    db.conn.execute("UPDATE inbox SET body = '' WHERE set_aside IS NOT NULL AND received_at < ?", (stamp(before),))


def unreadable(db: Database, since: datetime) -> list[tuple[int, str]]:
    """(update_id, body) of what was received since then and could not be decoded, oldest first."""
    sql = (
        "SELECT update_id, body FROM inbox"
        " WHERE set_aside = :why AND received_at >= :since AND body <> '' ORDER BY update_id"
    )
    found = rows(db, sql, {"why": Aside.UNREADABLE.value, "since": stamp(since)})
    return [(int(row["update_id"]), str(row["body"])) for row in found]


def take_back(db: Database, update_id: int) -> None:
    """An update that was set aside can be read now: it is to be answered after all."""
    db.conn.execute("UPDATE inbox SET set_aside = NULL, reason = '', done_at = NULL WHERE update_id = ?", (update_id,))


def count_set_aside(db: Database, since: datetime | None = None) -> SetAside:
    """What was received since then, or at all, and is set aside."""
    why = f"CASE WHEN done_at IS NULL AND attempts >= {MOST_ATTEMPTS} THEN '{Aside.EXHAUSTED.value}' ELSE set_aside END"
    sql = (
        f"SELECT {why} AS why, reason FROM inbox"
        f" WHERE (set_aside IS NOT NULL OR (done_at IS NULL AND attempts >= {MOST_ATTEMPTS})) AND received_at >= :since"
        " ORDER BY received_at"
    )
    found = rows(db, sql, {"since": stamp(since) if since else ""})
    counts = {each: sum(row["why"] == each.value for row in found) for each in Aside}
    return SetAside(counts, str(found[-1]["reason"]) if found else "")


def prune(db: Database, before: datetime) -> int:
    """Forget what was received before then and is answered or set aside; how many rows."""
    cursor = db.conn.execute(
        "DELETE FROM inbox WHERE received_at < ? AND (done_at IS NOT NULL OR attempts >= ?)",
        (stamp(before), MOST_ATTEMPTS),
    )
    return cursor.rowcount


def unanswered(db: Database) -> list[tuple[int, str]]:
    """(update_id, body) of what was received but not answered before a stop, oldest first."""
    sql = "SELECT update_id, body FROM inbox WHERE done_at IS NULL AND attempts < :most ORDER BY update_id"
    return [(int(row["update_id"]), str(row["body"])) for row in rows(db, sql, {"most": MOST_ATTEMPTS})]
