"""Encryption at rest: with a key the whole file is SQLCipher's, rows, indices and log alike; without one SQLite's.

Every page is AES-256 with an HMAC, so not even how many chats there are can be read from the file. The key is 256
random bits, never a password: no stretching, which would cost a fifth of a second for each connection.
"""

import json
import secrets
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

from bellwether.core.errors import StoreError, WrongKey
from bellwether.core.places import COMMAND

BUSY_TIMEOUT = 10  #: seconds to wait for another writer before giving up
KEY_VARIABLE = "BELLWETHER_DATABASE__KEY"
_UNREADABLE = "not a database"  #: in what either driver says of a file that its key does not open
_PLAIN = b"SQLite format 3\0"  #: how a file begins that is not encrypted


def new_key() -> str:
    """A key nobody can guess: 64 hexadecimal digits."""
    return secrets.token_hex(32)


def driver(key: str) -> ModuleType:
    """The module to open files by: sqlite3, or for a key SQLCipher's copy of it, which has errors of its own."""
    module: ModuleType = sqlite3
    if key:
        from sqlcipher3 import dbapi2

        module = dbapi2
    module.register_adapter(list, json.dumps)  # a value like any other: `db.sql` has how it is read
    return module


def connect(path: Path, key: str, mode: str = "rwc", **options: Any) -> sqlite3.Connection:
    """A connection as `sqlite3.connect` makes it. Raises WrongKey where the key does not fit, and the driver's errors.

    `mode` is SQLite's own: "ro" changes nothing, "rw" makes no file.

    SQLite is asked whether it can read the file, and the file itself is only looked at when it cannot: on POSIX,
    closing a file drops every lock that this process has on it. Another process would take the database for unused,
    and delete the log that our other connections go on writing to.
    """
    module = driver(key)
    place = path if mode == "rwc" else f"{path.absolute().as_uri()}?mode={mode}"
    connection = unlock(module.connect(place, uri=mode != "rwc", **options), key)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except module.DatabaseError as problem:
        if _UNREADABLE in str(problem):  # what else is wrong shows where the file is used
            connection.close()
            raise WrongKey(mismatch(path, key) or wrong_key(path)) from None
    return connection


def unlock(connection: Any, key: str) -> sqlite3.Connection:
    """A new connection of `driver(key)`, after it was told the key. Raises StoreError where nothing would be encrypted.

    A library that brings an SQLite for everybody, as TensorFlow does, may have taken SQLCipher's place in this process.
    """
    if key:
        if connection.execute("PRAGMA cipher_version").fetchone() is None:
            connection.close()
            raise StoreError(
                "Another SQLite has taken SQLCipher's place in this program, so nothing would be encrypted."
            )
        connection.execute(f"PRAGMA key = {_quoted(key)}")
    opened: sqlite3.Connection = connection
    return opened


def errors(key: str) -> tuple[type[Exception], ...]:
    """What working with a file may raise; the other kinds of error are classes below it, by the same names."""
    return (sqlite3.Error, driver(key).Error)


def mismatch(path: Path, key: str) -> str:
    """What is wrong when there is a key for a plain file, or none for another; empty when that may fit.

    Never of a file that this process has open as a database: see `connect`.
    """
    begins = b""
    if path.is_file():
        with path.open("rb") as file:
            begins = file.read(len(_PLAIN))
    if key and begins == _PLAIN:
        return (
            f"The database {path} is not encrypted, but a key is set: stop the service and run `{COMMAND} "
            "database encrypt` once, which keeps everything."
        )
    if not key and begins and begins != _PLAIN:
        return (
            f"The file {path} is not a healthy database, or it is encrypted: set {KEY_VARIABLE} to its key, restore a "
            "backup, or move it away."
        )
    return ""


def wrong_key(path: Path) -> str:
    """What to say when a file cannot be read with a key."""
    return f"The key does not fit the database {path}: set {KEY_VARIABLE} to the one that it was encrypted with."


def rewrite(path: Path, key: str, new: str) -> int:
    """Write a database anew under another key ("" is none), and put it in the old one's place; how many rows it has.

    The old file stays until every row of every table was counted in the new one. Raises StoreError, for example while
    another program has the file open.
    """
    if not path.is_file():
        raise StoreError(f"There is no database {path} yet; it is encrypted from its first row on when a key is set.")
    if not key and mismatch(path, key):
        raise StoreError(f"The database {path} is encrypted already, or it is not a healthy one; it was left as it is.")
    module, scratch = driver(key or new), path.with_name(f"{path.name}.new")
    scratch.unlink(missing_ok=True)
    try:
        rows = _copy(module, path, scratch, key, new)
        scratch.replace(path)
        return rows
    except (module.Error, OSError) as problem:
        raise StoreError(_why(path, key, problem)) from None  # the statement in the cause may hold a key
    finally:
        scratch.unlink(missing_ok=True)


def _copy(module: ModuleType, path: Path, scratch: Path, key: str, new: str) -> int:
    connection = module.connect(path, timeout=1, isolation_level=None)
    try:
        unlock(connection, key)
        # works only while nobody else has the file open, and brings what is still in the log into it
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"ATTACH ? AS anew KEY {_quoted(new)}", (str(scratch),))
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


def _quoted(key: str) -> str:
    return f"\"x'{key}'\"" if key else "''"


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
        return wrong_key(path)
    return f"The database {path} was left as it is: {problem}."
