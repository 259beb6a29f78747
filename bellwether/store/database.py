"""The SQLite file: opening it, its migrations, and one connection for each thread.

Times are kept as ISO 8601 text in UTC with microseconds, so that text order is time order.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bellwether.errors import StoreError
from bellwether.store.migrations import migrations

BUSY_TIMEOUT = 10  #: seconds to wait for another writer before giving up


class Store:
    """Opens the file when it is first needed, so that a forecast needs no database at all."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self.path = path
        self._local = threading.local()
        self._migrated = False
        self._migrating = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """This thread's connection, in a transaction: all of the block is kept, or none of it.

        Raises StoreError, saying what to do, when the file cannot be used.
        """
        try:
            db = self._connection()
            with db.atomic():
                yield db
        except (sqlite3.Error, OSError) as problem:
            raise StoreError(_explain(self.path, problem)) from problem

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "db", None)
        if connection is not None:
            connection.conn.close()
            self._local.db = None

    def _connection(self) -> Database:
        db: Database | None = getattr(self._local, "db", None)
        if db is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # isolation_level None: transactions begin where we say so, not where the driver guesses
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
            db = Database(connection, execute_plugins=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # an update confirmed to Telegram must survive a power cut
            connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(db)
            self._local.db = db
        return db

    def _migrate(self, db: Database) -> None:
        with self._migrating:
            if self._migrated:
                return
            db.conn.execute("BEGIN IMMEDIATE")  # of two processes starting together, one migrates and one waits
            try:
                migrations.apply(db)
                db.conn.execute("COMMIT")
            except BaseException:
                db.conn.execute("ROLLBACK")
                raise
            self._migrated = True


def stamp(instant: datetime) -> str:
    """An aware instant as the text kept in the tables. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("a timezone-aware datetime is required")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def unstamp(text: str) -> datetime:
    """The instant behind a stored text."""
    return datetime.fromisoformat(text)


def rows(db: Database, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of one query as plain dicts."""
    cursor = db.conn.execute(sql, parameters or {})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _explain(path: Path, problem: Exception) -> str:
    text = str(problem).lower()
    if "readonly" in text or "read-only" in text or isinstance(problem, PermissionError):
        return f"The database {path} is read-only: give the service the right to write to it and its folder."
    if "unable to open" in text or isinstance(problem, OSError):
        return f"The database {path} cannot be opened: check that its folder exists and can be written to."
    if "locked" in text:
        return f"The database {path} is locked by another program; it will be tried again."
    if "not a database" in text or "malformed" in text:
        return f"The file {path} is not a healthy database; restore a backup or move it away."
    return f"The database {path} does not work: {problem}."
