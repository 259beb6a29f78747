"""Copies of the database: taken while the service runs, and put back while it does not.

backup:  running database | SQLite's own online copy | is it whole? | in place of the older copy, at once
restore: copy | is it whole, and of this version? | nobody has the database open | aside with it | in its place, at once

Both write a file beside the one they mean to make and rename it at the end: cut off at any moment, they leave what was
there.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from os import fsync
from pathlib import Path
from typing import Any

from bellwether.core.errors import BackupRefused, StoreError
from bellwether.db import encryption
from bellwether.db.database import Database, Store
from bellwether.db.migrations import migrations

_LEFT = ("-wal", "-shm", "-journal")  #: what SQLite may leave beside a database


def backup(store: Store, target: Path) -> int:
    """Copy the database to `target`, while others write to it; how many bytes.

    An older backup of that name is replaced once the new one is whole; any other file is not. Raises BackupRefused,
    StoreError, and ConfigError where the key does not fit.
    """
    if target.is_dir():
        raise BackupRefused(f"{target} is a folder; please name a file in it.")
    if target.exists() and store.path.exists() and target.samefile(store.path):
        raise BackupRefused(f"{target} is the database itself; please name another file.")
    if target.exists() and not _is_ours(target, store.key):
        raise BackupRefused(f"{target} exists and is no backup of Bellwether; please name another file.")
    if not store.path.exists():
        raise BackupRefused(f"There is no database at {store.path} yet, so there is nothing to keep.")
    key = store.key
    store.check_key()
    with _draft_of(target, key) as draft:
        with closing(_open(store.path, key)) as source, closing(_open(draft, key)) as copy:
            source.backup(copy)  # in one step: a write in between would make a copy by steps begin anew
            copy.execute("PRAGMA journal_mode = DELETE")  # a single file, without a log beside it
        check(draft, key)
        size = draft.stat().st_size
        _put(draft, target)
    return size


def check(file: Path, key: str) -> None:
    """Whether a file is a whole database of this version or an older one. Raises BackupRefused."""
    if not file.is_file():
        raise BackupRefused(f"There is no file {file}.")
    if odd := encryption.mismatch(file, key):
        raise BackupRefused(odd)
    try:
        with closing(_open(file, key)) as db:
            faults = [line for (line,) in db.execute("PRAGMA integrity_check(3)")]
            if faults != ["ok"]:
                raise BackupRefused(f"{file} is damaged: {faults[0]}. Please use another backup.")
            names = {name for (name,) in db.execute("SELECT name FROM _sqlite_migrations")}
    except encryption.errors(key) as problem:
        why = encryption.wrong_key(file) if key else f"{file} is no backup of Bellwether: {problem}."
        raise BackupRefused(why) from problem
    if unknown := sorted(names - _known()):
        raise BackupRefused(
            f"{file} is of a newer version of Bellwether, which knows {unknown[0]}; please install that one first."
        )


def put_back(store: Store, source: Path, now: datetime, *, force: bool = False) -> Path | None:
    """Make the database what the backup `source` holds; where the replaced one is kept, None if there was none.

    Raises BackupRefused, having changed nothing, when the backup is not whole, when there is a database and not
    `force`, or when anybody has it open.
    """
    path, key = store.path, store.key
    check(source, key)
    if path.exists() and path.samefile(source):
        raise BackupRefused(f"{source} is the database itself; please name a backup.")
    if path.exists() and not force:
        raise BackupRefused(
            f"There is a database at {path} already; with --force it is put aside, not deleted, and replaced."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft_of(path, key) as draft:
        with closing(_open(source, key)) as old, closing(_open(draft, key)) as copy:
            old.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        check(draft, key)
        if path.exists():
            _close_for_all(path, key)
        aside = path.with_name(f"{path.name}.replaced-{now:%Y%m%dT%H%M%SZ}") if path.exists() else None
        if aside is not None:
            _keep(path, aside)
        for left in _LEFT:  # of a database that is gone: SQLite would play its log into the new one
            path.with_name(path.name + left).unlink(missing_ok=True)
        _put(draft, path)
    return aside


def _keep(path: Path, aside: Path) -> None:
    """Give a file a second name, so that there is no moment at which it has none."""
    try:
        aside.hardlink_to(path)
    except OSError:  # some file systems have no second names
        path.rename(aside)


def _close_for_all(path: Path, key: str) -> None:
    """Take the log into the file and see that nobody else has it open. Raises BackupRefused."""
    try:
        with closing(_open(path, key)) as db:
            db.execute("PRAGMA journal_mode = DELETE")  # refused while anybody else is connected
    except StoreError:
        return  # another key, or no healthy database: that may be why a backup is put back
    except encryption.errors(key) as problem:
        if "locked" in str(problem):
            raise BackupRefused(f"{path} is in use; please stop the service first, then restore again.") from problem


def _is_ours(file: Path, key: str) -> bool:
    """Whether a file is a database that Bellwether made."""
    troubles: tuple[type[Exception], ...] = (StoreError, *encryption.errors(key))
    try:
        with closing(_open(file, key)) as db:
            return bool({name for (name,) in db.execute("SELECT name FROM _sqlite_migrations")} & _known())
    except troubles:
        return False


def _known() -> set[str]:
    """The names of this version's migrations: to a new database all of them are pending."""
    return {migration.name for migration in migrations.pending(Database(memory=True, execute_plugins=False))}


def _open(file: Path, key: str) -> Any:
    return encryption.connect(file, key, timeout=1, isolation_level=None)


@contextmanager
def _draft_of(target: Path, key: str) -> Iterator[Path]:
    """A file beside the target, which is gone afterwards if it was not put in its place."""
    draft = target.with_name(f".{target.name}.draft")
    troubles: tuple[type[Exception], ...] = (*encryption.errors(key), OSError)
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        _forget(draft)
        yield draft
    except troubles as problem:
        raise StoreError(f"{target} could not be written: {problem}.") from problem
    finally:
        with suppress(OSError):
            _forget(draft)


def _forget(draft: Path) -> None:
    for left in ("", *_LEFT):
        draft.with_name(draft.name + left).unlink(missing_ok=True)


def _put(draft: Path, target: Path) -> None:
    """In place of what was there, at once, and on the disk before anybody is told."""
    with draft.open("rb+") as file:
        fsync(file.fileno())
    draft.replace(target)
