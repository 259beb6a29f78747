"""Which version of Bellwether a database is of.

A database knows the migrations that it went through, by name, and in `PRAGMA user_version` the newest version that had
it open: 0.2.0 is 2000. Versions that noted none all called themselves 0.1.0. What decides is the names: a version
without new migrations may be taken back.
"""

import re
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils import Database

from bellwether import __version__
from bellwether.core.errors import StoreError, WrongKey
from bellwether.db import encryption
from bellwether.db.migrations import migrations

_FIRST = "0.1.0"  #: what every version called itself that did not note its own


class State(NamedTuple):
    """What a database went through."""

    names: frozenset[str]  #: of its migrations
    number: int  #: of the newest version that had it open; 0 where none was noted
    tables: int  #: how many there are; 0 is a database that is only just made

    @property
    def version(self) -> str:
        """The version, as people write it."""
        return text_of(self.number) if self.number else _FIRST

    @property
    def of_bellwether(self) -> bool:
        """Whether Bellwether made it."""
        return bool(self.names & _KNOWN)

    @property
    def unknown(self) -> list[str]:
        """Migrations that this version does not know: a newer one made them."""
        return sorted(self.names - _KNOWN)

    @property
    def due(self) -> bool:
        """Whether migrations are waiting to be run."""
        return not self.names >= _KNOWN


def number_of(version: str) -> int:
    """A version as the number that is kept: "0.2.0" and "0.2.0rc1" are 2000."""
    parts = [int(part) for part in re.findall(r"\d+", version)[:3]]
    major, minor, patch = parts + [0] * (3 - len(parts))
    return (major * 1000 + minor) * 1000 + patch


def text_of(number: int) -> str:
    """The version behind a number that is kept."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def _known() -> frozenset[str]:
    """The migrations that this version knows: to a new database all are waiting."""
    with closing(Database(memory=True, execute_plugins=False)) as db:
        return frozenset(migration.name for migration in migrations.pending(db))


_KNOWN = _known()
THIS_VERSION = number_of(__version__)


def number_in(connection: Any) -> int:
    """The number of the newest version that had it open."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def state_of(connection: Any) -> State:
    """What an open database went through. Raises the driver's errors."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    applied = connection.execute("SELECT name FROM _sqlite_migrations") if "_sqlite_migrations" in tables else ()
    return State(frozenset(name for (name,) in applied), number_in(connection), len(tables))


def state_in(path: Path, key: str) -> State | None:
    """The same of a file, which is not changed by it; None where there is none, or it cannot be read.

    Raises WrongKey.
    """
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), StoreError, OSError)
    options = {"timeout": encryption.BUSY_TIMEOUT, "isolation_level": None}
    try:
        if not path.is_file() or path.stat().st_size == 0:
            return None
        mode = "ro" if has_log(path) else "rw"
        with closing(encryption.connect(path, key, mode, **options)) as connection:
            return state_of(connection)
    except WrongKey:
        raise
    except troubles:
        return None


def has_log(path: Path) -> bool:
    """Whether something is in the log beside it: the last to close a database takes that into the file.

    One that may only read leaves it alone.
    """
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0
