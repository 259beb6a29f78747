"""The kinds of database that something is measured on: a file, and a server of PostgreSQL with its usual settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support import postgres


def file_in(folder: Path, name: str) -> dict[str, Any]:
    """The settings of a database in a file."""
    return {"path": folder / f"{name}.sqlite3"}


@contextmanager
def of_postgres(folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of a new database on a new server, which waits for its disk at every commit. Raises NoServer."""
    server = postgres.Server(shipped=True)
    try:
        yield {"url": server.url(server.new()), "path": folder / "unused.sqlite3"}
    finally:
        server.remove()
