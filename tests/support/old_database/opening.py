"""To open the database in a process of its own, which imports no more than that takes."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bellwether.core.errors import ConfigError, StoreError, UpgradeFailed
from bellwether.db import copies, encryption, upgrade_backups
from bellwether.db.migrations import migrations
from bellwether.db.sqlite_store import SqliteStore

NO_TRY = 3  #: how a process ends that cannot be without root's rights


def open_at_once(begin: Any, path: Path, key: str) -> None:
    """Wait for the others at the barrier `begin`, then open it."""
    begin.wait(30)
    with SqliteStore(path, key).reading() as db:
        assert not migrations.pending(Database(db.conn))


def open_and_die(path: Path, key: str, statement: int) -> None:
    """Open it, and be killed before the statement of that number which changes the outbox."""
    seen = 0

    def watch(sql: str) -> None:
        nonlocal seen
        seen += "outbox" in sql and sql.startswith(("ALTER", "UPDATE", "CREATE", "DROP"))
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(*args: Any, **options: Any) -> Any:
        connection = real(*args, **options)
        connection.set_trace_callback(watch)
        return connection

    real, encryption.connect = encryption.connect, connect
    with SqliteStore(path, key).reading():
        pass


def open_and_stop(path: Path, key: str, stopped: Path) -> None:
    """Open it, and stand still in the middle of its migration, once the file `stopped` is there."""

    def watch(sql: str) -> None:
        if sql.startswith("CREATE") and "outbox" in sql:
            stopped.touch()
            time.sleep(600)

    real = encryption.connect

    def connect(*args: Any, **options: Any) -> Any:
        connection = real(*args, **options)
        connection.set_trace_callback(watch)
        return connection

    encryption.connect = connect
    with SqliteStore(path, key).reading():
        pass


def open_and_die_in_the_backup(path: Path, key: str) -> None:
    """Open it, and be killed when the backup before its migration is written but not yet looked through."""

    copies.check_whole = lambda file, key: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment,return-value]
    with SqliteStore(path, key).reading():
        pass


def open_with_small_files_only(path: Path, key: str) -> None:
    """Open it where no file may grow beyond half its size, as on a full disk; say what that brings."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2,) * 2)
    try:
        with SqliteStore(path, key).reading():
            pass
    except StoreError as problem:
        sys.exit(problem.for_operator)


def prepare_where_nothing_can_be_committed(path: Path, key: str) -> None:
    """Prepare it for a service where the disk is full from the moment on that the upgrade is to be committed."""
    import resource

    def watch(sql: str) -> None:
        if sql == "COMMIT":
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))

    def connect(*args: Any, **options: Any) -> Any:
        connection = real(*args, **options)
        connection.set_trace_callback(watch)
        return connection

    real, encryption.connect = encryption.connect, connect
    try:
        SqliteStore(path, key).prepare()
    except ConfigError as problem:
        sys.exit(str(problem))


def upgrade_without_rights(path: Path, target: Path) -> None:
    """Upgrade it, which is refused since the backup `target` cannot be made without root's rights."""
    try:
        if os.geteuid() == 0:
            os.setuid(65534)
    except OSError:
        sys.exit(NO_TRY)
    if not os.access(path, os.W_OK):
        sys.exit(NO_TRY)
    try:
        with SqliteStore(path, make_backup=upgrade_backups.make_at(target)).reading():
            pass
    except UpgradeFailed as problem:
        for words in ("because the backup before it failed", "Permission denied"):
            assert words in problem.for_operator, problem.for_operator
    else:
        raise AssertionError("it was upgraded")
