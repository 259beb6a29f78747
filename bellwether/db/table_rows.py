"""How much the tables of a database hold, of either kind, and which of them are copied to the other kind."""

from collections.abc import Iterable

from bellwether.core.errors import MoveRefused
from bellwether.db.connection import Connection

#: what processes say of themselves: those that start on the copy say it anew
OF_PROCESSES = frozenset({"leases", "hosts", "senders"})


def columns_of(db: Connection) -> dict[str, list[str]]:
    """The tables that have rows of the service, and their columns."""
    return {table: sorted(names) for table, names in db.columns().items() if not _is_bookkeeping(table)}


def counts(db: Connection) -> dict[str, int]:
    """How many rows each of these tables has."""
    return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in columns_of(db)}


def check_same(source: dict[str, list[str]], target: dict[str, list[str]]) -> None:
    """See that both have the same tables and columns. Raises MoveRefused."""
    for table in sorted(source.keys() | target.keys()):
        here, there = set(source.get(table, ())), set(target.get(table, ()))
        if here != there:
            differing = ", ".join(sorted(here ^ there))
            raise MoveRefused(f"The table {table} is not the same in both databases ({differing}): nothing was copied.")


def moved(tables: Iterable[str]) -> list[str]:
    """Those whose rows are copied."""
    return [table for table in tables if table not in OF_PROCESSES]


def _is_bookkeeping(table: str) -> bool:
    return table.startswith(("sqlite_", "_sqlite_", "bellwether_"))
