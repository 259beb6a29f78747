"""Whether a file holds what was sealed, or marked, by a key of its own: a rewrite of the file leaves that as it is."""

from contextlib import closing
from pathlib import Path

from bellwether.core.errors import StoreError, WrongKey
from bellwether.db import encryption

_TABLES = ("targets", "target_requests")


def any_in(path: Path, key: str) -> bool:
    """Whether there are any; False too for a file that cannot be read. Raises WrongKey."""
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), StoreError, OSError)
    try:
        if not path.is_file():
            return False
        with closing(encryption.connect(path, key, "rw", timeout=encryption.BUSY_TIMEOUT)) as connection:
            known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return any(
                connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in known.intersection(_TABLES)
            )
    except WrongKey:
        raise
    except troubles:
        return False
