"""Databases that are new, and made in a moment: a copy of one that went through every migration."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from bellwether.db.database import Store


def new_database(path: Path) -> Path:
    """The path of a new, empty, migrated database, unless there is one already.

    The tests of migrations, of encryption and of the start make theirs from nothing.
    """
    if not path.exists() and not path.parent.is_file():  # some tests have a file where the folder should be
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_template(), path)
    return path


@cache
def _template() -> Path:
    """One for each process of tests."""
    path = Path(tempfile.mkdtemp(prefix="bellwether-tests-")) / "template.sqlite3"
    store = Store(path)
    with store.transaction():
        pass
    store.close()
    return path
