"""A database of PostgreSQL: a pool of connections, its tables, and what happens while the server is away.

The first use opens one connection by itself, so that what is wrong can be told, looks at the server and the tables, and
then fills the pool. Where the server is lost the pool is given up, and the next use begins anew; for a moment whoever
asks is told at once, for a forecast should not wait for a database that is not there.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from bellwether.core.errors import ConfigError, NewerDatabase, StoreError, UnfinishedImport
from bellwether.db import postgres_address, postgres_errors, postgres_versions, unfinished_import, versions
from bellwether.db.connection import Connection
from bellwether.db.database import Store, capital
from bellwether.db.encryption import BUSY_TIMEOUT
from bellwether.db.postgres_connection import PostgresConnection, close_apart
from bellwether.db.postgres_dialect import adapters
from bellwether.db.postgres_patience import WatchfulConnection, is_alive
from bellwether.db.postgres_space import database_size, vacuum

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # what it warns of is told by us, in a sentence

CONNECTIONS = 10  #: at most, of one process
LONGEST = 60  #: seconds that one statement may take
#: seconds that a transaction which writes may leave the server waiting: what a host that is cut off has locked, as the
#: lease's row, is wanted by the one that takes over
IDLE = 15
_AGAIN_AFTER = (0.05, 0.25)  #: seconds: of two that waited for each other the other one is to end first
REST = 1.0  #: seconds after a server was missed in which nobody looks for it again, at least
RESTS = 3  #: times as long as it took to miss it: of those who ask, few are to wait for that
RECONNECT = 1.0  #: seconds that a pool whose server was lost looks for it, before it is given up
#: without `jit`: where a scan is switched off and yet the only way, its price would have a short statement compiled
_SETTINGS = (
    f"SET lock_timeout = '{BUSY_TIMEOUT}s'; SET statement_timeout = '{LONGEST}s';"
    f" SET idle_in_transaction_session_timeout = '{LONGEST}s'; SET client_min_messages = warning; SET jit = off"
)
#: What writes reads a few rows along an index, as SQLite does whatever it guesses of a table. The server guesses from
#: statistics that are minutes old after an evening's digests, for a connection that may have planned while the outbox
#: was empty: then it reads all that is pending, and sorts it for a claim. With 30,000 pending and no statistics a claim
#: took 89 ms in place of 1.5 (without `sort`) and putting off a message 25 ms in place of 0.5 (without `seqscan`); both
#: settings cost 8 microseconds. Another index helps neither, for it is the number of rows that is guessed wrong.
_WRITING = (
    "BEGIN; SET LOCAL enable_seqscan TO off; SET LOCAL enable_sort TO off;"
    f" SET LOCAL idle_in_transaction_session_timeout TO '{IDLE}s'"
)
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_RELAXED = f"{_WRITING}; SET LOCAL synchronous_commit TO off"

_T = TypeVar("_T")


class PostgresStore(Store):
    """The database behind an address such as postgresql://user:password@host/name."""

    def __init__(self, url: str, folder: Path, connections: int = CONNECTIONS) -> None:
        """Nothing is opened yet. In `folder` lies what this host keeps beside it. Raises ConfigError for a bad URL."""
        asked = postgres_address.asked_by(url)
        #: what the address says, with its secrets
        self.parameters = {name: str(value) for name, value in asked.items()}
        self.may_be_unfinished = False  #: whether it may be used while it holds only a part of what is copied into it
        self._url, self._reading = url, _READING
        self._conninfo = postgres_address.with_usual(asked)
        self._secret = str(asked.get("password") or "")
        self.folder, self._connections = folder, connections
        self.database = str(asked.get("dbname") or asked.get("user") or "bellwether")
        self.name, self.owes_empty_log = postgres_address.name_of(asked, self.database), False
        self._opening = threading.Lock()
        self._pool: ConnectionPool[Any] | None = None
        self._left: list[ConnectionPool[Any]] = []  #: the pool, for when nobody has closed the store
        weakref.finalize(self, close_apart, self._left).atexit = False
        self._version = versions.THIS_VERSION  #: the newest that was seen to have had it open
        self._missed = (0.0, "")  #: until when nobody looks for a server that was missed, and what was told of it
        self._local = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection of the pool, in a transaction that may write: all of the block is kept, or none of it.

        Raises StoreError, saying what to do, when the database cannot be used.
        """
        with self._begun(_RELAXED if getattr(self._local, "relaxed", False) else _WRITING) as db:
            yield db

    def repeated(self, work: Callable[[Connection], _T]) -> _T:
        """Do some work in such a transaction, and anew where the server gives it up for another's sake."""
        for pause in _AGAIN_AFTER:
            try:
                return super().repeated(work)
            except StoreError as problem:
                if not isinstance(problem.__cause__, postgres_errors.GIVEN_UP):
                    raise
            time.sleep(pause)
        return super().repeated(work)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading one consistent state without holding up a writer."""
        with self._begun(self._reading) as db:
            yield db

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection for one query alone, without a transaction around it."""
        if self._reading != _READING:  # a state that a transaction alone can see
            with self.reading() as db:
                yield db
            return
        with self._lent(is_alive) as conn:
            yield PostgresConnection(conn)

    @contextmanager
    def apart(self) -> Iterator["psycopg.Connection[Any]"]:
        """A connection of its own for work that takes long, without a limit of time; the tables are as they are.

        Raises StoreError.
        """
        try:
            with psycopg.connect(self._conninfo, context=adapters(), autocommit=True) as conn:
                self._look_at(conn)
                conn.execute(_SETTINGS.replace(f"'{LONGEST}s'", "0"))
                yield conn
        except psycopg.Error as problem:
            raise self._trouble(problem, None, lost=isinstance(problem, psycopg.OperationalError)) from problem

    def as_of(self, snapshot: str) -> "PostgresStore":
        """The same database, read as the transaction sees it that exported its snapshot, for as long as that lasts."""
        same = PostgresStore(self._url, self.folder, self._connections)
        same._reading = f"{_READING}; SET TRANSACTION SNAPSHOT '{snapshot}'"
        same.may_be_unfinished = self.may_be_unfinished
        return same

    @contextmanager
    def _begun(self, begin: str) -> Iterator[PostgresConnection]:
        with self._lent(lambda conn: self._begin(conn, begin)) as conn:
            try:
                yield PostgresConnection(conn)
                conn.execute("COMMIT")
            except BaseException:
                if not conn.closed:
                    with suppress(psycopg.Error):
                        conn.execute("ROLLBACK")
                raise

    def _begin(self, conn: "psycopg.Connection[Any]", begin: str) -> None:
        """Begin a transaction, and see on the same way that no newer version has come to the tables meanwhile."""
        cursor = conn.execute(f"{begin}; {postgres_versions.NEWEST}")
        while cursor.nextset():
            pass
        (newest,) = cursor.fetchone() or (0,)
        if newest > self._version:
            state, pool = postgres_versions.state_of(conn), self._pool
            try:
                postgres_versions.refuse_newer(self.name, state)
            except NewerDatabase:
                if pool is not None:  # whatever comes next, a glance too, looks at the tables as at a start
                    self._close(pool)
                raise
            self._version = state.number

    @contextmanager
    def _lent(self, begin: Callable[["psycopg.Connection[Any]"], object]) -> Iterator["psycopg.Connection[Any]"]:
        """A connection of the pool. Raises StoreError for whatever goes wrong with it."""
        pool = self._opened()
        conn = None
        try:
            conn = self._taken(pool, begin)
            yield conn
        except (psycopg.Error, PoolTimeout, TooManyRequests) as problem:
            busy = isinstance(problem, PoolTimeout | TooManyRequests)  # a server that is lost ends the pool by itself
            raise self._trouble(problem, pool, lost=not busy and (conn is None or conn.closed)) from problem
        finally:
            if conn is not None:
                pool.putconn(conn)

    def _taken(
        self, pool: "ConnectionPool[Any]", begin: Callable[["psycopg.Connection[Any]"], object]
    ) -> "psycopg.Connection[Any]":
        """A connection on which its use has begun; those that a server has ended meanwhile are passed over."""
        for left in range(self._connections, -1, -1):
            conn: psycopg.Connection[Any] = pool.getconn(BUSY_TIMEOUT)
            try:
                begin(conn)
            except BaseException as problem:
                pool.putconn(conn)
                if not (left and isinstance(problem, psycopg.OperationalError) and conn.closed):
                    raise
            else:
                return conn
        raise AssertionError("the last try ends the loop")

    def _opened(self) -> "ConnectionPool[Any]":
        pool = self._pool
        if pool is not None:
            return pool
        with self._opening:
            if self._pool is None:
                until, told = self._missed
                if time.monotonic() < until:
                    raise StoreError(told)
                self._pool = self._open()
                self._left[:] = [self._pool]
            return self._pool

    def _open(self) -> "ConnectionPool[Any]":
        begun, own = time.monotonic(), weakref.ref(self)  # the pool is not to keep its store

        def given_up(pool: "ConnectionPool[Any]") -> None:
            if (store := own()) is not None:
                store._give_up(pool)

        def configure(conn: "psycopg.Connection[Any]") -> None:
            conn.execute(_SETTINGS.encode())

        try:
            with psycopg.connect(self._conninfo, context=adapters(), autocommit=True) as conn:
                self._look_at(conn)
                if not self.may_be_unfinished:
                    unfinished_import.refuse(conn, self.name)
                # migrations may take their time
                conn.execute(_SETTINGS.replace(f"statement_timeout = '{LONGEST}s'", "statement_timeout = 0"))
                with conn.transaction():
                    postgres_versions.bring_up_to_date(conn, self.name)
            pool: ConnectionPool[Any] = ConnectionPool(
                self._conninfo,
                kwargs={"autocommit": True, "context": adapters()},
                configure=configure,
                connection_class=WatchfulConnection,
                min_size=1,
                max_size=self._connections,
                name="bellwether",
                reconnect_timeout=RECONNECT,
                reconnect_failed=given_up,
                open=False,
            )
            pool.open()
            with suppress(OSError):  # whoever writes a file there says what is wrong with it
                self.folder.mkdir(parents=True, exist_ok=True)
        except psycopg.Error as problem:
            raise self._trouble(problem, None, lost=True, took=time.monotonic() - begun) from problem
        else:
            return pool

    def _look_at(self, conn: "psycopg.Connection[Any]") -> None:
        number = conn.info.server_version
        if number < postgres_versions.LEAST:
            told = f"{number // 10_000}.{number % 10_000}"
            raise StoreError(f"{capital(self.name)} is on PostgreSQL {told}; Bellwether needs 14 or newer.")

    def _trouble(
        self, problem: Exception, pool: "ConnectionPool[Any] | None", *, lost: bool, took: float = 0.0
    ) -> StoreError:
        """What to raise; where the server is lost, which took so many seconds, the pool is given up."""
        if isinstance(problem, PoolClosed):  # given up by somebody else meanwhile
            return StoreError(self._missed[1] or f"{capital(self.name)} cannot be reached.")
        if isinstance(problem, PoolTimeout | TooManyRequests):
            told = f"{capital(self.name)} has no free connection, or cannot be reached: see database.connections."
        else:
            told = postgres_errors.explain(self.name, problem, self._secret)
        if lost:
            self._missed = (time.monotonic() + max(REST, RESTS * took), told)
            if pool is not None:
                self._close(pool)
        return StoreError(told)

    def _give_up(self, pool: "ConnectionPool[Any]") -> None:
        """The pool has looked for its server in vain: whoever waits for a connection is told now."""
        if self._pool is pool:
            self._missed = (
                time.monotonic() + REST,
                f"{capital(self.name)} cannot be reached: no server answers there.",
            )
            self._close(pool)

    def _close(self, pool: "ConnectionPool[Any]") -> None:
        if self._pool is pool:
            self._pool = None
            close_apart(self._left)

    def check(self) -> None:
        """See that the database is no newer one's, if it can be reached. Changes nothing. Raises ConfigError."""
        try:
            with psycopg.connect(self._conninfo, context=adapters(), autocommit=True) as conn:
                self._look_at(conn)
                if not self.may_be_unfinished:
                    unfinished_import.refuse(conn, self.name)
                postgres_versions.refuse_newer(self.name, postgres_versions.state_of(conn))
        except NewerDatabase as trouble:
            raise ConfigError(trouble.for_operator) from None
        except psycopg.OperationalError:
            return
        except psycopg.Error as problem:
            raise ConfigError(postgres_errors.explain(self.name, problem, self._secret)) from None
        except StoreError as trouble:
            raise ConfigError(trouble.for_operator) from None

    def prepare(self) -> None:
        """Make its tables, or bring them up to this version, if it can be reached. Raises ConfigError."""
        self.check()
        try:
            with self.reading():
                pass
        except (NewerDatabase, UnfinishedImport) as trouble:
            raise ConfigError(trouble.for_operator) from None
        except StoreError:
            return

    def close(self) -> None:
        """Close the pool; the next use opens another one."""
        with self._opening:
            pool, self._pool = self._pool, None
            self._left.clear()
            self._missed = (0.0, "")
        if pool is not None:
            pool.close()

    def relax(self) -> None:
        """Let the server answer this thread before what it commits is on the disk."""
        self._local.relaxed = True

    def compact(self) -> None:
        """Let the server free what deleted rows took. Its log and its backups are its operator's."""
        pool = self._opened()
        try:
            with pool.connection(BUSY_TIMEOUT) as conn:
                vacuum(conn, LONGEST)
        except (psycopg.Error, PoolTimeout, TooManyRequests) as problem:
            raise self._trouble(problem, pool, lost=False) from problem

    def empty_log(self, patience: float = 0.1) -> bool:
        """Nothing: the server's log is its own."""
        return True

    def beside(self, name: str) -> Path:
        """A file of this host's, in the folder of its data."""
        return self.folder / f"{self.database}.postgresql.{name}"

    def size(self) -> int:
        """How many bytes the whole database takes."""
        with self.reading() as db:
            return database_size(db)
