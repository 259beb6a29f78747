"""The table `inbox`: updates stored before Telegram is told that they were received."""

from datetime import datetime

from sqlite_utils import Database

from bellwether.store.database import rows, stamp

MOST_ATTEMPTS = 5  #: an update that fails this often is left aside, so that it cannot block the others


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


def prune(db: Database, before: datetime) -> int:
    """Forget what was answered before then, and what was set aside after too many attempts; how many rows."""
    cursor = db.conn.execute(
        "DELETE FROM inbox WHERE received_at < ? AND (done_at IS NOT NULL OR attempts >= ?)",
        (stamp(before), MOST_ATTEMPTS),
    )
    return cursor.rowcount


def unanswered(db: Database) -> list[tuple[int, str]]:
    """(update_id, body) of what was received but not answered before a stop, oldest first."""
    sql = "SELECT update_id, body FROM inbox WHERE done_at IS NULL AND attempts < :most ORDER BY update_id"
    return [(int(row["update_id"]), str(row["body"])) for row in rows(db, sql, {"most": MOST_ATTEMPTS})]
