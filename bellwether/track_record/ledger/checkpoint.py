"""A note beside the database of where the hash chains end, without which nobody could tell that their end was cut off.

A chain proves itself up to its last row, whichever that is. The note, rewritten whenever rows are added, says which
it was; so does every receipt and every head that somebody has noted elsewhere.
"""

import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from bellwether.core.errors import LedgerError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.track_record.ledger import ledger_table, list_ledger_table, outcomes_table, revenue_ledger_table
from bellwether.track_record.ledger.hash_chain_table import NOTHING, START, HashChain, Head, hashes_at, heads

log = logging.getLogger(__name__)
#: the chains that every database and dump has, however old, by their names in the note
CHAINS: dict[str, HashChain] = {
    "ledger": ledger_table.CHAIN,
    "outcomes": outcomes_table.CHAIN,
    "growth": revenue_ledger_table.FORECASTS,
    "growth_outcomes": revenue_ledger_table.OUTCOMES,
}
#: all that are noted, proved and published: those of lists came later, so that earlier statements and dumps lack them
EVERY_CHAIN = CHAINS | {"lists": list_ledger_table.FORECASTS, "list_outcomes": list_ledger_table.OUTCOMES}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the chains end."""

    ledger: Head
    outcomes: Head
    growth: Head = NOTHING
    growth_outcomes: Head = NOTHING
    lists: Head = NOTHING
    list_outcomes: Head = NOTHING

    def lost(self, db: Connection) -> dict[str, bytes | None]:
        """What stands in the noted rows' places now, by field, where it is not what was noted; None for no row."""
        now = hashes_at(db, {name: (chain, getattr(self, name).rows) for name, chain in EVERY_CHAIN.items()})
        return {name: hashed for name, hashed in now.items() if hashed != getattr(self, name).hash}


def path_of(store: Store) -> Path:
    """Where the note is kept."""
    return store.beside("ledger-head")


def read(store: Store) -> Checkpoint | None:
    """The note; None when there is none. Raises LedgerError when it is damaged."""
    file = path_of(store)
    try:
        noted = json.loads(file.read_text(encoding="utf-8"))
        later = ("growth", "growth_outcomes", "lists", "list_outcomes")  # an older note is from before there were such
        older = dict.fromkeys(later, str(NOTHING))
        return Checkpoint(**{name: parse_head((older | noted)[name]) for name in EVERY_CHAIN})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise LedgerError(f"The note {file} of the ledger's last row cannot be read: {problem!r}.") from problem


def note(store: Store) -> None:
    """Write down where the chains end now, unless a row that was noted is not there any more: then the note stays.

    A note that can't be written is logged; the chains are no worse for it.
    """
    try:
        before, written = read(store), None
        while True:
            with store.reading() as db:
                now = ends(db)
                if now == written or (before is not None and before.lost(db)):
                    return
            # looked at again afterwards: another process may have added rows and noted them before our older note
            write(path_of(store), now)
            written = now
    except (OSError, LedgerError) as problem:
        log.warning("The ledger's last row could not be noted beside the database: %s", problem)


def note_first(store: Store) -> None:
    """Write the note where there is none: a host that joins others has entered nothing itself. Raises StoreError."""
    if not path_of(store).exists():
        note(store)


def ends(db: Connection, chains: Mapping[str, HashChain] = EVERY_CHAIN) -> Checkpoint:
    """Where the chains end now; of a database that was not brought up to date only `CHAINS` are surely there."""
    return Checkpoint(**heads(db, chains))


def write(file: Path, now: Checkpoint) -> None:
    """Write the note, whatever it said before. Raises OSError."""
    draft = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}")
    told = {field.name: str(getattr(now, field.name)) for field in fields(now)}
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.replace(file)  # at once: nobody reads half a note


def parse_head(text: str) -> Head:
    """ "120:9f86d0..." as it is printed. Raises ValueError."""
    rows, _, digits = text.strip().partition(":")
    hashed = bytes.fromhex(digits)
    if len(hashed) != len(START):
        raise ValueError(f"{text!r} is no ROWS:HASH")
    return Head(int(rows), hashed)
