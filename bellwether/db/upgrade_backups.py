"""The backups that upgrades make: made, listed, and deleted when they are many or old.

They lie beside the database, named after the version that made them and the instant. A hidden file tells the backup of
an upgrade that is under way. Where it is still there at the next one, that upgrade failed, and so did what its backup
was for.
"""

import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bellwether import __version__
from bellwether.core.errors import StoreError
from bellwether.db import copies, encryption, versions
from bellwether.db.versions import State

MOST_BACKUPS = 3  #: older ones are deleted
MAX_AGE = timedelta(days=30)  #: whoever asked to be erased is still in them
INSTANT = "%Y%m%dT%H%M%SZ"  #: as it stands in names of files

#: backs up what is in the file at a path, encrypted with a key, as it is of some state; where
MakeBackup = Callable[[Path, str, State], Path | None]

log = logging.getLogger(__name__)


def make_beside(path: Path, key: str, state: State) -> Path:
    """Make a backup beside the database, and leave the newest of earlier ones.

    To be called by the only one who may write to the database: what is begun beside it is nobody's. Raises StoreError,
    BackupRefused and OSError.
    """
    target = path.with_name(f"{path.name}.before-{__version__}-{datetime.now(UTC):{INSTANT}}")
    for file in path.parent.iterdir():
        if file.name.startswith(f".{path.name}.before-"):  # a draft of a process that was killed
            file.unlink(missing_ok=True)
    unused = _of_failed_upgrade(path, key, state)
    make_at(target)(path, key, state)
    try:
        _under_way(path).write_text(target.name, encoding="utf-8")
    except OSError:
        target.unlink()
        raise
    unused = [file for file in unused if file != target]
    others = [file for file in backups_of(path) if file not in unused]
    for file in unused + others[MOST_BACKUPS:]:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    return target


def make_at(target: Path) -> MakeBackup:
    """Make a backup under this name."""

    def make(path: Path, key: str, state: State) -> Path:
        began = time.monotonic()
        with copies.draft_of(target, key) as draft:
            copies.copy_into(draft, path, key)
            copies.check_whole(draft, key)
            size = draft.stat().st_size
            copies.put_in_place(draft, target, like=path)
        log.info(
            "Before the database is brought from Bellwether %s up to %s a backup of it was made, %.1f MB in %.1f s, "
            "whole: %s",
            *(state.version, __version__, size / 1e6, time.monotonic() - began, target),
        )
        return target

    return make


def make_none(path: Path, key: str, state: State) -> None:
    """Make no backup."""


def note_success(path: Path) -> None:
    """The upgrade is done: from now on its backup is the way back."""
    with suppress(OSError):
        _under_way(path).unlink(missing_ok=True)


def backups_of(path: Path) -> list[Path]:
    """The backups that were made beside a database before its upgrades, the newest first."""
    return [file for file, _ in _dated(path)]


def delete_old(path: Path, now: datetime) -> list[Path]:
    """Delete the backups that are too old; which could be deleted."""
    deleted = []
    for file, made_at in _dated(path):
        if now - made_at >= MAX_AGE:
            with suppress(OSError):  # `doctor` goes on naming it
                file.unlink()
                deleted.append(file)
    return deleted


def unencrypted(path: Path) -> list[Path]:
    """What lies in the clear beside a database: backups before upgrades, and what was put aside by `restore`."""
    pattern = re.compile(rf"{re.escape(path.name)}\.(before-.+|replaced)-\d{{8}}T\d{{6}}Z")
    try:
        named = [file for file in path.parent.iterdir() if pattern.fullmatch(file.name)]
        return sorted(file for file in named if encryption.is_plain(file))
    except OSError:
        return []


def _dated(path: Path) -> list[tuple[Path, datetime]]:
    """Backups and when they were made, the newest first."""
    pattern = re.compile(rf"{re.escape(path.name)}\.before-.+-(\d{{8}}T\d{{6}}Z)")
    dated = []
    with suppress(OSError):
        for file in path.parent.iterdir():
            if match := pattern.fullmatch(file.name):
                with suppress(ValueError):  # digits that are no instant
                    dated.append((file, datetime.strptime(match[1], INSTANT).replace(tzinfo=UTC)))
    return sorted(dated, key=lambda backup: backup[1], reverse=True)


def _under_way(path: Path) -> Path:
    return path.with_name(f".{path.name}.upgrading")


def _of_failed_upgrade(path: Path, key: str, state: State) -> list[Path]:
    """The backup of the last upgrade, if that failed: the database then still is of the backup's state."""
    try:
        file = path.with_name(_under_way(path).read_text(encoding="utf-8"))
        before = versions.state_in(file, key) if file in backups_of(path) else None
    except (OSError, ValueError, StoreError):  # none is under way, or it has another key
        return []
    return [file] if before is not None and before.names == state.names else []
