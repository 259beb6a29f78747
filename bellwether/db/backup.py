"""Copies of the database: taken while the service runs, and put back while it does not.

backup:  running database | SQLite's own online copy | is it whole? | in place of the older copy, at once
restore: copy | is it whole, and of this version? | nobody has the database open | aside with it | in its place, at once

Both are made as `db.copies` says. Backups before upgrades are in `db.upgrade_backups`.
"""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from bellwether.core.errors import BackupRefused, StoreError
from bellwether.db import copies, encryption, versions
from bellwether.db.newer import refusal_of_backup
from bellwether.db.rewrite import rewrite
from bellwether.db.sqlite_store import SqliteStore
from bellwether.db.upgrade_backups import INSTANT
from bellwether.db.versions import State


def backup(store: SqliteStore, target: Path) -> int:
    """Copy the database to `target`, while others write to it; how many bytes.

    An older backup of that name is replaced once the new one is whole; any other file is not. Raises BackupRefused,
    StoreError, and ConfigError where the key does not fit.
    """
    if target.is_dir():
        raise BackupRefused(f"{target} is a folder; please name a file in it.")
    if target.exists() and store.path.exists() and target.samefile(store.path):
        raise BackupRefused(f"{target} is the database itself; please name another file.")
    if target.exists() and not _is_backup(target, store.key):
        raise BackupRefused(f"{target} exists and is no backup of Bellwether; please name another file.")
    if not store.path.exists():
        raise BackupRefused(f"There is no database at {store.path} yet, so there is nothing to back up.")
    key = store.key
    store.check()
    with copies.draft_of(target, key) as draft:
        copies.copy_into(draft, store.path, key)
        check(draft, key)
        size = draft.stat().st_size
        copies.put_in_place(draft, target, like=store.path)
    return size


def check(file: Path, key: str) -> State:
    """Whether a file is a whole database of this version or an older one; its state. Raises BackupRefused."""
    state = copies.check_whole(file, key)
    if not state.of_bellwether:
        raise BackupRefused(f"{file} is no backup of Bellwether: it has none of its tables.")
    if refusal := refusal_of_backup(file, state):
        raise BackupRefused(refusal)
    return state


def put_back(store: SqliteStore, source: Path, now: datetime, *, force: bool = False) -> Path | None:
    """Make the database what the backup `source` holds; where the replaced one is now, None if there was none.

    A backup in the clear is encrypted on its way, where there is a key: it may be of a time before that.

    Raises BackupRefused, having changed nothing, when the backup is not whole, when there is a database and not
    `force`, or when anybody has it open.
    """
    path, key = store.path, store.key
    opens_with = "" if in_the_clear(source, key) else key
    check(source, opens_with)
    if path.exists() and path.samefile(source):
        raise BackupRefused(f"{source} is the database itself; please name a backup.")
    if path.exists() and not force:
        raise BackupRefused(
            f"There is a database at {path} already; with --force it is put aside, not deleted, and replaced."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with copies.draft_of(path, key) as draft:
        copies.copy_into(draft, source, opens_with)
        if opens_with != key:
            rewrite(draft, "", key)
        check(draft, key)
        if path.exists():
            _close_for_all(path, key)
        aside = path.with_name(f"{path.name}.replaced-{now:{INSTANT}}") if path.exists() else None
        if aside is not None:
            _put_aside(path, aside)
        for end in copies.SIDE_FILES:  # of a database that is gone: SQLite would play its log into the new one
            path.with_name(path.name + end).unlink(missing_ok=True)
        copies.put_in_place(draft, path, like=aside)
    return aside


def in_the_clear(source: Path, key: str) -> bool:
    """Whether a backup is not encrypted although there is a key by now."""
    return bool(key) and encryption.is_plain(source)


def _put_aside(path: Path, aside: Path) -> None:
    """Give a file a second name, so that there is no moment at which it has none."""
    try:
        aside.hardlink_to(path)
    except FileExistsError:  # of the same second: it is not to be lost
        raise
    except OSError:  # some file systems have no second names
        path.rename(aside)


def _close_for_all(path: Path, key: str) -> None:
    """Take the log into the file and see that nobody else has it open. Raises BackupRefused."""
    try:
        with closing(copies.opened(path, key)) as db:
            db.execute("PRAGMA journal_mode = DELETE")  # refused while anybody else is connected
    except StoreError:
        return  # another key, or no healthy database: that may be why a backup is put back
    except encryption.errors(key) as problem:
        if "locked" in str(problem):
            raise BackupRefused(f"{path} is in use; please stop the service first, then restore again.") from problem


def _is_backup(file: Path, key: str) -> bool:
    """Whether a file is a database that Bellwether made."""
    troubles: tuple[type[Exception], ...] = (StoreError, *encryption.errors(key))
    try:
        with closing(copies.opened(file, key)) as db:
            return versions.state_of(db).of_bellwether
    except troubles:
        return False
