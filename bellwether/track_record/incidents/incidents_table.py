"""The tables `incidents` and `incident_ends`: what was announced, and when it was over; and the daily record behind it.

Rows of both are added and never changed, which the database itself refuses. They follow from `score_sums`, so a run
that was missed is made up for.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from bellwether.core.incident import IncidentKind
from bellwether.db.connection import Connection
from bellwether.db.database import stamp
from bellwether.db.sql import insert_new
from bellwether.track_record.incidents.types import Incident
from bellwether.track_record.ledger.ledger_table import from_days, to_days

_SELECT = (
    "SELECT kind, first_session, announced, lately, coalesce(depth, lately), ended FROM incidents"
    " LEFT JOIN incident_ends ON incident_ends.id = incidents.id"
)


def announce(db: Connection, incident: Incident, now: datetime) -> bool:
    """Enter one that begins. False where it is there already."""
    columns = ("id", "kind", "first_session", "announced", "lately", "noted_at")
    values = {
        "id": incident.id,
        "kind": incident.kind.value,
        "first_session": to_days(incident.first),
        "announced": to_days(incident.announced),
        "lately": incident.lately,
        "noted_at": stamp(now),
    }
    return db.execute(insert_new("incidents", columns), values).rowcount == 1


def end(db: Connection, incident: Incident, now: datetime) -> bool:
    """Enter the end of one. False where it is there already. Raises ValueError for one that goes on."""
    if incident.ended is None:
        raise ValueError("the incident has not ended")
    values = {
        "id": incident.id,
        "ended": to_days(incident.ended),
        "depth": incident.depth,
        "noted_at": stamp(now),
    }
    return db.execute(insert_new("incident_ends", tuple(values)), values).rowcount == 1


def newest(db: Connection) -> Incident | None:
    """The last one that was announced; None where none ever was."""
    row = db.execute(f"{_SELECT} ORDER BY announced DESC LIMIT 1").fetchone()
    return _incident(row) if row is not None else None


def every(db: Connection) -> list[Incident]:
    """All of them, the oldest first."""
    return [_incident(row) for row in db.execute(f"{_SELECT} ORDER BY announced")]


def daily_counts(db: Connection, since: date | None = None) -> list[tuple[date, int, int, int]]:
    """(cutoff, issued, with an outcome, of these held) of shown one-session ranges, by cutoff.

    Those that will never have an outcome are not counted as issued.
    """
    rows = db.execute(
        "SELECT cutoff, sum(issued - lost), sum(forecasts), sum(inside_80) FROM score_sums"
        " WHERE horizon = 1 AND shown = 1 AND cutoff >= :since GROUP BY cutoff ORDER BY cutoff",
        {"since": to_days(since or date.min)},
    )
    return [(from_days(cutoff), int(issued), round(of), round(held)) for cutoff, issued, of, held in rows]


def _incident(row: Sequence[Any]) -> Incident:
    kind, first, announced, lately, depth, ended = row
    return Incident(
        IncidentKind(kind),
        from_days(first),
        from_days(announced),
        lately,
        depth,
        from_days(ended) if ended is not None else None,
    )
