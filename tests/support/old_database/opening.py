"""To open the database in a process of its own, which imports no more than that takes."""

import os
import signal
from pathlib import Path
from typing import Any

from bellwether.db import encryption
from bellwether.db.database import Store
from bellwether.db.migrations import migrations


def open_at_once(begin: Any, path: Path, key: str) -> None:
    """Wait for the others at the barrier `begin`, then open it."""
    begin.wait(30)
    with Store(path, key).reading() as db:
        assert not migrations.pending(db)


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
