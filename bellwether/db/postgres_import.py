"""Rows of an SQLite file's working copy, copied into a database of PostgreSQL in portions.

tables in the order of their references | after as many rows as the target has: a portion, all of it or nothing | ...

So where a copy was killed needs no note: a table goes on after the rows that are there. The guards of the tables that
are only added to rest within each portion's transaction: what is copied was guarded where it comes from, and the
ledger is proved afterwards.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import psycopg

from bellwether.core.errors import MoveRefused, StoreError
from bellwether.db import copies, sqlite_snapshot, table_rows
from bellwether.db.database import capital
from bellwether.db.postgres_connection import PostgresConnection
from bellwether.db.sqlite_connection import SqliteConnection

ROWS = 20_000  #: of a portion, at most
BYTES = 8_000_000  #: of texts and bytes in a portion, about
TELL_EVERY = 2.0  #: seconds between two lines about the same table
_LOCK = 0x62656C6C00000001  #: "bell": held by the one that copies

Tell = Callable[[str], None]


@contextmanager
def alone(conn: "psycopg.Connection[Any]") -> Iterator[None]:
    """See that nobody else copies into the same database. Raises MoveRefused."""
    (ours,) = conn.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() or (False,)
    if not ours:
        raise MoveRefused("Another process is copying into this database just now.")
    yield  # the connection's end gives it back


def refuse_rows(conn: "psycopg.Connection[Any]", name: str) -> None:
    """Raise MoveRefused where a database has rows of its own."""
    counts = table_rows.counts(PostgresConnection(conn))
    used = [f"{count:,} in {table}" for table, count in counts.items() if count]
    if used:
        raise MoveRefused(
            f"{capital(name)} has rows of its own ({', '.join(used[:3])}), which are never mixed with "
            "those of a file: make an empty one (dropdb and createdb, or another name), and let DATABASE__URL name it."
        )


def empty(conn: "psycopg.Connection[Any]") -> None:
    """Take out the rows of a copy that is begun anew."""
    tables = table_rows.columns_of(PostgresConnection(conn))
    with conn.transaction(), _unguarded(conn, *tables):
        conn.execute(f"TRUNCATE {', '.join(tables)}".encode())


def copy(conn: "psycopg.Connection[Any]", working: Path, key: str, tell: Tell) -> None:
    """Copy every row that is not there yet, and let numbers go on after the highest. Raises MoveRefused, StoreError."""
    texts = sqlite_snapshot.Texts()
    target = PostgresConnection(conn)
    with closing(copies.opened(working, key)) as old:
        source = SqliteConnection(old)
        columns, counts = table_rows.columns_of(source), table_rows.counts(source)
        table_rows.check_same(columns, table_rows.columns_of(target))
        old.text_factory = texts.read
        for name in table_rows.moved(_in_order(conn, columns)):
            done = target.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            table = _Table(name, columns[name], _kinds(conn, name, columns[name]), counts[name])
            rows = sqlite_snapshot.rows_of(old, name, table.columns, done)
            for portion in _portions(rows, table, done, tell):
                _put(conn, table, portion)
    _go_on_counting(conn)
    conn.execute("ANALYZE")
    if texts.changed:
        tell(
            f"{texts.changed:,} texts have a character NUL or are no UTF-8, which PostgreSQL does not keep: they were "
            "copied without it."
        )


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: list[str]
    kinds: list[type]  #: of Python, of these columns' values
    rows: int  #: in the source


@dataclass(frozen=True, slots=True)
class _Portion:
    after: int  #: how many rows stand before it
    rows: list[tuple[Any, ...]]


def _portions(rows: Iterator[tuple[Any, ...]], table: _Table, done: int, tell: Tell) -> Iterator[_Portion]:
    """Rows in portions; whoever asks for the next has kept the one before, which is told now and then."""
    told = time.monotonic()
    while portion := list(_together(rows)):
        yield _Portion(done, portion)
        done += len(portion)
        if done == table.rows or time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            tell(f"{table.name}: {done:,} of {table.rows:,} rows")


def _together(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The next rows, as many as make a portion."""
    size = 0
    for number, row in enumerate(rows, start=1):
        yield row
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if number == ROWS or size > BYTES:
            return


def _put(conn: "psycopg.Connection[Any]", table: _Table, portion: _Portion) -> None:
    """Add a portion, all of it or nothing. Raises StoreError for what a column cannot hold."""
    if _mixed_up(table, portion.rows):
        raise _refusal(table, portion, "text and bytes are mixed up")
    into = f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN".encode()
    try:
        with conn.transaction(), _unguarded(conn, table.name), conn.cursor() as cursor, cursor.copy(into) as writing:
            for row in portion.rows:
                writing.write_row(row)
    except (psycopg.DataError, psycopg.IntegrityError) as problem:
        raise _refusal(table, portion, str(problem).splitlines()[0]) from None


def _mixed_up(table: _Table, rows: list[tuple[Any, ...]]) -> bool:
    """Whether a text stands for bytes or the other way round, which PostgreSQL would not notice."""
    wrong = {str: bytes, bytes: str}
    looked_at = [(place, wrong[kind]) for place, kind in enumerate(table.kinds) if kind in wrong]
    return any(isinstance(row[place], kind) for row in rows for place, kind in looked_at)


def _refusal(table: _Table, portion: _Portion, why: str) -> StoreError:
    first, last = portion.after + 1, portion.after + len(portion.rows)
    return StoreError(
        f"Of the table {table.name} one of the rows {first:,} to {last:,} holds what its column cannot: {why}. "
        "Mend it in the file, and run this again."
    )


@contextmanager
def _unguarded(conn: "psycopg.Connection[Any]", *tables: str) -> Iterator[None]:
    """Let the guards of tables rest within a transaction."""
    for table in tables:
        conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
    yield
    for table in tables:
        conn.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())


def _in_order(conn: "psycopg.Connection[Any]", tables: dict[str, list[str]]) -> list[str]:
    """The tables, those that others refer to before these."""
    references = conn.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
    )
    order: TopologicalSorter[str] = TopologicalSorter({table: set() for table in tables})
    for table, other in references:
        order.add(table, other)
    return list(order.static_order())


def _kinds(conn: "psycopg.Connection[Any]", table: str, columns: list[str]) -> list[type]:
    """Of which type of Python the values of columns are: `str`, `bytes`, or another."""
    types = dict(
        conn.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = %s",
            (table,),
        ).fetchall()
    )
    return [{"text": str, "bytea": bytes}.get(types[name], float) for name in columns]


def _go_on_counting(conn: "psycopg.Connection[Any]") -> None:
    """Let numbers that the database gives go on after the highest that is there."""
    numbered = conn.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND is_identity = 'YES'"
    ).fetchall()
    for table, column in numbered:
        conn.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}"
            f" HAVING max({column}) IS NOT NULL".encode()
        )
