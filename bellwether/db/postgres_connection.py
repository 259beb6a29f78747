"""A connection to PostgreSQL, inside its transaction."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any
from zlib import crc32

import psycopg
from psycopg_pool import ConnectionPool

from bellwether.db import postgres_versions
from bellwether.db.connection import NONE, Connection, Rows, Values
from bellwether.db.postgres_dialect import translated
from bellwether.db.postgres_rows import together

AT_ONCE = 5_000  #: rows of a stream that are fetched together
_OURS = 0x62656C6C  #: "bell": beside other programs' locks in the same database
_streams = count()


class PostgresConnection(Connection):
    """A connection of the pool, for one transaction."""

    def __init__(self, conn: "psycopg.Connection[Any]") -> None:
        """Around the driver's own connection."""
        self.conn = conn
        self._alone: set[str] = set()

    def execute(self, sql: str, values: Values = NONE) -> Rows:
        """Run a statement."""
        came: Rows = self.conn.execute(translated(sql), values)
        return came

    def executemany(self, sql: str, many: Iterable[Values]) -> int:
        """Run a statement that changes rows with each of these values; how many rows in all."""
        statements = together(sql, many)
        if statements is not None:
            return sum(self.conn.execute(statement, columns).rowcount for statement, columns in statements)
        rows = list(many)
        if len(rows) < 2:  # else the driver sends all of them before it waits for the first answer
            return sum(self.conn.execute(translated(sql), values).rowcount for values in rows)
        with self.conn.cursor() as cursor:
            cursor.executemany(translated(sql), rows)
            return max(int(cursor.rowcount), 0)

    def rows(self, sql: str, values: Values = NONE) -> list[dict[str, Any]]:
        """The rows of a query by the names of its columns."""
        cursor = self.conn.execute(translated(sql), values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def stream(self, sql: str, values: Values = NONE) -> Iterator[Any]:
        """The rows of a query, a few at a time."""
        with self.conn.cursor(f"stream_{next(_streams)}") as cursor:
            cursor.itersize = AT_ONCE
            yield from cursor.execute(translated(sql), values)

    def one_at_a_time(self, name: str) -> None:
        """An advisory lock, which the server gives back with the transaction."""
        if name not in self._alone:
            self.conn.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", (_OURS, crc32(name.encode()) - 2**31))
            self._alone.add(name)

    def columns(self) -> dict[str, set[str]]:
        """The tables there are, and the names of their columns."""
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() ORDER BY table_name"
        )
        columns: dict[str, set[str]] = defaultdict(set)
        for table, column in self.conn.execute(sql):
            columns[table].add(column)
        return dict(columns)

    def triggers(self) -> set[str]:
        """The names of the triggers that are in force."""
        sql = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND tgenabled <> 'D' AND relnamespace = current_schema()::regnamespace"
        )
        return {name for (name,) in self.conn.execute(sql)}

    def check_references_last(self) -> None:
        """Look whether rows refer to rows that are there only at the end, so that no order of tables is needed."""
        self.conn.execute("SET CONSTRAINTS ALL DEFERRED")

    def seen(self) -> object:
        """Another value each time: other processes write at any time, and nothing tells of it."""
        return object()

    def version(self) -> str:
        """The newest version of Bellwether that had it open."""
        return postgres_versions.state_of(self.conn).version


def close_apart(pools: "list[ConnectionPool[Any]]") -> None:
    """Close pools from a thread of its own: their threads are waited for, and one of them may be who asks for it."""
    while pools:
        threading.Thread(target=pools.pop().close, args=(0,), daemon=True).start()
