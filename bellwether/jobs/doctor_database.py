"""What `doctor` says of the database beside its rows: encryption, backups, and what a move has left."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from bellwether.core.config import Settings
from bellwether.core.errors import BackupRefused, StoreError
from bellwether.core.places import COMMAND
from bellwether.core.types import Check
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.db.upgrade_backups import MAX_AGE, backups_of, unencrypted

if TYPE_CHECKING:
    from bellwether.db.postgres_store import PostgresStore


def backups(store: Store) -> list[Check]:
    """What there is to go back to, and what a move has left; of a database that can be used."""
    if isinstance(store, SqliteStore):
        return [*_before_upgrades(store.path), *_left_of_moves(store.folder)]
    return [*_dumps(_postgres(store)), *_left_of_moves(store.folder)]


def encryption(settings: Settings, store: Store, *, opened: bool) -> list[Check]:
    """Whether what people tell the bot lies about in the clear. `opened`: the database could be read, with its key."""
    if isinstance(store, SqliteStore):
        return [_of_file(settings, opened=opened)]
    return [_of_server(_postgres(store))] if opened else []


def _postgres(store: Store) -> "PostgresStore":
    from bellwether.db.opening import as_postgres  # with a file nobody pays for the driver

    return as_postgres(store)


def _before_upgrades(path: Path) -> list[Check]:
    """The backups that upgrades made."""
    backups = backups_of(path)
    if not backups:
        return []
    size = backups[0].stat().st_size / 1e6
    others = f"; with it lie {len(backups) - 1} of earlier ones" if len(backups) > 1 else ""
    return [
        Check(
            "Backup",
            True,
            f"{backups[0]} was made before the last upgrade, {size:,.1f} MB{others}.",
            f"Back to it: that earlier version, then its `{COMMAND} restore --force` with this file; {MAX_AGE.days} "
            "days old it is deleted.",
        )
    ]


def _left_of_moves(folder: Path) -> list[Check]:
    """Working copies of moves to PostgreSQL that did not end."""
    left = sorted(str(file) for file in folder.glob("*.postgresql.import.sqlite3"))
    if not left:
        return []
    detail = f"with all that people told the bot, of a move to PostgreSQL that did not end: {', '.join(left)}"
    advice = f"{COMMAND} database import-sqlite goes on with it; to give it up: rm {shlex.join(left)}"
    return [Check("Working copy", True, detail, advice)]


def _of_file(settings: Settings, *, opened: bool) -> Check:
    """Without a bot too people are known, at the terminal and by mail."""
    if settings.database.key.get_secret_value():
        plain = [str(file) for file in unencrypted(settings.database.path)]
        if plain:
            detail = f"a key is set, but copies of the database lie beside it in the clear: {', '.join(plain)}"
            return Check("Encryption", False, detail, f"To delete them: rm {shlex.join(plain)}")
        if not opened:
            return Check("Encryption", False, "a key is set, but the database cannot be used with it", "See Database.")
        return Check("Encryption", True, "a key is set, and the database is encrypted with it")
    return Check(
        "Encryption",
        True,
        "NONE: what people tell the bot, the terminal or the page is kept in the clear, but for sealed addresses.",
        f"{COMMAND} database key makes a key, database encrypt uses it.",
    )


def _of_server(store: "PostgresStore") -> Check:
    """What is the server operator's to arrange, and what can be seen of it from here."""
    try:
        with store.apart() as conn:
            sealed, near = conn.pgconn.ssl_in_use, conn.info.host.startswith(("/", "127.", "::1", "localhost"))
    except StoreError as problem:
        return Check("Encryption", False, problem.for_operator)
    if sealed or near:
        way = "the way to it is encrypted" if sealed else "the way to it does not leave this machine"
        return Check("Encryption", True, f"{way}; what its files hold is its operator's to encrypt")
    return Check(
        "Encryption",
        True,
        "NONE on the way to the server: whoever is in between can read along.",
        "Add ?sslmode=verify-full to DATABASE__URL. What its files hold is its operator's to encrypt.",
    )


def _dumps(store: "PostgresStore") -> list[Check]:
    """Whether PostgreSQL's own programs are here; who has other backups needs none."""
    from bellwether.db import postgres_dump

    try:
        with store.apart() as conn:
            number = conn.info.server_version
        for name in ("pg_dump", "pg_restore"):
            postgres_dump.program(name, number)
    except (BackupRefused, StoreError) as problem:
        return [Check("Backup", True, f"{COMMAND} backup cannot be used here.", problem.for_operator)]
    return [Check("Backup", True, f"{COMMAND} backup dumps it by pg_dump; when, and to where, is its operator's")]
