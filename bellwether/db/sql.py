"""Pieces of SQL that stand in many statements. A value is named as its column is."""

from collections.abc import Iterable

#: Ends of a SELECT that keeps its rows as they are until the transaction ends. SQLite, where only one may write, reads
#: these as remarks; `db.postgres_dialect` has PostgreSQL obey them.
UNCHANGED = " /* FOR UPDATE */"  #: nobody else changes them
ALONE = " /* FOR NO KEY UPDATE */"  #: nobody else changes them, but rows may be added that refer to them
STANDING = " /* FOR SHARE */"  #: nobody changes them, but others may lock them so too
PRESENT = " /* FOR KEY SHARE */"  #: nobody deletes them
FREE = " /* FOR UPDATE SKIP LOCKED */"  #: as UNCHANGED, without those that somebody else keeps so just now
#: ends an EXISTS that PostgreSQL is to look up for one row after the other, not to join with all rows at once
LOOKED_UP = "LIMIT 1 OFFSET 0"
EVERYTHING = 2**63 - 1  #: a LIMIT that limits nothing, where one is wanted before an OFFSET


def insert(table: str, columns: Iterable[str]) -> str:
    """Add a row."""
    names = tuple(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"


def insert_new(table: str, columns: Iterable[str]) -> str:
    """Add a row, unless one with a key of its own is there."""
    return f"{insert(table, columns)} ON CONFLICT DO NOTHING"


def put(table: str, key: Iterable[str], columns: Iterable[str]) -> str:
    """Add a row, or change `columns` of the one that has its key."""
    keys, changed = tuple(key), tuple(columns)
    anew = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return f"{insert(table, (*keys, *changed))} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {anew}"


def one_of(column: str, name: str) -> str:
    """Whether a column is in the list of that name."""
    return f"{column} IN (SELECT value FROM json_each(:{name}))"


def none_of(column: str, name: str) -> str:
    """Whether a column is not in the list of that name."""
    return f"{column} NOT IN (SELECT value FROM json_each(:{name}))"
