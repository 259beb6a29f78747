"""The table `hosts`: the processes that serve now, and what each is made of, so that what differs can be named."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.hosts.parts import ServicePart, named, parts_of
from bellwether.hosts.process_name import ProcessName

FORGOTTEN = timedelta(minutes=5)  #: without a beat


@dataclass(frozen=True, slots=True)
class ServingProcess:
    """A process that serves, as it told of itself."""

    name: ProcessName
    parts: frozenset[ServicePart]
    version: str
    settings: dict[str, str]  #: a mark of each value that all hosts should have alike
    models: dict[str, str]
    beat_at: datetime


def tell(db: Connection, process: ServingProcess) -> None:
    """Say that it serves, and what it is made of; forget who has not said so for a while."""
    db.execute(
        "INSERT INTO hosts (name, parts, version, settings, models, beat_at)"
        " VALUES (:name, :parts, :version, :settings, :models, :beat_at)"
        " ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at",
        {
            "name": process.name,
            "parts": named(process.parts),
            "version": process.version,
            "settings": json.dumps(process.settings),
            "models": json.dumps(process.models),
            "beat_at": stamp(process.beat_at),
        },
    )
    # by this host's clock: another whose clock is far behind is forgotten, and tells of itself again
    db.execute("DELETE FROM hosts WHERE beat_at < :before", {"before": stamp(process.beat_at - FORGOTTEN)})


def forget(db: Connection, name: ProcessName) -> None:
    """It serves no more."""
    db.execute("DELETE FROM hosts WHERE name = :name", {"name": name})


def serving(db: Connection) -> list[ServingProcess]:
    """All that told of themselves and were not forgotten, by name."""
    return [
        ServingProcess(
            ProcessName(row["name"]),
            parts_of(row["parts"]),
            row["version"],
            json.loads(row["settings"]),
            json.loads(row["models"]),
            unstamp(row["beat_at"]),
        )
        for row in db.rows("SELECT * FROM hosts ORDER BY name")
    ]
