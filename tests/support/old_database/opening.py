"""To open the database in a process of its own, which imports no more than that takes."""

from pathlib import Path
from typing import Any

from bellwether.db.database import Store
from bellwether.db.migrations import migrations


def open_at_once(begin: Any, path: Path, key: str) -> None:
    """Wait for the others at the barrier `begin`, then open it."""
    begin.wait(30)
    with Store(path, key).reading() as db:
        assert not migrations.pending(db)
