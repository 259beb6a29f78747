"""The key that a service makes for itself, in a file beside its database, where the operator has set none.

It lies beside the rows that it opens, so it keeps nothing from somebody who reads the whole folder. It does keep the
addresses out of what leaves the folder: copies and backups of the database have the rows and never the key. Whoever
wants more sets CHANNELS__KEY or DATABASE__KEY, from a secret store or systemd's credentials.

With PostgreSQL none is made, and a file from the time before is not read: each host would seal by a key that the others
lack. CHANNELS__KEY is the same on all of them. Nor is one made where there are rows that a key has sealed or marked:
that key is missing, and another would hide it.
"""

import logging
import os
import re
import secrets
from contextlib import suppress
from enum import Enum
from pathlib import Path

from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.delivery.targets import targets_table

NAME = "channels.key"
_OPEN_TO_OTHERS = 0o077  #: bits of a file's mode
_KEY = re.compile("[0-9a-fA-F]{64}")
log = logging.getLogger(__name__)


class KeySource(Enum):
    """Where the key of the channels comes from."""

    SETTING = "CHANNELS__KEY"
    FILE = "a key of its own"
    DATABASE = "DATABASE__KEY"
    NONE = "no key"
    UNREADABLE = "a file with a key that cannot be read"  #: another is not taken: it would open none of the rows


def file_of(settings: Settings) -> Path:
    """Where the file lies, or would."""
    return settings.database.path.parent / NAME


def key_of(settings: Settings) -> tuple[KeySource, str]:
    """The key of the channels, 64 hexadecimal digits or empty, and where it comes from.

    The file goes before the key of the database, so that encrypting the database later closes no address. Where hosts
    may share the rows neither counts: what lies on one host is not the others', and DATABASE__KEY is for SQLite.
    """
    if setting := settings.channels.key.get_secret_value():
        return KeySource.SETTING, setting
    if are_rows_shared(settings):
        return KeySource.NONE, ""
    try:
        secret = file_of(settings).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        database = settings.database.key.get_secret_value()
        return (KeySource.DATABASE, database) if database else (KeySource.NONE, "")
    except (OSError, ValueError):
        return KeySource.UNREADABLE, ""
    return (KeySource.FILE, secret) if _KEY.fullmatch(secret) else (KeySource.UNREADABLE, "")


def are_rows_shared(settings: Settings) -> bool:
    """Whether other hosts may read the rows too, without this one's files."""
    return bool(settings.database.url.get_secret_value())


def may_be_made(settings: Settings) -> bool:
    """Whether `serve` makes a key where there is none."""
    return not are_rows_shared(settings) and settings.channels.limit > 0


def make_if_missing(settings: Settings, store: Store) -> bool:
    """Make the file where there is no key, and nothing yet that needs an earlier one; whether one was made.

    Of several processes that begin at once one makes it. What keeps it from being written is logged.
    """
    file = file_of(settings)
    if not may_be_made(settings) or key_of(settings)[0] is not KeySource.NONE:
        return False
    try:
        with store.transaction() as db:  # one process at a time
            if targets_table.needs_key(db) or key_of(settings)[0] is not KeySource.NONE:
                return False
            try:
                _write(file, secrets.token_hex(32))
            except OSError as problem:
                log.warning("No key for addresses of other apps could be kept in %s: %s.", file, problem.strerror)
                return False
    except StoreError as problem:
        log.info("No key for addresses of other apps was made: %s", problem.for_operator)
        return False
    log.info("Made %s, by which addresses of other apps are encrypted. No backup of the database has it.", file)
    return True


def is_open_to_others(file: Path) -> bool:
    """Whether others on this machine may read the file; False where modes say nothing of that."""
    try:
        return os.name == "posix" and bool(file.stat().st_mode & _OPEN_TO_OTHERS)
    except OSError:
        return False


def _write(file: Path, secret: str) -> None:
    """All of it or nothing, and only for its owner, whatever the umask. Raises OSError."""
    draft = file.with_name(f".{NAME}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as writing:
            writing.write(f"{secret}\n")
            writing.flush()
            os.fsync(writing.fileno())
        draft.replace(file)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
