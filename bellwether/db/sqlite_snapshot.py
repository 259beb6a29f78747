"""An SQLite file as it is at one moment, in a working copy that outlives the process which made it.

A service may go on writing to the file meanwhile. Where the file is of an older version the working copy is brought up
to this one; the file itself is left as it is.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from bellwether.core.errors import BackupRefused, MoveRefused, StoreError, WrongKey
from bellwether.db import copies, encryption, versions
from bellwether.db.newer import refuse_newer
from bellwether.db.sqlite_connection import SqliteConnection
from bellwether.db.sqlite_store import SqliteStore
from bellwether.db.upgrade_backups import make_none

_TOKEN = "bellwether_import"  #: the table in a working copy that has its token
_NO_SPACE = "make room, or set DATABASE__PATH to a folder that has it"


def key_for(source: Path, key: str) -> str:
    """The key that a file is opened with: none where it is in the clear, whatever is set.

    Raises MoveRefused where it is no database of this version or an older one.
    """
    if not source.is_file():
        raise MoveRefused(f"There is no file {source}.")
    opens_with = key
    try:
        try:
            state = versions.state_in(source, key)
        except WrongKey:
            if not key or not encryption.is_plain(source):
                raise
            opens_with, state = "", versions.state_in(source, "")
        refuse_newer(source, state, opens_with)
    except StoreError as problem:
        raise MoveRefused(problem.for_operator) from None
    if state is None or not state.of_bellwether:
        raise MoveRefused(f"{source} is no database of Bellwether.")
    return opens_with


@contextmanager
def reading(source: Path, key: str) -> Iterator[SqliteConnection]:
    """The file as it is, for looking into it: whatever version made it, it is not changed. Raises StoreError."""
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), OSError)
    mode = "ro" if versions.has_log(source) else "rw"  # whoever closes it last and may write takes the log into it
    try:
        options = {"timeout": encryption.BUSY_TIMEOUT, "isolation_level": None}
        with closing(encryption.connect(source, key, mode, **options)) as conn:
            yield SqliteConnection(conn)
    except troubles as problem:
        raise StoreError(f"The database {source} cannot be read: {problem}.") from problem


def take(source: Path, working: Path, key: str) -> tuple[str, str]:
    """Make the working copy; its token, and how the file looks, "" where somebody wrote to it meanwhile.

    Raises MoveRefused and StoreError.
    """
    token = secrets.token_hex(16)
    try:
        with copies.draft_of(working, key) as draft:
            with reading(source, key) as db, closing(copies.opened(draft, key)) as copy:
                before = db.seen()
                db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # what comes after this shows in `seen`
                db.conn.backup(copy)
                copy.execute(f"CREATE TABLE {_TOKEN} AS SELECT '{token}' AS token")
                state = state_of(source)
                quiet = db.seen() == before
            copies.check_whole(draft, key)
            store = SqliteStore(draft, key, make_none)
            with store.reading():
                pass
            store.close()
            copies.put_in_place(draft, working, like=None)
    except BackupRefused as problem:
        raise MoveRefused(problem.for_operator) from None
    except StoreError as problem:
        if problem.for_operator.startswith(str(working)):
            raise StoreError(f"{problem.for_operator.rstrip('.')}; {_NO_SPACE}.") from None
        raise
    return token, state if quiet else ""


def token_of(working: Path, key: str) -> str:
    """The token of a working copy; empty where there is none that can be read."""
    with suppress(StoreError, OSError, *encryption.errors(key)):
        if working.is_file():
            with reading(working, key) as db:
                return str(db.execute(f"SELECT token FROM {_TOKEN}").fetchone()[0])
    return ""


def state_of(source: Path) -> str:
    """How a file and its log look: the same as long as nobody writes to it."""
    looks = []
    for file in (source, source.with_name(f"{source.name}-wal")):
        with suppress(OSError):
            seen = os.stat(file)
            if seen.st_size:  # an empty log comes and goes with whoever reads
                looks.append(f"{seen.st_size} {seen.st_mtime_ns}")
    return ", ".join(looks)


def delete(working: Path) -> None:
    """Delete a working copy, which has all that people told the bot."""
    with suppress(OSError):
        copies.delete_draft(working)


class Texts:
    """Reads the texts of a file as PostgreSQL can keep them, and counts those that it cannot keep as they are."""

    def __init__(self) -> None:
        """None is counted yet."""
        self.changed = 0

    def read(self, stored: bytes) -> str:
        """One text; the character NUL is left out, and what is no UTF-8 is replaced."""
        try:
            text = stored.decode()
        except UnicodeDecodeError:
            self.changed += 1
            return stored.decode(errors="replace").replace("\0", "")
        if "\0" not in text:
            return text
        self.changed += 1
        return text.replace("\0", "")


def rows_of(conn: Any, table: str, columns: list[str], after: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a working copy's table in the order in which they lie, without the first so many."""
    names = ", ".join(f'"{name}"' for name in columns)
    return iter(conn.execute(f"SELECT {names} FROM {table} NOT INDEXED LIMIT -1 OFFSET {after}"))
