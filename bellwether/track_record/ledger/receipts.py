"""One row of the ledger with everything that proves it."""

from bellwether.core.errors import LedgerError
from bellwether.core.i18n.translate import said
from bellwether.db.database import Store
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.hash_chain_table import START
from bellwether.track_record.ledger.ledger_table import from_days, from_microseconds, unpack
from bellwether.track_record.scores.types import Receipt, Settled

HOW = said(
    "The hash is sha256 of the 32 bytes of the hash before, followed by the content. The content is ten lines of text: "
    "row number, id, symbol, cutoff in days since 1970, horizon, target in days since 1970, microseconds since 1970 at "
    "which it was made, model, source, 1 if it was shown. Then come the sha256 of what was read and 17 little-endian "
    "float64: adjusted close, close as quoted, usual chance of a rise, 7 quantiles, 7 of the plain rule. In Python: "
    "hashlib.sha256(bytes.fromhex(hash_before + content)).hexdigest() == hash"
)


def receipt(store: Store, forecast_id: str) -> Receipt:
    """The receipt of an issued forecast. Raises LedgerError when there is none with this id, and StoreError."""
    wanted = forecast_id.strip().lower()
    with store.reading() as db:
        row = ledger_table.by_id(db, wanted)
        if row is None:
            raise LedgerError(
                said(
                    "The ledger has no forecast {wanted}. An id begins with f and has 20 digits after it; sample data "
                    "and days in the past are not entered.",
                    wanted=repr(wanted[:30]),
                )
            )
        before = ledger_table.CHAIN.hash_at(db, row.seq - 1) or START
        came = outcomes_table.of(db, row.seq)
    numbers = unpack(row.numbers)
    return Receipt(
        row=row.seq,
        forecast_id=row.forecast_id,
        symbol=row.symbol,
        cutoff=from_days(row.cutoff),
        horizon=row.horizon,
        target_session=from_days(row.target),
        made_at=from_microseconds(row.made_at),
        model_id=row.model_id,
        source=row.source,
        shown=bool(row.shown),
        adjusted_close=numbers.adjusted_close,
        quoted_close=numbers.quoted_close,
        log_returns=numbers.log_returns,
        baseline=numbers.baseline,
        usual_probability_of_growth=numbers.usual_probability,
        bars_sha256=row.bars_sha256.hex(),
        content=row.content.hex(),
        hash_before=before.hex(),
        hash=row.hash.hex(),
        outcome=_settled(*came) if came else None,
        how_to_check=HOW,
    )


def _settled(log_return: float | None, session: int | None, settled_at: int) -> Settled:
    return Settled(log_return, from_days(session) if session is not None else None, from_microseconds(settled_at))
