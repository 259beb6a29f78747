"""Everything that is kept, moved from a file of SQLite to PostgreSQL or back, and compared there.

to PostgreSQL: the file at one moment | rows in portions, going on where a killed copy stopped | the same on both sides?
back:          the database at one moment | rows into a draft | the same on both sides? | in its place

The same are: rows of every table, where the ledger's chains end and what their proof says, and messages by their state.
The note of the ledger's last row is taken before the moment, and goes along: see `track_record.ledger.checkpoint`.
"""

import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bellwether import __version__
from bellwether.core.clock import Clock
from bellwether.core.errors import MoveRefused
from bellwether.db import copies, postgres_export, postgres_import, sqlite_snapshot, table_rows, unfinished_import
from bellwether.db.connection import Connection
from bellwether.db.database import Store, is_recent, stamp
from bellwether.db.sqlite_store import SqliteStore
from bellwether.db.unfinished_import import Begun
from bellwether.delivery import outbox_admin_table
from bellwether.hosts import hosts_table, leases_table
from bellwether.hosts.lease import LAPSE
from bellwether.hosts.presence import BEAT
from bellwether.track_record.ledger import checkpoint
from bellwether.track_record.ledger.checkpoint import EVERY_CHAIN
from bellwether.track_record.ledger.verify import Verified, verify

if TYPE_CHECKING:
    from bellwether.db.postgres_store import PostgresStore

Tell = Callable[[str], None]
MISSED = timedelta(seconds=2 * BEAT)  #: a service that has not told of itself for so long is not told of


@dataclass(frozen=True, slots=True)
class _Content:
    """What is the same on both sides of a move."""

    rows: dict[str, int]  #: of each table
    proof: Verified
    messages: dict[str, int]  #: by their state


def import_sqlite(source: Path, key: str, target: "PostgresStore", clock: Clock, tell: Tell) -> None:
    """Copy a file into an empty database; `key` is the file's, "" is none. Raises MoveRefused and StoreError."""
    key = sqlite_snapshot.key_for(source, key)
    target.may_be_unfinished = True
    with target.reading():  # it has its tables then
        pass
    with target.apart() as conn, postgres_import.alone(conn):
        in_use = _in_use(source, key, clock(), tell)
        working = target.beside("import.sqlite3")
        begun = _working_copy(conn, source, working, key, target, clock, in_use=in_use, tell=tell)
        postgres_import.copy(conn, working, key, tell)
        snapshot = SqliteStore(working, key)
        _carry_note(_note_of(snapshot), target)
        _prove(snapshot, target, tell)
        unfinished_import.end(conn)
        checkpoint.path_of(snapshot).unlink(missing_ok=True)
        sqlite_snapshot.delete(working)
    tell(f"{target.name[0].upper()}{target.name[1:]} holds what {source} held at {begun.began_at}.")
    if in_use or _in_use(source, key, clock(), _say_nothing):
        tell(
            "What the service on the file has kept since is not in it, and what it sent since would be sent again: "
            "this was a rehearsal. To move, stop that service, make the database empty again, and run this once more."
        )
    else:
        tell(
            "Now start the service with DATABASE__URL, and without DATABASE__KEY. Never start one on the file again: "
            f"it would send what is owed a second time. So that none does: {_put_away(source)}"
        )


def export_sqlite(source: "PostgresStore", path: Path, key: str, clock: Clock, tell: Tell) -> None:
    """Copy a database into a new file, encrypted where there is a key. Raises MoveRefused and StoreError."""
    postgres_export.refuse(path)
    with source.reading():  # its tables are of this version then
        pass
    note = _note_of(source)
    with postgres_export.moment_of(source) as (db, snapshot):
        began_at = clock()
        in_use = _tell_of_services(db, source.name, began_at, tell)
        with copies.draft_of(path, key) as draft:
            postgres_export.write(db, draft, key, tell)
            then, copy = source.as_of(snapshot), SqliteStore(draft, key)
            try:
                _carry_note(note, copy)
                _carry_note(note, then)
                _prove(then, copy, tell)
            finally:
                checkpoint.path_of(copy).unlink(missing_ok=True)
                then.close()
            copies.put_in_place(draft, path, like=None)
    _carry_note(note, SqliteStore(path, key))
    encrypted = ", encrypted with the key that is set" if key else ""
    source.close()
    tell(f"{path} holds what {source.name} held at {stamp(began_at)}{encrypted}.")
    if in_use:
        tell(
            "What the service has kept since is not in it, and what it sent since would be sent again: this was a "
            "rehearsal. To move, stop that service on every host, and run this once more under another name."
        )
    else:
        tell(
            "Now start the service without DATABASE__URL, with DATABASE__PATH naming this file. Never start one on "
            "the database again: it would send what is owed a second time."
        )


