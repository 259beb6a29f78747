"""Rows of a database of PostgreSQL as they are at one moment, copied into a new SQLite file.

tables of a new file | rows of each table | guards again | is it whole? | in its place, at once

A copy that is killed leaves nothing but a draft, which the next one deletes: there is nothing to go on with, for the
server forgets the moment that was read.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bellwether.core.errors import BackupRefused, MoveRefused
from bellwether.db import copies, encryption, table_rows
from bellwether.db.postgres_connection import PostgresConnection
from bellwether.db.postgres_store import PostgresStore
from bellwether.db.sqlite_connection import SqliteConnection
from bellwether.db.sqlite_store import SqliteStore

Tell = Callable[[str], None]


@contextmanager
def moment_of(store: PostgresStore) -> Iterator[tuple[PostgresConnection, str]]:
    """A connection that reads one moment for as long as it takes, and the name by which others read the same."""
    with store.apart() as conn:
        conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = conn.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        yield PostgresConnection(conn), str(snapshot)


def refuse(path: Path) -> None:
    """Raise MoveRefused for a name that a new file cannot have."""
    for end in ("", *copies.SIDE_FILES):
        file = path.with_name(path.name + end)
        if file.exists():
            raise MoveRefused(f"{file} exists; please name a file that does not.")


def write(db: PostgresConnection, draft: Path, key: str, tell: Tell) -> None:
    """Write all rows into an empty file. Raises MoveRefused, StoreError and the driver's errors."""
    made = SqliteStore(draft, key)
    with made.transaction():
        pass
    made.close()
    with closing(encryption.connect(draft, key, isolation_level=None)) as conn:
        target = SqliteConnection(conn)
        conn.execute("PRAGMA journal_mode = DELETE")
        columns, counts = table_rows.columns_of(target), table_rows.counts(db)
        table_rows.check_same(columns, table_rows.columns_of(db))
        conn.execute("BEGIN EXCLUSIVE")
        guards = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            conn.execute(f"DROP TRIGGER {name}")
        for table in table_rows.moved(columns):
            _copy(db, conn, table, columns[table])
            if counts[table]:
                tell(f"{table}: {counts[table]:,} rows")
        for _, sql in guards:
            conn.execute(sql)
        conn.execute("COMMIT")
    try:
        copies.check_whole(draft, key)
    except BackupRefused as problem:
        raise MoveRefused(problem.for_operator) from None


def _copy(db: PostgresConnection, conn: Any, table: str, columns: list[str]) -> None:
    names = ", ".join(columns)
    places = ", ".join("?" * len(columns))
    rows = db.stream(f"SELECT {names} FROM {table}")
    conn.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)
