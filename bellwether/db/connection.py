"""A connection inside its transaction: what `Store` hands out, and the modules of the tables work with.

Values are named in the SQL as `:name`, and given as a mapping. A list is a value like any other: see `db.sql`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

Values = Mapping[str, object]
_NONE: Values = {}


class Rows(Protocol):
    """What came of a statement: its rows, plain tuples, and how many it read or changed."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left, one after the other."""
        ...


class Connection:
    """An open SQLite database."""

    def __init__(self, conn: Any) -> None:
        """Around the driver's own connection."""
        self.conn = conn

    def execute(self, sql: str, values: Values = _NONE) -> Rows:
        """Run a statement."""
        came: Rows = self.conn.execute(sql, values)
        return came

    def executemany(self, sql: str, many: Iterable[Values]) -> int:
        """Run a statement that changes rows with each of these values; how many rows in all."""
        return int(self.conn.executemany(sql, many).rowcount)

    def rows(self, sql: str, values: Values = _NONE) -> list[dict[str, Any]]:
        """The rows of a query by the names of its columns."""
        cursor = self.conn.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def first_row(self, sql: str, values: Values = _NONE) -> dict[str, Any] | None:
        """The first row of a query; None where there is none."""
        return next(iter(self.rows(sql, values)), None)

    def columns(self) -> dict[str, set[str]]:
        """The tables there are, and the names of their columns."""
        sql = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        columns: dict[str, set[str]] = defaultdict(set)
        for table, column in self.execute(f"{sql} ORDER BY m.name"):
            columns[table].add(column)
        return dict(columns)

    def triggers(self) -> set[str]:
        """The names of the triggers."""
        return {name for (name,) in self.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}

    def check_references_last(self) -> None:
        """Look whether rows refer to rows that are there only at the end, so that no order of tables is needed."""
        self.execute("PRAGMA defer_foreign_keys = ON")

    def seen(self) -> object:
        """What is another value once anybody else has written."""
        (version,) = self.execute("PRAGMA data_version").fetchone()
        return self.conn, version
