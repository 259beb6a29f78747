"""Whole copies of a database file: SQLite's own online copy into a draft, checked, then in its place at once.

A draft lies beside the file it is to become and is renamed at the end: cut off at any moment, what was there is left.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from os import fsync
from pathlib import Path
from typing import Any

from bellwether.core.errors import BackupRefused, StoreError
from bellwether.db import encryption, versions

LEFT = ("-wal", "-shm", "-journal")  #: what SQLite may leave beside a database


def copy_into(draft: Path, source: Path, key: str) -> None:
    """Copy what the database `source` holds at this moment, while others use it. Raises the driver's errors."""
    with closing(opened(source, key)) as old, closing(opened(draft, key)) as copy:
        old.backup(copy)  # in one step: a write in between would make a copy by steps begin anew
        copy.execute("PRAGMA journal_mode = DELETE")  # a single file, without a log beside it


def check_whole(file: Path, key: str) -> versions.State:
    """What a file's database went through, when every page of it is sound. Raises BackupRefused."""
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), StoreError)
    if not file.is_file():
        raise BackupRefused(f"There is no file {file}.")
    if odd := encryption.mismatch(file, key):
        raise BackupRefused(odd)
    try:
        with closing(opened(file, key)) as db:
            faults = [line for (line,) in db.execute("PRAGMA integrity_check(3)")]
            if faults != ["ok"]:
                raise BackupRefused(f"{file} is damaged: {faults[0]}. Please use another backup.")
            return versions.state_of(db)
    except troubles as problem:
        why = encryption.wrong_key(file) if key else f"{file} is no backup of Bellwether: {problem}."
        raise BackupRefused(why) from problem


def opened(file: Path, key: str) -> Any:
    """A connection that waits for nobody."""
    return encryption.connect(file, key, timeout=1, isolation_level=None)


@contextmanager
def draft_of(target: Path, key: str) -> Iterator[Path]:
    """A file beside the target, which is gone afterwards if it was not put in its place."""
    draft = target.with_name(f".{target.name}.draft")
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), OSError)
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        forget(draft)
        yield draft
    except troubles as problem:
        raise StoreError(f"{target} could not be written: {problem}.") from problem
    finally:
        with suppress(OSError):
            forget(draft)


def forget(draft: Path) -> None:
    """Delete a draft and what SQLite left beside it."""
    for left in ("", *LEFT):
        draft.with_name(draft.name + left).unlink(missing_ok=True)


def put(draft: Path, target: Path) -> None:
    """In place of what was there, at once, and on the disk before anybody is told."""
    with draft.open("rb+") as file:
        fsync(file.fileno())
    draft.replace(target)
