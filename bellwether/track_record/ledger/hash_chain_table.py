"""A hash chain in a table: rows that are only added, each with the hash of the one before it in its own.

Rows are numbered from 1 without a gap. The hash of a row is sha256(hash of the row before, canonical content), so that
none can be edited, removed, added between or put elsewhere without changing every hash after it. Triggers of the
database refuse UPDATE and DELETE besides.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.sql import insert, one_of

START = bytes(32)  #: stands where the first row has no hash before it


@dataclass(frozen=True, slots=True)
class Head:
    """How many rows there are, and the hash of the last: whoever knows it can tell that none before was changed."""

    rows: int
    hash: bytes

    def __str__(self) -> str:
        """ "120:9f86d0..."."""
        return f"{self.rows}:{self.hash.hex()}"


NOTHING = Head(0, START)  #: where a chain without rows ends


def link(before: bytes, content: bytes) -> bytes:
    """The hash of a row, from the hash before it and its canonical content."""
    return hashlib.sha256(before + content).digest()


@dataclass(frozen=True, slots=True)
class HashChain:
    """One such table."""

    table: str
    columns: tuple[str, ...]  #: what is proved, the row's number first; the column `hash` comes after them
    content: Callable[[Sequence[Any]], bytes]  #: the canonical content of a row's `columns`

    def begin(self, db: Connection) -> None:
        """Let nobody else add rows until the transaction ends: before what is to be added is decided."""
        db.one_at_a_time(f"rows of {self.table}")

    def append(self, db: Connection, rows: Iterable[Sequence[Any]], **beside: Sequence[Any]) -> int:
        """Add rows, given without number and hash; the first one's number. In a transaction that may write.

        `beside` are columns that stand beside what is proved, a value for each row.
        """
        self.begin(db)
        last = self.head(db)
        linked = self.linked(last, rows)
        names = (*self.columns, "hash", *beside)
        whole = [
            dict(zip(names, (*row, *more), strict=True)) for row, *more in zip(linked, *beside.values(), strict=True)
        ]
        db.executemany(insert(self.table, names), whole)
        return last.rows + 1

    def linked(self, last: Head, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Rows, given without number and hash, as they come after the last one."""
        number, before = last.rows, last.hash
        linked = []
        for fields in rows:
            number += 1
            numbered = (number, *fields)
            before = link(before, self.content(numbered))
            linked.append((*numbered, before))
        return linked

    def known_among(self, db: Connection, forecast_ids: Iterable[str]) -> set[str]:
        """Those of the ids that have a row."""
        sql = f"SELECT forecast_id FROM {self.table} WHERE {one_of('forecast_id', 'ids')}"
        return {known for (known,) in db.execute(sql, {"ids": list(forecast_ids)})}

    def head(self, db: Connection) -> Head:
        """The last row's number and hash."""
        key = self.columns[0]
        row = db.execute(f"SELECT {key}, hash FROM {self.table} ORDER BY {key} DESC LIMIT 1").fetchone()
        return Head(*row) if row else NOTHING

    def hash_at(self, db: Connection, number: int) -> bytes | None:
        """The hash of a row; START before the first, None where there is no such row."""
        if number == 0:
            return START
        sql = f"SELECT hash FROM {self.table} WHERE {self.columns[0]} = :number"
        row = db.execute(sql, {"number": number}).fetchone()
        return row[0] if row else None

    def every_row(self, db: Connection) -> Iterator[tuple[Any, ...]]:
        """All rows in their order: `columns`, then the hash."""
        return db.stream(f"SELECT {', '.join(self.columns)}, hash FROM {self.table} ORDER BY {self.columns[0]}")

    def page(self, db: Connection, after: int, limit: int) -> list[tuple[Any, ...]]:
        """At most `limit` rows after the row of that number, in their order: `columns`, then the hash."""
        key = self.columns[0]
        sql = (
            f"SELECT {', '.join(self.columns)}, hash FROM {self.table} WHERE {key} > :after ORDER BY {key} LIMIT :limit"
        )
        return [tuple(row) for row in db.execute(sql, {"after": after, "limit": limit})]


def heads(db: Connection, chains: Mapping[str, HashChain]) -> dict[str, Head]:
    """Where several chains end, by their names, in one look."""
    last = (
        f"SELECT * FROM (SELECT '{name}', {chain.columns[0]}, hash FROM {chain.table}"
        f" ORDER BY {chain.columns[0]} DESC LIMIT 1) AS {name}"
        for name, chain in chains.items()
    )
    ends = {name: Head(number, hashed) for name, number, hashed in db.execute(" UNION ALL ".join(last))}
    return {name: ends.get(name, NOTHING) for name in chains}


def hashes_at(db: Connection, rows: Mapping[str, tuple[HashChain, int]]) -> dict[str, bytes | None]:
    """The hash of a row of several chains each, as `HashChain.hash_at`, in one look."""
    each = (
        f"SELECT '{name}', hash FROM {chain.table} WHERE {chain.columns[0]} = :{name}"
        for name, (chain, _) in rows.items()
    )
    there = dict(db.execute(" UNION ALL ".join(each), {name: number for name, (_, number) in rows.items()}))
    return {name: there.get(name) if number else START for name, (_, number) in rows.items()}
