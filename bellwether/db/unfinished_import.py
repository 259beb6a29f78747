"""The note in a database of PostgreSQL that an SQLite file is being copied into it.

Its table is there for as long as the copy is not whole. Meanwhile no service uses the database.
"""

from dataclasses import dataclass
from typing import Any

from bellwether.core.errors import UnfinishedImport
from bellwether.core.places import COMMAND
from bellwether.db.database import capital

_TABLE = "bellwether_import"


@dataclass(frozen=True, slots=True)
class Begun:
    """A copy that was begun."""

    source: str  #: the file's path
    began_at: str  #: of which moment the copy is
    token: str  #: stands in the working copy, too
    version: str  #: of Bellwether
    state: str  #: how the file looked when it had been read; "" where somebody wrote to it just then


def refuse(conn: Any, name: str) -> None:
    """Raise UnfinishedImport where a copy was begun and is not whole, and the driver's errors."""
    begun = read(conn)
    if begun is not None:
        raise UnfinishedImport(
            f"{capital(name)} holds only a part of {begun.source}: run `{COMMAND} database import-sqlite` "
            "again, which goes on with it, or make an empty database."
        )


def read(conn: Any) -> Begun | None:
    """The copy that was begun; None where there is none, or it was ended. Raises the driver's errors."""
    (there,) = conn.execute(f"SELECT to_regclass('{_TABLE}') IS NOT NULL").fetchone()
    if not there:
        return None
    row = conn.execute(f"SELECT source, began_at, token, version, state FROM {_TABLE}").fetchone()
    return Begun(*row) if row else None


def note(conn: Any, begun: Begun) -> None:
    """Note that a copy is begun."""
    with conn.transaction():
        conn.execute(
            f"CREATE TABLE {_TABLE} (source TEXT NOT NULL, began_at TEXT NOT NULL, token TEXT NOT NULL,"
            " version TEXT NOT NULL, state TEXT NOT NULL)"
        )
        values = (begun.source, begun.began_at, begun.token, begun.version, begun.state)
        conn.execute(f"INSERT INTO {_TABLE} VALUES (%s, %s, %s, %s, %s)", values)


def end(conn: Any) -> None:
    """The copy is whole: from now on the database is used."""
    conn.execute(f"DROP TABLE IF EXISTS {_TABLE}")


def why_anew(begun: Begun, now: Begun, *, source_in_use: bool) -> str:
    """Why a copy is begun anew and does not go on; empty where it goes on.

    `now` is what would be noted today: the token of the working copy that lies there, and how the file looks. Where a
    service uses the file a copy is of one moment anyhow, and that moment may as well be the one of before.
    """
    if begun.source != now.source:
        return f"what was begun was a copy of {begun.source}"
    if begun.version != now.version:
        return f"it was begun by Bellwether {begun.version}"
    if begun.token != now.token:
        return "its working copy is not on this machine any more"
    if not source_in_use and (not begun.state or begun.state != now.state):
        return f"{now.source} was written to since"
    return ""
