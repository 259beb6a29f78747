"""Where rows are kept: what every kind of database does for those who use it, and how values stand in its tables.

Times are kept as ISO 8601 text in UTC with microseconds, so that text order is time order.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeVar

from bellwether.db.connection import Connection

_T = TypeVar("_T")


class Store(ABC):
    """A database, opened when it is first needed, so that a forecast needs none at all."""

    folder: Path  #: where this host keeps what belongs to it
    name: str  #: as people know it; no secret is in it
    owes_empty_log: bool  #: an erasure, perhaps of an earlier process, may have left something behind

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction that may write: all of the block is kept, or none of it.

        Raises StoreError, saying what to do, when the database cannot be used.
        """

    def repeated(self, work: Callable[[Connection], _T]) -> _T:
        """Do some work in such a transaction, and anew where the database gives it up for another's sake.

        The work only reads and writes rows, so that it may be done again. Raises StoreError.
        """
        with self.transaction() as db:
            return work(db)

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for reading one consistent state without holding up a writer."""

    @abstractmethod
    def glance(self) -> AbstractContextManager[Connection]:
        """A connection for one query alone, which sees one state by itself; a second one may see another.

        On PostgreSQL that is one way to the server and back, where `reading` takes three.
        """

    def check_space(self, *, by_writing: bool = False) -> None:  # noqa: B027  # a server's disk is not seen from here
        """See whether what is written next has room, as far as that can be seen from here. Raises StoreError.

        `by_writing` also writes a file for a moment, which a quota may forbid.
        """

    @abstractmethod
    def check(self) -> None:
        """See that it is to be used as it is, as far as it can be reached. Changes nothing. Raises ConfigError."""

    @abstractmethod
    def prepare(self) -> None:
        """Bring it up to this version, if it is there. Raises ConfigError when it is not to be used as it is.

        With other troubles everything but the database goes on.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all connections; the next use opens a new one."""

    @abstractmethod
    def relax(self) -> None:
        """Let what this thread writes from now on survive a kill, but not surely a power cut: it need not wait then.

        Raises StoreError.
        """

    @abstractmethod
    def compact(self) -> None:
        """Leave nothing of deleted rows behind, as far as that is ours to do. Raises StoreError."""

    @abstractmethod
    def empty_log(self, patience: float = 0.1) -> bool:
        """Do what `compact` could not; False while somebody is in the way. Raises StoreError.

        `patience` is for how many seconds others are waited for.
        """

    @abstractmethod
    def beside(self, name: str) -> Path:
        """The file of that name which belongs to this database."""

    @abstractmethod
    def size(self) -> int:
        """How many bytes it takes; 0 where there is none. Raises StoreError."""


def capital(name: str) -> str:
    """The name of a database where it begins a sentence."""
    return f"{name[0].upper()}{name[1:]}"


def stamp(instant: datetime) -> str:
    """An aware instant as the text kept in the tables. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("a timezone-aware datetime is required")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def unstamp(text: str) -> datetime:
    """The instant behind a stored text."""
    return datetime.fromisoformat(text)


def stamp_or_none(instant: datetime | None) -> str | None:
    """The same; None stays None."""
    return None if instant is None else stamp(instant)


def unstamp_or_none(text: str | None) -> datetime | None:
    """The same; None and an empty text are None."""
    return unstamp(text) if text else None


def column(value: object) -> object:
    """A value as the tables keep it: instants and days as text, members of enums by their values."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def is_recent(at: datetime, now: datetime, within: timedelta) -> bool:
    """Whether something happened less than so long ago. What lies ahead did not: a clock was wrong when it was kept."""
    return timedelta(0) <= now - at < within


def try_write(db: Connection) -> None:
    """A write that changes nothing: raises what SQLite raises where the file cannot be written at all."""
    db.execute("UPDATE chats SET paused = paused WHERE 1 = 0")
