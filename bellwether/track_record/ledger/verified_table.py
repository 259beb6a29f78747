"""Rows of the table `marks` that tell when the ledger was proved last, and when it last proved whole."""

from dataclasses import dataclass
from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.db.sql import put

_LOOKED, _WHOLE = "ledger verified", "ledger whole"


@dataclass(frozen=True, slots=True)
class LastProof:
    """What came of the last proof."""

    at: datetime
    whole: bool  #: every row is what was written


def note(db: Connection, now: datetime, *, whole: bool) -> None:
    """The ledger was proved now."""
    names = (_LOOKED, _WHOLE) if whole else (_LOOKED,)
    db.executemany(put("marks", ("name",), ("at",)), [{"name": name, "at": stamp(now)} for name in names])


def last(db: Connection) -> LastProof | None:
    """The last proof; None before the first."""
    sql = "SELECT name, at FROM marks WHERE name IN (:looked, :whole)"
    at = {row["name"]: unstamp(row["at"]) for row in db.rows(sql, {"looked": _LOOKED, "whole": _WHOLE})}
    return LastProof(at[_LOOKED], at.get(_WHOLE) == at[_LOOKED]) if _LOOKED in at else None
