"""To open the database in a process of its own, which imports no more than that takes."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bellwether.core.errors import StoreError
from bellwether.db import copies, encryption
from bellwether.db.database import Store
from bellwether.db.migrations import migrations


def open_at_once(begin: Any, path: Path, key: str) -> None:
    """Wait for the others at the barrier `begin`, then open it."""
    begin.wait(30)
    with Store(path, key).reading() as db:
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
    with Store(path, key).reading():
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
    with Store(path, key).reading():
        pass


def open_and_die_in_the_backup(path: Path, key: str) -> None:
    """Open it, and be killed when the backup before its migration is written but not yet looked through."""

    copies.check_whole = lambda file, key: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment,return-value]
    with Store(path, key).reading():
        pass


def open_with_small_files_only(path: Path, key: str) -> None:
    """Open it where no file may grow beyond half its size, as on a full disk; say what that brings."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2,) * 2)
    try:
        with Store(path, key).reading():
            pass
    except StoreError as problem:
        sys.exit(problem.for_operator)
