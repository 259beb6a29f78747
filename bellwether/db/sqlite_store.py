"""The SQLite file: opening it, its migrations, and one connection for each thread."""

import errno
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bellwether.core.errors import ConfigError, NewerDatabase, StoreError, UpgradeFailed, WrongKey
from bellwether.db import disk_space, encryption, upgrade, versions
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.db.encryption import BUSY_TIMEOUT
from bellwether.db.newer import refuse_newer
from bellwether.db.sqlite_connection import SqliteConnection
from bellwether.db.upgrade_backups import MakeBackup, make_beside


class SqliteStore(Store):
    """Opens the file when it is first needed, so that a forecast needs no database at all."""

    def __init__(self, path: Path, key: str = "", make_backup: MakeBackup = make_beside) -> None:
        """Nothing is opened yet. With a key, 64 hexadecimal digits, the file is encrypted.

        `make_backup` is called before an upgrade of the tables.
        """
        self.path = path
        self.folder, self.name = path.parent, f"the database {path}"
        self.key = key  #: "" is none
        self.make_backup = make_backup
        self._errors: tuple[type[Exception], ...] = (*encryption.errors(key), OSError)
        self._local = threading.local()
        self._version = -1  #: the newest that was seen to have had it open; -1 before the tables were looked at
        self._stuck: UpgradeFailed | None = None  #: to be mended before the next start, not tried at each use
        self._migrating = threading.Lock()
        self._opened: list[sqlite3.Connection] = []
        # a store that is dropped closes its file at once; from Python 3.13 on sqlite3 warns where nobody did
        weakref.finalize(self, _close_all, self._opened).atexit = False
        self.owes_empty_log = True  #: an erasure, perhaps of an earlier process, may have left something in the log
        self._was_full = False  #: a write failed for want of room, and none of that size was seen to fit since

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """This thread's connection, in a transaction that may write: all of the block is kept, or none of it.

        Raises StoreError, saying what to do, when the file cannot be used.
        """
        # IMMEDIATE: one that reads first and writes later would otherwise fail at once when another has written between
        with self._begun("BEGIN IMMEDIATE") as db:
            yield db

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """This thread's connection, for reading one consistent state without holding up a writer."""
        with self._begun("BEGIN") as db:
            yield db

    def glance(self) -> AbstractContextManager[Connection]:
        """The same: to begin and to end a transaction is no way to anywhere."""
        return self.reading()

    @contextmanager
    def _begun(self, begin: str) -> Iterator[SqliteConnection]:
        try:
            db = self._connection()
            db.conn.execute(begin)
            try:
                if versions.number_in(db.conn) > self._version:  # a newer one has come to it while we run
                    self._look_again(db)
                yield db
                db.conn.execute("COMMIT")
            except BaseException:
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")
                raise
        except self._errors as problem:
            self._was_full = self._was_full or _is_full(problem)
            raise StoreError(self._explain(problem)) from problem

    def check_space(self, *, by_writing: bool = False) -> None:
        """See whether what is written next has room. Nothing is written but by wish, or once a write had none.

        Raises StoreError.
        """
        try:
            if disk_space.is_short(self.folder):
                raise StoreError(_full(self.path))
            if by_writing or self._was_full:
                disk_space.try_file(self.folder)
        except OSError as problem:
            raise StoreError(self._explain(problem)) from problem
        self._was_full = False

    def check(self) -> None:
        """See whether the key fits the file, if there is one, and whether a newer version made it. Changes nothing.

        Raises ConfigError. With other troubles of the file everything but the database goes on.
        """
        try:
            refuse_newer(self.path, versions.state_in(self.path, self.key), self.key)
        except (WrongKey, NewerDatabase) as trouble:
            raise ConfigError(trouble.for_operator) from None

    def prepare(self) -> None:
        """Bring the file up to this version, if there is one. Raises ConfigError when it is not to be used as it is.

        With other troubles of the file everything but the database goes on.
        """
        if not self.path.is_file():
            return
        try:
            with self.reading():
                pass
        except (WrongKey, NewerDatabase, UpgradeFailed) as trouble:
            raise ConfigError(trouble.for_operator) from None
        except StoreError:
            return
        finally:
            self.close()

    def close(self) -> None:
        """Close the connections of all threads; the next use opens a new one."""
        self._local = threading.local()
        _close_all(self._opened)

    def relax(self) -> None:
        """Let what this thread writes from now on survive a kill, but not surely a power cut: it need not wait then.

        Raises StoreError.
        """
        try:
            self._connection().conn.execute("PRAGMA synchronous = NORMAL")
        except self._errors as problem:
            raise StoreError(self._explain(problem)) from problem

    def compact(self) -> None:
        """Rewrite the file and empty its log, so that nothing of deleted rows is left in either. Raises StoreError.

        Writers wait meanwhile: about a second for each 200 MB.
        """
        self.owes_empty_log = True
        try:
            self._connection().conn.execute("VACUUM")
        except self._errors as problem:
            raise StoreError(self._explain(problem)) from problem
        if not self.empty_log(BUSY_TIMEOUT):
            raise StoreError(f"The log of {self.path} could not be emptied: another program keeps reading it.")

    def empty_log(self, patience: float = 0.1) -> bool:
        """Move what the log holds into the file, and leave it empty; False while somebody reads. Raises StoreError.

        `patience` is for how many seconds readers are waited for; writers wait meanwhile.
        """
        try:
            conn = self._connection().conn
            conn.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
            try:
                busy, _, _ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                conn.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT * 1000)}")
        except self._errors as problem:
            raise StoreError(self._explain(problem)) from problem
        self.owes_empty_log = bool(busy)
        return not busy

    def beside(self, name: str) -> Path:
        """The file of that name which belongs to this database."""
        return self.path.with_name(f"{self.path.name}.{name}")

    def size(self) -> int:
        """How many bytes the file takes."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as problem:
            raise StoreError(self._explain(problem)) from problem

    def _connection(self) -> SqliteConnection:
        db: SqliteConnection | None = getattr(self._local, "db", None)
        if db is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            first = self._version < 0
            if first and versions.has_log(self.path):  # which closing our own connection would take into the file
                refuse_newer(self.path, versions.state_in(self.path, self.key), self.key)
            # isolation_level None: transactions begin where we say so, not where the driver guesses
            connection = encryption.connect(
                self.path, self.key, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            self._opened.append(connection)
            try:
                db = self._made_ready(connection, first)
            except BaseException:  # it is tried again at each use, and each time would leave one more open
                self._opened.remove(connection)
                connection.close()
                raise
            self._local.db = db
        return db

    def _made_ready(self, connection: sqlite3.Connection, first: bool) -> SqliteConnection:
        """A new connection as all of ours are; the first of a store sees to the migrations."""
        state = versions.state_of(connection) if first else None
        refuse_newer(self.path, state, self.key)  # before anything is written, be it the kind of its log
        db = SqliteConnection(connection)
        _turn_on_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")  # an update confirmed to Telegram must survive a power cut
        connection.execute("PRAGMA foreign_keys = ON")
        if state is not None:
            self._migrate(db, state)
        return db

    def _explain(self, problem: Exception) -> str:
        if self.key and "not a database" in str(problem):
            return encryption.wrong_key(self.path)
        return _explain(self.path, problem)

    def _migrate(self, db: SqliteConnection, state: versions.State) -> None:
        with self._migrating:
            if self._version >= 0:
                return
            if self._stuck:
                raise self._stuck
            if (
                state.due or state.number < versions.THIS_VERSION
            ):  # nearly never; else nobody who writes need be waited for
                try:
                    upgrade.bring_up_to_date(db, self.path, self.key, self.make_backup)
                except UpgradeFailed as problem:
                    self._stuck = problem
                    raise
            self._version = max(state.number, versions.THIS_VERSION)

    def _look_again(self, db: SqliteConnection) -> None:
        state = versions.state_of(db.conn)
        refuse_newer(self.path, state, self.key)
        self._version = state.number


def _close_all(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work side by side. SQLite does not wait for another opener here, so we do."""
    patience = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except Exception as problem:  # of either driver
            if "locked" not in str(problem) or time.monotonic() > patience:
                raise
            time.sleep(0.02)


def _is_full(problem: Exception) -> bool:
    return "disk is full" in str(problem) or getattr(problem, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def _full(path: Path) -> str:
    return f"The disk of the database {path} is full, or nearly: nothing more can be kept there. Make room on it."


def _explain(path: Path, problem: Exception) -> str:
    text = str(problem).lower()
    if _is_full(problem):
        return _full(path)
    if "readonly" in text or "read-only" in text or isinstance(problem, PermissionError):
        return f"The database {path} is read-only: give the service the right to write to it and its folder."
    if "unable to open" in text or isinstance(problem, OSError):
        return f"The database {path} cannot be opened: check that its folder exists and can be written to."
    if "locked" in text:
        return f"The database {path} is locked by another program that keeps writing; stop it."
    if "not a database" in text or "malformed" in text:
        return f"The file {path} is not a healthy database; restore a backup or move it away."
    return f"The database {path} does not work: {problem}."
