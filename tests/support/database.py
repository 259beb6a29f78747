"""Databases that are new, and made in a moment: a copy of one that went through every migration.

Tests that ask for their databases here run on each kind: see `database_kind` in conftest.py.
"""

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg

from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.db.postgres_store import PostgresStore
from bellwether.db.sqlite_store import SqliteStore
from tests.support import postgres
from tests.support.spare_databases import SpareDatabases

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool


class Kind:
    """Which kind of database the test that runs is on."""

    postgres = False
    making = threading.Lock()
    by_path: ClassVar[dict[Path, str]] = {}  #: names of databases of PostgreSQL, where a file would be
    opened: ClassVar[list["StoreOfTest"]] = []


class StoreOfTest(PostgresStore):
    """Stays closed when its test is over: a thread that goes on is not to write into what the next test has."""

    _over = False

    def _open(self) -> "ConnectionPool[Any]":
        if self._over:
            raise StoreError("the test is over")
        return super()._open()

    def end(self) -> None:
        """Its test is over."""
        self._over = True
        self.close()


def store_at(path: Path) -> Store:
    """The database at a path, of the kind that the test is on; without tables until it is used."""
    return of_postgres(path) if Kind.postgres else SqliteStore(path)


def of_postgres(path: Path) -> PostgresStore:
    """The database of PostgreSQL that stands for the one at a path."""
    with Kind.making:
        if path not in Kind.by_path:
            Kind.by_path[path] = _spare_databases().take()
    path.parent.mkdir(parents=True, exist_ok=True)
    store = StoreOfTest(postgres.server().url(Kind.by_path[path]), path.parent, connections=20)
    store.path = path  # type: ignore[attr-defined]  # for a test that opens it again
    Kind.opened.append(store)
    return store


def forget_databases() -> None:
    """Close what a test has opened on PostgreSQL, and have it ready for the next one."""
    for store in Kind.opened:
        store.end()
    for name in Kind.by_path.values():
        _spare_databases().give_back(name)
    Kind.opened.clear()
    Kind.by_path.clear()


def address_of(store: Store) -> str:
    """Where another process finds the same database: the path of a file, or the address at a server."""
    if isinstance(store, PostgresStore):
        return postgres.server().url(store.database)
    assert isinstance(store, SqliteStore)
    return str(store.path)


@contextmanager
def beside(store: Store) -> Iterator[Any]:
    """A connection past the service, of whoever has the file or may log in; what it did is there once it is closed."""
    store.close()
    if isinstance(store, PostgresStore):
        with psycopg.connect(address_of(store)) as conn:
            yield conn
    else:
        with closing(sqlite3.connect(address_of(store))) as file, file:
            yield file


def drop_guards(conn: Any) -> None:
    """Take away the triggers that keep rows as they are."""
    if isinstance(conn, sqlite3.Connection):
        guards = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    else:
        guards = [
            f"{name} ON {table}"
            for name, table in conn.execute("SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal")
        ]
    for guard in guards:
        conn.execute(f"DROP TRIGGER {guard}")


def new_database(path: Path) -> Path:
    """The path of a new, empty, migrated database, unless there is one already.

    The tests of migrations, of encryption and of the start make theirs from nothing.
    """
    if not Kind.postgres and not path.exists() and not path.parent.is_file():  # some have a file where a folder goes
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_template(), path)
    return path


@cache
def _template() -> Path:
    """One for each process of tests."""
    path = Path(tempfile.mkdtemp(prefix="bellwether-tests-")) / "template.sqlite3"
    store = SqliteStore(path)
    with store.transaction():
        pass
    store.close()
    return path


@cache
def _spare_databases() -> SpareDatabases:
    return SpareDatabases(postgres.server(), postgres_template())


@cache
def postgres_template() -> str:
    """The name of a database of PostgreSQL that is new, for others to be copies of."""
    server = postgres.server()
    name = server.new()
    store = PostgresStore(server.url(name), Path(tempfile.gettempdir()))
    with store.transaction():
        pass
    store.close()
    return name
