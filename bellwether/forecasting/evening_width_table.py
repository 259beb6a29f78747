"""The table `evening_widths`: by how much ranges are stretched, a row for each source, model and session.

The numbers are kept as JSON with what they were made of: of the model and of the plain rule x by head, the stocks of
that session and the share of their returns outside, by head.
"""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np

from bellwether.core.calibration import EveningWidth
from bellwether.core.types import to_date
from bellwether.db.connection import Connection
from bellwether.db.sql import insert_new
from bellwether.forecasting.evening_width import Learned, width_of

_EPOCH = np.datetime64(0, "D")


def add(db: Connection, source: str, model_id: str, session: date, model: Learned, plain: Learned) -> None:
    """Enter an evening; what was entered stays until it is forgotten."""
    numbers = json.dumps({"model": asdict(model), "plain": asdict(plain)})
    db.execute(
        insert_new("evening_widths", ("source", "model_id", "session", "numbers")),
        {"source": source, "model_id": model_id, "session": _days(session), "numbers": numbers},
    )


def forget(db: Connection, source: str, first: date) -> None:
    """Forget the evenings of every model from a session on: what they were made of has been replaced."""
    sql = "DELETE FROM evening_widths WHERE source = :source AND session >= :first"
    db.execute(sql, {"source": source, "first": _days(first)})


def newest(db: Connection, source: str, model_id: str, until: date) -> EveningWidth | None:
    """The newest evening up to the session `until`; None where there is none."""
    learned = newest_learned(db, source, model_id, until)
    return None if learned is None else width_of(*learned)


def newest_learned(db: Connection, source: str, model_id: str, until: date) -> tuple[date, Learned, Learned] | None:
    """The same with what it was made of: the session, and what was learned of the model and of the plain rule."""
    row = db.execute(
        "SELECT session, numbers FROM evening_widths WHERE source = :source AND model_id = :model_id"
        " AND session <= :until ORDER BY session DESC LIMIT 1",
        {"source": source, "model_id": model_id, "until": _days(until)},
    ).fetchone()
    if row is None:
        return None
    numbers = json.loads(row[1])
    return to_date(_EPOCH + row[0]), _learned(numbers["model"]), _learned(numbers["plain"])


def _learned(kept: dict[str, Any]) -> Learned:
    return Learned(tuple(kept["x"]), int(kept["stocks"]), tuple(kept["outside"]))


def _days(session: date) -> int:
    return int((np.datetime64(session) - _EPOCH).astype(np.int64))
