"""Whole copies of a database file: SQLite's own online copy into a draft, checked, then in its place at once.

A draft lies beside the file it is to become and is renamed at the end: cut off at any moment, what was there is left.
"""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from bellwether.core.errors import BackupRefused, StoreError
from bellwether.db import encryption, versions

SIDE_FILES = ("-wal", "-shm", "-journal")  #: what SQLite may leave beside a database


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
    """An empty file beside the target that nobody else may read, and that nobody else writes to.

    It is gone afterwards if it was not put in its place. Raises StoreError in place of the driver's errors.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.draft")
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), OSError)
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        for leftover in _leftovers(target):
            leftover.unlink(missing_ok=True)
        delete_draft(draft)
        encryption.make_private(draft)
        yield draft
    except troubles as problem:
        raise StoreError(f"{target} could not be written: {problem}.") from problem
    finally:
        with suppress(OSError):
            delete_draft(draft)


def delete_draft(draft: Path) -> None:
    """Delete a draft and what SQLite left beside it."""
    for end in ("", *SIDE_FILES):
        draft.with_name(draft.name + end).unlink(missing_ok=True)


def put_in_place(draft: Path, target: Path, like: Path | None) -> None:
    """In place of what was there, at once, and on the disk before anybody is told.

    Those may read it who may read the file `like`; without one the owner alone.
    """
    with draft.open("rb+") as file:
        if like is not None:
            shutil.copymode(like, draft)
        os.fsync(file.fileno())
    draft.replace(target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """See that the names in a folder survive a power cut."""
    if os.name != "posix":  # elsewhere folders cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems of a network do not know it
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _leftovers(target: Path) -> list[Path]:
    """Drafts of processes and threads that were killed."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.(\d+)-(\d+)\.draft({'|'.join(SIDE_FILES)})?")
    named = [(file, match) for file in target.parent.iterdir() if (match := pattern.fullmatch(file.name))]
    return [file for file, match in named if not _runs(int(match[1]), int(match[2]))]


def _runs(process: int, thread: int) -> bool:
    """Whether a process runs, and where it is this one whether the thread does; True where that cannot be told."""
    if process == os.getpid():  # in a container every start has the same one
        return thread in {running.ident for running in threading.enumerate()}
    if os.name != "posix":  # there this question would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True
