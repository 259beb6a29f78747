"""A backup and what it means for the ledger: where its chain ends, and what was issued after it.

The note of the ledger's last row lies beside the database and is no part of a backup: what is put back is older than
the note, which is what an operator who hides something would do too. So what is missing is said, the note of the
replaced database is kept with it, and the proof is made at once.
"""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from bellwether import __version__
from bellwether.core.errors import LedgerError
from bellwether.db import backup, copies, upgrade_backups, versions
from bellwether.db.sqlite_connection import SqliteConnection
from bellwether.db.sqlite_store import SqliteStore
from bellwether.track_record.ledger import checkpoint, ledger_table
from bellwether.track_record.ledger.checkpoint import Checkpoint
from bellwether.track_record.ledger.hash_chain_table import Head
from bellwether.track_record.ledger.verify import verify

BACK = (
    "What was changed since is as it was then: keys that were revoked are valid again, chats that asked to be erased "
    "are back, and messages that were owed and are not out of date are sent again."
)


def make(store: SqliteStore, target: Path) -> str:
    """Copy the database; what was done, in a sentence or two. Raises BackupRefused and StoreError."""
    size = backup.backup(store, target)
    with closing(copies.opened(target, store.key)) as connection:
        version = versions.state_of(connection).version
        head = ledger_table.CHAIN.head(SqliteConnection(connection))
    ends = f"{ended(head).removesuffix('.')}: noted elsewhere, that proves the rows up to it for good."
    return (
        f"{target} holds the database, of Bellwether {version}, {size / 1e6:,.1f} MB, whole. "
        f"{ends if head.rows else ended(head)} Secrets and settings are not in it."
    )


def put_back(store: SqliteStore, source: Path, now: datetime, *, force: bool = False) -> list[str]:
    """Put a backup in place of the database; what was done, in sentences. Raises BackupRefused and StoreError."""
    try:
        noted = checkpoint.read(store)
    except LedgerError:
        noted = None
    store.close()
    was_plain = backup.in_the_clear(source, store.key)
    aside = backup.put_back(store, source, now, force=force)
    sentences = [f"{store.path} holds what {source} holds."]
    if was_plain:
        sentences.append("It is encrypted with the key that is set; the backup itself still lies there in the clear.")
    restored = versions.state_in(store.path, store.key)
    if restored is not None and restored.due:
        sentences.append(f"It was of Bellwether {restored.version} and is brought up to {__version__}.")
        store.make_backup = upgrade_backups.make_none  # the backup that was put back is one
    note = checkpoint.path_of(store)
    if aside is not None:
        sentences.append(f"The database that was there is kept as {aside.name}; delete it when you miss nothing.")
        if note.exists():
            note.replace(note.with_name(f"{aside.name}.ledger-head"))
    with store.reading() as db:
        end = checkpoint.ends(db)
        at = ledger_table.CHAIN.hash_at(db, noted.ledger.rows) if noted is not None else None
    checkpoint.write(note, end)
    sentences += about(noted, end, at)
    sentences += [f"FAIL {problem}" for problem in verify(store).problems] or ["ok   The ledger proves itself."]
    return [*sentences, BACK]


def ended(head: Head) -> str:
    """Where a ledger ends, as a sentence."""
    return f"Its ledger ends at {head}." if head.rows else "Its ledger is empty."


def about(noted: Checkpoint | None, end: Checkpoint, at: bytes | None) -> list[str]:
    """What the ledger lost, as far as the note of the replaced database tells; `at` is the noted row's hash now."""
    ends = ended(end.ledger)
    if noted is None:
        return [f"{ends} Whether more was issued since cannot be told: there was no note of the last row."]
    if noted.ledger.rows > end.ledger.rows:
        gone = noted.ledger.rows - end.ledger.rows
        return [f"{ends} {gone:,} forecasts that were issued after it are not in it, and their receipts prove nothing."]
    if at != noted.ledger.hash:
        return [f"{ends} It is not the ledger that was here: row {noted.ledger.rows} is another one."]
    return [f"{ends} No forecast is missing that was noted."]
