"""Encryption at rest: with a key the whole file is SQLCipher's, rows, indices and log alike; without one SQLite's.

Every page is AES-256 with an HMAC, so not even how many chats there are can be read from the file. The key is 256
random bits, never a password: no stretching, which would cost a fifth of a second for each connection.
"""

import json
import os
import secrets
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from bellwether.core.errors import StoreError, WrongKey
from bellwether.core.places import COMMAND

BUSY_TIMEOUT = 10  #: seconds to wait for another writer before giving up
KEY_VARIABLE = "BELLWETHER_DATABASE__KEY"
_UNREADABLE = "not a database"  #: in what either driver says of a file that its key does not open
_PLAIN = b"SQLite format 3\0"  #: how a file begins that is not encrypted
_making = threading.Lock()


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

    `mode` is SQLite's own: "ro" changes nothing, "rw" makes no file. A file that is made only its owner may read.

    SQLite is asked whether it can read the file, and the file itself is only looked at when it cannot: on POSIX,
    closing a file drops every lock that this process has on it. Another process would take the database for unused,
    and delete the log that our other connections go on writing to.
    """
    module = driver(key)
    if mode == "rwc":
        with suppress(OSError):  # SQLite says what is wrong with the place
            make_private(path)
    place = path if mode == "rwc" else f"{path.absolute().as_uri()}?mode={mode}"
    connection = unlock(module.connect(place, uri=mode != "rwc", **options), key)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except module.DatabaseError as problem:
        if _UNREADABLE in str(problem):  # what else is wrong shows where the file is used
            connection.close()
            raise WrongKey(mismatch(path, key) or wrong_key(path)) from None
    return connection


def make_private(path: Path) -> None:
    """Make an empty file, which is an empty database, that nobody but its owner may read, whatever the umask.

    A file that exists stays as it is. SQLite gives the log beside a database the database's mode. Raises OSError.
    """
    with _making:  # closing it would drop the locks of a thread that came upon it in between: see `connect`
        if not path.exists():
            with suppress(FileExistsError):  # by another process
                os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


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
        connection.execute("PRAGMA cipher_log_level = NONE")  # it writes to standard error what we raise anyhow
        connection.execute(f"PRAGMA key = {key_literal(key)}")
    opened: sqlite3.Connection = connection
    return opened


def errors(key: str) -> tuple[type[Exception], ...]:
    """What working with a file may raise; the other kinds of error are classes below it, by the same names."""
    return (sqlite3.Error, driver(key).Error)


def mismatch(path: Path, key: str) -> str:
    """What is wrong when there is a key for a plain file, or none for another; empty when that may fit.

    Never of a file that this process has open as a database: see `connect`.
    """
    begins = _beginning(path)
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


def is_plain(path: Path) -> bool:
    """Whether a file is a database in the clear. Never of one that this process has open: see `connect`."""
    return _beginning(path) == _PLAIN


def wrong_key(path: Path) -> str:
    """What to say when a file cannot be read with a key."""
    return f"The key does not fit the database {path}: set {KEY_VARIABLE} to the one that it was encrypted with."


def key_literal(key: str) -> str:
    """A key as a literal of SQL; "" is none."""
    return f"\"x'{key}'\"" if key else "''"


def _beginning(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(len(_PLAIN))
