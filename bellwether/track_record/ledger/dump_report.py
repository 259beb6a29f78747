"""A dump of PostgreSQL with its proof beside it, and what putting it back means for the ledger.

dump:    one moment | rows and ends of chains counted, and dumped by pg_dump as of it | both in their places
restore: is it the dump of its proof? | is the database empty? | pg_restore | the same rows and ends? | `verify`

The proof is a small file of JSON. What `backup_report` says of older ledgers is said here, too.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bellwether import __version__
from bellwether.core.errors import BackupRefused, LedgerError
from bellwether.core.places import COMMAND
from bellwether.db import copies, encryption, postgres_dump, postgres_versions, table_rows
from bellwether.db.newer import refusal_of_backup
from bellwether.db.postgres_connection import PostgresConnection
from bellwether.db.postgres_export import moment_of
from bellwether.db.postgres_store import PostgresStore
from bellwether.db.versions import State
from bellwether.track_record.ledger import checkpoint, ledger_table
from bellwether.track_record.ledger.backup_report import BACK, about, ended
from bellwether.track_record.ledger.checkpoint import CHAINS
from bellwether.track_record.ledger.verify import verify


@dataclass(frozen=True, slots=True)
class DumpProof:
    """What a dump holds."""

    sha256: str  #: of the dump
    bellwether: int  #: the newest version that had the database open, as its number
    migrations: list[str]
    rows: dict[str, int]  #: of each table
    ends: dict[str, str]  #: of the ledger's chains

    @property
    def state(self) -> State:
        """What the database went through."""
        return State(frozenset(self.migrations), self.bellwether, len(self.rows))


def make(store: PostgresStore, target: Path) -> str:
    """Dump the database while others write to it; what was done, in sentences. Raises BackupRefused and StoreError."""
    _refuse_target(target)
    store.check()
    with moment_of(store) as (db, snapshot):
        pg_dump = postgres_dump.program("pg_dump", db.conn.info.server_version)
        state = postgres_versions.state_of(db.conn)
        if not state.names:
            raise BackupRefused(
                f"There are no tables of Bellwether in {store.name} yet, so there is nothing to back up."
            )
        rows, ends = table_rows.counts(db), checkpoint.ends(db, CHAINS)
        with copies.draft_of(target, "") as draft:
            postgres_dump.dump(pg_dump, store, snapshot, draft)
            size, digest = draft.stat().st_size, _sha256(draft)
            copies.put_in_place(draft, target, like=None)
    proof = DumpProof(
        digest, state.number, sorted(state.names), rows, {name: str(getattr(ends, name)) for name in CHAINS}
    )
    with copies.draft_of(proof_of(target), "") as draft:
        draft.write_text(json.dumps(asdict(proof), indent=2), encoding="utf-8")
        copies.put_in_place(draft, proof_of(target), like=None)
    return (
        f"{target} holds {store.name}, of Bellwether {state.version}, {size / 1e6:,.1f} MB, with its proof in "
        f"{proof_of(target).name}. {ended(ends.ledger)} Secrets and settings are not in it."
    )


def put_back(store: PostgresStore, source: Path, *, force: bool = False) -> list[str]:
    """Put a dump into an empty database; what was done, in sentences. Raises BackupRefused and StoreError."""
    proof = _proof_for(source)
    with store.apart() as conn:
        pg_restore = postgres_dump.program("pg_restore", conn.info.server_version)
        if postgres_versions.state_of(conn).tables:
            put_aside = " --force puts files aside, not databases." if force else ""
            raise BackupRefused(
                f"{store.name[0].upper()}{store.name[1:]} has tables: a dump is put back into an empty database. Make "
                f"one (createdb), let DATABASE__URL name it, and drop the old one when you miss nothing.{put_aside}"
            )
        postgres_dump.restore(pg_restore, store, source)
        conn.execute("ANALYZE")  # a dump has no statistics, and the proof reads every table
        db = PostgresConnection(conn)
        rows, ends = table_rows.counts(db), checkpoint.ends(db, CHAINS)
        state = postgres_versions.state_of(conn)
    sentences = [f"{store.name[0].upper()}{store.name[1:]} holds what {source} holds."]
    if proof is None:
        sentences.append(f"Whether that is all cannot be told: {proof_of(source).name} is not beside it.")
    else:
        differing = [table for table in proof.rows if proof.rows[table] != rows.get(table)]
        differing += [name for name in CHAINS if proof.ends.get(name) != str(getattr(ends, name))]
        if differing:
            raise BackupRefused(f"{store.name} is not what its proof says ({', '.join(differing)}): do not use it.")
        sentences.append(
            f"ok   It has the {sum(rows.values()):,} rows and the ends of the ledger that its proof names."
        )
    if state.due:
        sentences.append(f"It was of Bellwether {state.version} and is brought up to {__version__}.")
    noted = None
    with suppress(LedgerError):
        noted = checkpoint.read(store)
    with store.reading() as db_now:
        at = ledger_table.CHAIN.hash_at(db_now, noted.ledger.rows) if noted is not None else None
    note = checkpoint.path_of(store)
    checkpoint.write(note, ends)
    sentences += about(noted, ends, at)
    sentences.append(
        f"On every other host, delete {note.name} beside its DATABASE__PATH, if it is there, before you start its "
        "service: it notes where the ledger ended before."
    )
    sentences += [f"FAIL {problem}" for problem in verify(store).problems] or ["ok   The ledger proves itself."]
    return [*sentences, BACK]


def proof_of(dump: Path) -> Path:
    """Where the proof of a dump lies."""
    return dump.with_name(f"{dump.name}.proof.json")


def _refuse_target(target: Path) -> None:
    if target.is_dir():
        raise BackupRefused(f"{target} is a folder; please name a file in it.")
    if target.exists() and not postgres_dump.is_dump(target):
        raise BackupRefused(f"{target} exists and is no dump of PostgreSQL; please name another file.")


def _proof_for(source: Path) -> DumpProof | None:
    """The proof of a dump that is to be put back; None where there is none. Raises BackupRefused."""
    if not source.is_file():
        raise BackupRefused(f"There is no file {source}.")
    if not os.access(source, os.R_OK):
        raise BackupRefused(f"{source} cannot be read: give this user the right to.")
    if encryption.is_plain(source):
        raise BackupRefused(f"{source} is a file of SQLite: `{COMMAND} database import-sqlite` copies it.")
    if not postgres_dump.is_dump(source):
        raise BackupRefused(f"{source} is no dump of PostgreSQL in the custom format.")
    try:
        told: dict[str, Any] = json.loads(proof_of(source).read_text(encoding="utf-8"))
        proof = DumpProof(**told)
        refusal = refusal_of_backup(source, proof.state)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as problem:
        raise BackupRefused(f"{proof_of(source)} cannot be read: {problem}. Move it away to do without.") from problem
    if proof.sha256 != _sha256(source):
        raise BackupRefused(
            f"{source} is not the dump that {proof_of(source).name} is about: it is damaged or another one. Please use "
            "another backup, or move the proof away to do without."
        )
    if refusal:
        raise BackupRefused(refusal)
    return proof


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
