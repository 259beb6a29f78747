"""A copy that is killed, in a process of its own, which imports no more than that takes."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bellwether.db import postgres_import
from bellwether.db.postgres_store import PostgresStore
from bellwether.jobs import moving


def import_and_die(address: str, file: Path, folder: Path, portions: int) -> None:
    """Copy a file in small portions, and be killed when so many are kept; for a process of its own."""
    postgres_import.ROWS = 40
    put, kept = postgres_import._put, []

    def die_after(*arguments: Any) -> None:
        put(*arguments)
        kept.append(arguments)
        if len(kept) == portions:
            os.kill(os.getpid(), signal.SIGKILL)

    postgres_import._put = die_after  # type: ignore[assignment]
    moving.import_sqlite(file, "", PostgresStore(address, folder), lambda: datetime.now(UTC), lambda line: None)
