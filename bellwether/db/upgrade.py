"""Bring a database up to this version, once, with a backup made before.

lock for writing | what is pending by now? | backup of just this state | migrations | version noted | unlock

The backup is read by a connection of its own while ours holds the lock and has written nothing: nobody writes between
the two. A process that is killed gives its lock back, and what it had migrated is gone with its transaction. Of several
that start together one goes on, and the others then see nothing pending.
"""

import logging
from pathlib import Path

from sqlite_utils import Database

from bellwether import __version__
from bellwether.core.errors import BackupRefused, StoreError, UpgradeFailed
from bellwether.core.places import COMMAND
from bellwether.db import encryption, upgrade_backups, versions
from bellwether.db.connection import Connection
from bellwether.db.migrations import migrations
from bellwether.db.newer import refuse_newer
from bellwether.db.upgrade_backups import MakeBackup
from bellwether.db.versions import State

PATIENCE = 600  #: seconds to wait for another process that may be upgrading: a large database takes minutes

log = logging.getLogger(__name__)


def bring_up_to_date(db: Connection, path: Path, key: str, make_backup: MakeBackup) -> None:
    """Run what is pending, all of it or nothing.

    Raises NewerDatabase, UpgradeFailed, and the driver's errors where the file cannot be used at all.
    """
    _lock(db, path, key)
    try:
        state = versions.state_of(db.conn)  # another process may have been quicker
        refuse_newer(path, state, key)
        if state.due and state.tables:
            _upgrade(db, path, key, state, make_backup)
        else:  # nothing is lost if it fails, and what is wrong with the file is told elsewhere
            _migrate(db, state)
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
        raise


def _upgrade(db: Connection, path: Path, key: str, state: State, make_backup: MakeBackup) -> None:
    """Migrate a database that has something in it, after a backup."""
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), OSError)
    try:
        backup = make_backup(path, key, state)
    except (StoreError, BackupRefused, OSError) as problem:
        raise UpgradeFailed(_no_backup(path, state, problem)) from problem
    try:
        _migrate(db, state)
    except troubles as problem:
        there = f" The backup {backup} is whole." if backup else ""
        raise UpgradeFailed(
            f"The database {path} could not be brought up to Bellwether {__version__} and is as it was, of "
            f"{state.version}: {problem}.{there}"
        ) from problem
    upgrade_backups.note_success(path)
    log.info("The database %s is brought up to Bellwether %s.", path, __version__)


def _migrate(db: Connection, state: State) -> None:
    """Run what is pending and note the version, to the end of the transaction: a full disk may show there only."""
    if state.due:
        migrations.apply(Database(db.conn, execute_plugins=False))
    if state.number < versions.THIS_VERSION:
        db.conn.execute(f"PRAGMA user_version = {versions.THIS_VERSION}")
    db.conn.execute("COMMIT")


def _lock(db: Connection, path: Path, key: str) -> None:
    """Begin a transaction as the only writer; if it is due another may be upgrading, which takes long."""
    try:
        db.conn.execute("BEGIN IMMEDIATE")
    except encryption.errors(key) as problem:
        if "locked" not in str(problem) or not versions.state_of(db.conn).due:
            raise
        log.info("Another process has the database %s, perhaps to bring it up to date; it is waited for.", path)
        db.conn.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
        try:
            db.conn.execute("BEGIN IMMEDIATE")
        finally:
            db.conn.execute(f"PRAGMA busy_timeout = {encryption.BUSY_TIMEOUT * 1000}")


def _no_backup(path: Path, state: State, problem: Exception) -> str:
    why = problem.for_operator if isinstance(problem, StoreError | BackupRefused) else f"{problem}."
    return (
        f"The database {path} was not brought up to Bellwether {__version__} and is as it was, of {state.version}, "
        f"because the backup before it failed: {why} Make room beside it and start again, or name another place: "
        f"`{COMMAND} database upgrade --backup FILE`."
    )