def _working_copy(
    conn: Any,
    source: Path,
    working: Path,
    key: str,
    target: "PostgresStore",
    clock: Clock,
    *,
    in_use: bool,
    tell: Tell,
) -> Begun:
    """See that there is a working copy: the one of a copy that goes on, else a new one and a target without rows."""
    before = unfinished_import.read(conn)
    named = str(source.absolute())
    if before is None:
        postgres_import.refuse_rows(conn, target.name)
    else:
        token = sqlite_snapshot.token_of(working, key)
        now = Begun(named, "", token, __version__, sqlite_snapshot.state_of(source))
        why = unfinished_import.why_anew(before, now, source_in_use=in_use)
        if not why:
            tell(f"The copy of {before.began_at} goes on where it stopped.")
            return before
        tell(f"The copy is begun anew: {why}.")
        postgres_import.empty(conn)
        unfinished_import.end(conn)
    began_at = clock()
    tell(f"Reading {source} as it is now.")
    note = _note_of(SqliteStore(source, key))
    token, state = sqlite_snapshot.take(source, working, key)
    _carry_note(note, SqliteStore(working, key))
    begun = Begun(named, stamp(began_at), token, __version__, state)
    unfinished_import.note(conn, begun)
    return begun


def _in_use(source: Path, key: str, now: datetime, tell: Tell) -> bool:
    """Whether a service runs on the file, which is told."""
    with sqlite_snapshot.reading(source, key) as db:
        return _tell_of_services(db, str(source), now, tell)


def _tell_of_services(db: Connection, where: str, now: datetime, tell: Tell) -> bool:
    tables = db.columns()  # a file may be of a version that had fewer
    seen = []
    if "leases" in tables:
        seen += [(held.beat_at, held.holder) for held in leases_table.beating(db, now, timedelta(seconds=LAPSE))]
    if "hosts" in tables:
        seen += [(host.beat_at, host.name) for host in hosts_table.serving(db) if is_recent(host.beat_at, now, MISSED)]
    if not seen:
        return False
    at, name = max(seen)
    tell(
        f"A service runs on {where}: {name}, seen {(now - at).total_seconds():.0f} s ago. The copy is of this moment, "
        "and does not follow what that service does from now on."
    )
    return True


def _prove(source: Store, target: Store, tell: Tell) -> None:
    """See that both hold the same. Raises MoveRefused."""
    before, after = _content_of(source), _content_of(target)
    try:
        for table, rows in before.rows.items():
            if after.rows.get(table) != rows:
                raise MoveRefused(_differs(f"{table} has {rows:,} rows here and {after.rows.get(table, 0):,} there"))
        heads = [(name, str(getattr(before.proof, name)), str(getattr(after.proof, name))) for name in EVERY_CHAIN]
        for name, here, there in heads:
            if here != there:
                raise MoveRefused(_differs(f"{name} ends at {here} here and at {there} there"))
        if _problems(before, source) != _problems(after, target):
            raise MoveRefused(_differs("; ".join((*before.proof.problems, "there:", *after.proof.problems))))
        if before.messages != after.messages:
            raise MoveRefused(_differs("messages are in other states"))
    finally:
        source.close()
        target.close()
    tell(f"Rows: {sum(before.rows.values()):,} in {len(before.rows)} tables, the same number in each.")
    for name, here, _ in heads:
        tell(f"{name}: ends on both sides at {here}")
    for problem in before.proof.problems:
        tell(f"FAIL on both sides: {problem}")
    if not before.proof.problems:
        tell("The ledger proves itself on both sides.")
    told = ", ".join(f"{count:,} {state}" for state, count in sorted(before.messages.items())) or "none"
    tell(f"Messages on both sides: {told}.")


def _content_of(store: Store) -> _Content:
    proof = verify(store)
    with store.reading() as db:
        rows = table_rows.counts(db)
        return _Content({name: rows[name] for name in table_rows.moved(rows)}, proof, outbox_admin_table.counts(db))


def _problems(content: _Content, store: Store) -> list[str]:
    """Problems of a proof, without the name of the note, which is another one on the other side."""
    return [problem.replace(checkpoint.path_of(store).name, "the note") for problem in content.proof.problems]


def _differs(what: str) -> str:
    return f"The copy is not what it was made of, and is not to be used: {what}."


def _note_of(store: Store) -> bytes | None:
    """The note of the ledger's last row, as it lies there."""
    with suppress(OSError):
        return checkpoint.path_of(store).read_bytes()
    return None


def _carry_note(note: bytes | None, store: Store) -> None:
    file = checkpoint.path_of(store)
    if note is None:
        file.unlink(missing_ok=True)
    else:
        file.write_bytes(note)


def _say_nothing(line: str) -> None:
    """For whoever only wants to know."""


def _put_away(source: Path) -> str:
    """The command that gives a file another name, with its log where it has one: that belongs to it."""
    ends = [end for end in ("", *copies.SIDE_FILES) if source.with_name(source.name + end).exists()]
    return " && ".join(shlex.join(("mv", f"{source}{end}", f"{source}.moved{end}")) for end in ends)
