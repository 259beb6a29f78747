"""The table `inbox`: updates stored before Telegram is told that they were received."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.db.sql import insert_new

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


def keep(db: Connection, update_id: int, body: str, now: datetime, *, begun: bool = False) -> bool:
    """Store one update as JSON. False when it is known: Telegram sends unconfirmed ones again.

    One that has `begun` is answered as soon as it is stored: its first attempt is counted already.
    """
    cursor = db.execute(
        insert_new("inbox", ("update_id", "body", "received_at", "attempts")),
        {"update_id": update_id, "body": body, "received_at": stamp(now), "attempts": int(begun)},
    )
    return cursor.rowcount == 1


def begin(db: Connection, update_id: int) -> None:
    """Count an attempt before it starts, so that an update that kills the process is not tried for ever.

    With the last one it is set aside: whoever survives that attempt takes it back, by `done` or `excuse`.
    """
    db.execute(
        "UPDATE inbox SET attempts = attempts + 1, set_aside = CASE WHEN attempts + 1 >= :most THEN :exhausted"
        " ELSE set_aside END WHERE update_id = :update_id",
        {"most": MOST_ATTEMPTS, "exhausted": Aside.EXHAUSTED.value, "update_id": update_id},
    )


def is_done(db: Connection, update_id: int) -> bool:
    """Whether an update was answered or set aside; False for one that is not here."""
    sql = "SELECT 1 FROM inbox WHERE update_id = :update_id AND done_at IS NOT NULL"
    return bool(db.rows(sql, {"update_id": update_id}))


def excuse(db: Connection, update_id: int) -> None:
    """The answer surely did not arrive, which is no fault of the update: the attempt does not count."""
    sql = "UPDATE inbox SET attempts = attempts - 1, set_aside = NULL WHERE update_id = :update_id"
    db.execute(sql, {"update_id": update_id})


def done(db: Connection, update_id: int, now: datetime) -> None:
    """The update was answered; what it said is not needed any more."""
    sql = "UPDATE inbox SET done_at = :now, body = '', set_aside = NULL WHERE update_id = :update_id"
    db.execute(sql, {"now": stamp(now), "update_id": update_id})


def set_aside(db: Connection, update_id: int, why: Aside, reason: str, now: datetime) -> None:
    """Nobody is to answer this update. The body of one that could not be decoded stays for a while.

    A later version may be able to read that; nobody reads any other again. `reason` must hold nothing that a person
    wrote: it outlives the erasure of what they did.
    """
    db.execute(
        "UPDATE inbox SET set_aside = :why, reason = :reason, done_at = :now,"
        " body = CASE WHEN :readable = 0 THEN body ELSE '' END WHERE update_id = :id",
        {
            "why": why.value,
            "reason": reason,
            "now": stamp(now),
            "readable": why is not Aside.UNREADABLE,
            "id": update_id,
        },
    )


def erase_set_aside(db: Connection, before: datetime) -> int:
    """Erase the bodies of what was set aside and received before then; the reasons stay. How many."""
    sql = "UPDATE inbox SET body = '' WHERE set_aside IS NOT NULL AND received_at < :before AND body <> ''"
    return db.execute(sql, {"before": stamp(before)}).rowcount


def unreadable(db: Connection, since: datetime) -> list[tuple[int, str]]:
    """(update_id, body) of what was received since then and could not be decoded, oldest first."""
    sql = (
        "SELECT update_id, body FROM inbox"
        " WHERE set_aside = :why AND received_at >= :since AND body <> '' ORDER BY update_id"
    )
    updates = db.rows(sql, {"why": Aside.UNREADABLE.value, "since": stamp(since)})
    return [(row["update_id"], row["body"]) for row in updates]


def take_back(db: Connection, update_id: int) -> None:
    """An update that was set aside can be read now: it is to be answered after all."""
    sql = "UPDATE inbox SET set_aside = NULL, reason = '', done_at = NULL WHERE update_id = :update_id"
    db.execute(sql, {"update_id": update_id})


def count_set_aside(db: Connection, since: datetime | None = None) -> SetAside:
    """What was received since then, or at all, and is set aside."""
    sql = (
        "SELECT set_aside, n, reason FROM (SELECT set_aside, received_at, reason,"
        " count(*) OVER (PARTITION BY set_aside) AS n,"
        " row_number() OVER (PARTITION BY set_aside ORDER BY received_at DESC) AS place"
        " FROM inbox WHERE set_aside IS NOT NULL AND received_at >= :since) AS aside WHERE place = 1"
        " ORDER BY received_at"
    )
    groups = db.rows(sql, {"since": stamp(since) if since else ""})
    counts = dict.fromkeys(Aside, 0) | {Aside(group["set_aside"]): int(group["n"]) for group in groups}
    return SetAside(counts, str(groups[-1]["reason"]) if groups else "")


def prune(db: Connection, before: datetime) -> int:
    """Forget what was received before then and is answered or set aside; how many rows."""
    cursor = db.execute(
        "DELETE FROM inbox WHERE received_at < :before AND (done_at IS NOT NULL OR attempts >= :most)",
        {"before": stamp(before), "most": MOST_ATTEMPTS},
    )
    return cursor.rowcount


def unanswered(db: Connection) -> list[tuple[int, str]]:
    """(update_id, body) of what was received but not answered before a stop, oldest first."""
    sql = "SELECT update_id, body FROM inbox WHERE done_at IS NULL AND attempts < :most ORDER BY update_id"
    return [(row["update_id"], row["body"]) for row in db.rows(sql, {"most": MOST_ATTEMPTS})]
