"""One row of the ledger with everything that proves it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from bellwether.core.errors import LedgerError
from bellwether.core.i18n.translate import said
from bellwether.core.types import Q10, Q90
from bellwether.db.database import Store
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.hash_chain_table import START
from bellwether.track_record.ledger.ledger_table import Issued, row_from
from bellwether.track_record.ledger.outcomes_table import Settled

HOW = said(
    "The hash is sha256 of the 32 bytes of the hash before, followed by the content. The content is ten lines of text: "
    "row number, id, symbol, cutoff in days since 1970, horizon, target in days since 1970, microseconds since 1970 at "
    "which it was made, model, source, 1 if it was shown. Then come the sha256 of what was read and 19 little-endian "
    "float64: adjusted close, close as quoted, usual chance of a rise, 7 quantiles, 7 of the plain rule, the chance of "
    "a rise that was told and by which factor the evening stretched the range (older rows lack these two). In Python: "
    "hashlib.sha256(bytes.fromhex(hash_before + content)).hexdigest() == hash"
)


@dataclass(frozen=True, slots=True)
class Receipt(Issued):
    """One row of the ledger, and what proves it."""

    row: int  #: its number, from 1
    content: str  #: the canonical content in hexadecimal digits: what was hashed, after the hash before
    hash_before: str  #: of the row before; 64 zeros for the first
    hash: str  #: sha256(hash before, content), both as bytes
    outcome: Settled | None  #: None while the horizon is open
    how_to_check: str  #: in words and one line of Python


def receipt(store: Store, forecast_id: str) -> Receipt:
    """The receipt of an issued forecast. Raises LedgerError when there is none with this id, and StoreError."""
    wanted = forecast_id.strip().lower()
    with store.reading() as db:
        stored = ledger_table.by_id(db, wanted)
        if stored is None:
            raise LedgerError(
                said(
                    "The ledger has no forecast {wanted}. An id begins with f and has 20 digits after it; sample data "
                    "and days in the past are not entered.",
                    wanted=repr(wanted[:30]),
                )
            )
        seq = row_from(stored).seq
        before = ledger_table.CHAIN.hash_at(db, seq - 1) or START
        outcome = outcomes_table.of(db, seq)
    return receipt_of(stored, before, outcome)


def is_final(row: Receipt) -> bool:
    """Whether nothing will be added to it: its outcome is there and, of a miss, why it came so."""
    if row.outcome is None:
        return False
    came = row.outcome.log_return
    missed = came is not None and not row.log_returns[Q10] <= came <= row.log_returns[Q90]
    return not missed or row.outcome.evidence is not None


def receipt_of(stored: Sequence[Any], before: bytes, outcome: Settled | None) -> Receipt:
    """The receipt of a row, given as its columns and its hash, and the hash of the row before."""
    row = row_from(stored)
    return Receipt(
        **{field.name: getattr(row, field.name) for field in fields(Issued)},
        row=row.seq,
        content=ledger_table.content(stored[:-1]).hex(),
        hash_before=before.hex(),
        hash=row.hash,
        outcome=outcome,
        how_to_check=HOW,
    )
