"""A connection inside its transaction: what `Store` hands out, and the modules of the tables work with.

Values are named in the SQL as `:name`, and given as a mapping. A list is a value like any other: see `db.sql`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

Values = Mapping[str, object]
NONE: Values = {}


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


class Connection(ABC):
    """An open database, of whatever kind."""

    conn: Any  #: the driver's own connection

    @abstractmethod
    def execute(self, sql: str, values: Values = NONE) -> Rows:
        """Run a statement."""

    @abstractmethod
    def executemany(self, sql: str, many: Iterable[Values]) -> int:
        """Run a statement that changes rows with each of these values; how many rows in all."""

    @abstractmethod
    def rows(self, sql: str, values: Values = NONE) -> list[dict[str, Any]]:
        """The rows of a query by the names of its columns."""

    def first_row(self, sql: str, values: Values = NONE) -> dict[str, Any] | None:
        """The first row of a query; None where there is none."""
        return next(iter(self.rows(sql, values)), None)

    @abstractmethod
    def stream(self, sql: str, values: Values = NONE) -> Iterator[Any]:
        """The rows of a query that may have a million, a few at a time; within this transaction."""

    @abstractmethod
    def one_at_a_time(self, name: str) -> None:
        """Let nobody else past this point of that name until the transaction ends: where order is the point.

        Whoever comes later sees what was written before.
        """

    @abstractmethod
    def columns(self) -> dict[str, set[str]]:
        """The tables there are, and the names of their columns."""

    @abstractmethod
    def triggers(self) -> set[str]:
        """The names of the triggers."""

    @abstractmethod
    def check_references_last(self) -> None:
        """Look whether rows refer to rows that are there only at the end, so that no order of tables is needed."""

    @abstractmethod
    def seen(self) -> object:
        """What is another value once anybody else may have written."""

    @abstractmethod
    def version(self) -> str:
        """The newest version of Bellwether that had it open."""
