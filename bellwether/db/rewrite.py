"""A database written anew under another key: encrypted, decrypted, or with a new key in place of the old one."""

from pathlib import Path
from types import ModuleType
from typing import Any

from bellwether.core.errors import StoreError
from bellwether.db import copies, encryption


def rewrite(path: Path, key: str, new: str) -> int:
    """Write a database anew under another key ("" is none), and put it in the old one's place; how many rows it has.

    The old file stays until every row of every table was counted in the new one. Raises StoreError, for example while
    another program has the file open.
    """
    if not path.is_file():
        raise StoreError(f"There is no database {path} yet; it is encrypted from its first row on when a key is set.")
    if not key and encryption.mismatch(path, key):
        raise StoreError(f"The database {path} is encrypted already, or it is not a healthy one; it was left as it is.")
    module = encryption.driver(key or new)
    with copies.draft_of(path, key or new) as draft:
        try:
            rows = _copy(module, path, draft, key, new)
        except (module.Error, OSError) as problem:
            raise StoreError(_why(path, key, problem)) from None  # the statement in the cause may hold a key
        copies.put_in_place(draft, path, like=path)
    return rows


def _copy(module: ModuleType, path: Path, draft: Path, key: str, new: str) -> int:
    connection = module.connect(path, timeout=1, isolation_level=None)
    try:
        encryption.unlock(connection, key)
        # works only while nobody else has the file open, and brings what is still in the log into it
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"ATTACH ? AS anew KEY {encryption.key_literal(new)}", (str(draft),))
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("SELECT sqlcipher_export('anew')")
        (version,) = connection.execute("PRAGMA main.user_version").fetchone()  # which the export leaves out
        connection.execute(f"PRAGMA anew.user_version = {version}")
        old, copied = _counts(connection, "main"), _counts(connection, "anew")
        if old != copied:
            raise OSError("the copy does not have the same rows")
        connection.execute("COMMIT")
        if connection.execute("PRAGMA anew.integrity_check").fetchone()[0] != "ok":
            raise OSError("the copy is not sound")
        connection.execute("DETACH anew")
        return sum(old.values())
    finally:
        connection.close()


def _counts(connection: Any, schema: str) -> dict[str, int]:
    """Rows of each table."""
    names = [name for (name,) in connection.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'")]
    return {
        name: connection.execute(f'SELECT count(*) FROM {schema}."{name}"').fetchone()[0]
        for name in names
        if not name.startswith("sqlite_")
    }


def _why(path: Path, key: str, problem: Exception) -> str:
    if "locked" in str(problem):
        return f"Another program has {path} open: stop the service first."
    if "not a database" in str(problem) and key:
        return encryption.wrong_key(path)
    return f"The database {path} was left as it is: {problem}."
