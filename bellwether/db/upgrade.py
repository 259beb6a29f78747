"""Bring a database up to this version, once, with a backup made before.

lock for writing | what is pending by now? | backup of just this state | migrations | version noted | unlock

The backup is read by a connection of its own while ours holds the lock and has written nothing: nobody writes between
the two. A process that is killed gives its lock back, and what it had migrated is gone with its transaction. Of several
that start together one goes on, and the others then see nothing pending.
"""

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from bellwether import __version__
from bellwether.core.errors import BackupRefused, StoreError, UpgradeFailed
from bellwether.core.places import COMMAND
from bellwether.db import copies, encryption, versions
from bellwether.db.connection import Connection
from bellwether.db.migrations import migrations
from bellwether.db.versions import State

KEPT = 3  #: backups of this kind; older ones are deleted
PATIENCE = 600  #: seconds to wait for another process that may be upgrading: a large database takes minutes

#: keeps what is in the file at a path, encrypted with a key, as it is of some state; where
Keep = Callable[[Path, str, State], Path | None]

log = logging.getLogger(__name__)


def bring_up_to_date(db: Connection, path: Path, key: str, keep: Keep) -> None:
    """Run what is pending, all of it or nothing.

    Raises NewerDatabase, UpgradeFailed, and the driver's errors where the file cannot be used at all.
    """
    _lock(db, path, key)
    try:
        state = versions.state_of(db.conn)  # another process may have been quicker
        versions.refuse_newer(path, state, key)
        if state.due:
            _migrate(db, path, key, state, keep)
        if state.number < versions.OURS:
            db.conn.execute(f"PRAGMA user_version = {versions.OURS}")
        db.conn.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
        raise
    if state.due and state.tables:
        log.info("The database %s is brought up to Bellwether %s.", path, __version__)


def beside(path: Path, key: str, state: State) -> Path:
    """Keep a backup beside the database, and of earlier ones the newest. Raises StoreError and BackupRefused."""
    target = path.with_name(f"{path.name}.before-{__version__}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for file in path.parent.iterdir():
        if file.name.startswith(f".{path.name}.before-"):  # a draft of a process that was killed
            file.unlink(missing_ok=True)
    at(target)(path, key, state)
    earlier = [file for file in versions.kept_before(path) if file != target]
    for file in [file for file in earlier if _was_for_nothing(file, key, state)] + earlier[KEPT - 1 :]:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    return target


def at(target: Path) -> Keep:
    """Keep a backup under this name."""

    def keep(path: Path, key: str, state: State) -> Path:
        began = time.monotonic()
        with copies.draft_of(target, key) as draft:
            draft.touch()
            shutil.copymode(path, draft)  # nobody may read it who may not read the database
            copies.copy_into(draft, path, key)
            copies.check_whole(draft, key)
            size = draft.stat().st_size
            copies.put(draft, target)
        log.info(
            "Before the database is brought from Bellwether %s up to %s a backup of it was made, %.1f MB in %.1f s, "
            "whole: %s",
            *(state.version, __version__, size / 1e6, time.monotonic() - began, target),
        )
        return target

    return keep


def nowhere(path: Path, key: str, state: State) -> None:
    """Keep nothing."""


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


def _migrate(db: Connection, path: Path, key: str, state: State, keep: Keep) -> None:
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), OSError)
    kept = None
    if state.tables:
        try:
            kept = keep(path, key, state)
        except (StoreError, BackupRefused, OSError) as problem:
            raise UpgradeFailed(_no_backup(path, state, problem)) from problem
    try:
        migrations.apply(Database(db.conn, execute_plugins=False))
    except troubles as problem:
        if not state.tables:  # nothing is lost, and what is wrong with the file is told elsewhere
            raise
        backup = f" The backup {kept} is whole." if kept else ""
        raise UpgradeFailed(
            f"The database {path} could not be brought up to Bellwether {__version__} and is as it was, of "
            f"{state.version}: {problem}.{backup}"
        ) from problem


def _no_backup(path: Path, state: State, problem: Exception) -> str:
    why = problem.for_operator if isinstance(problem, StoreError | BackupRefused) else f"{problem}."
    return (
        f"The database {path} was not brought up to Bellwether {__version__} and is as it was, of {state.version}, "
        f"because the backup before it failed: {why} Make room beside it and start again, or name another place: "
        f"`{COMMAND} database upgrade --backup FILE`."
    )


def _was_for_nothing(file: Path, key: str, state: State) -> bool:
    """Whether a backup was made for this same upgrade, which then failed, again and again perhaps."""
    if f".before-{__version__}-" not in file.name:
        return False
    try:
        before = versions.state_in(file, key)
    except StoreError:  # under another key
        return False
    return before is not None and before.names == state.names
