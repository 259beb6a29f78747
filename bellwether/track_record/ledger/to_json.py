"""Rows of the ledger as plain values: every issued forecast with what came of it, misses included."""

from typing import Any

from bellwether.forecasting.to_json import by_level
from bellwether.track_record.ledger.ledger_table import LedgerRow, from_days, from_microseconds, unpack
from bellwether.track_record.ledger.outcomes_table import LedgerEntry


def entry_json(entry: LedgerEntry) -> dict[str, Any]:
    """One row: quantiles are cumulative log returns from the cutoff, as they were entered."""
    issued, came = issued_json(entry.row), entry.log_return
    said = issued["log_returns"]
    return issued | {
        "settled": entry.settled,
        "outcome": None
        if entry.settled_at is None
        else {
            "log_return": came,
            "session": from_days(entry.session).isoformat() if entry.session is not None else None,
            "settled_at": from_microseconds(entry.settled_at).isoformat(),
            "inside_80": None if came is None else said["0.1"] <= came <= said["0.9"],
            "inside_90": None if came is None else said["0.05"] <= came <= said["0.95"],
        },
    }


def issued_json(row: LedgerRow) -> dict[str, Any]:
    """What was said when the forecast was issued; it never changes."""
    numbers = unpack(row.numbers)
    return {
        "row": row.seq,
        "forecast_id": row.forecast_id,
        "symbol": row.symbol,
        "cutoff": from_days(row.cutoff).isoformat(),
        "horizon": row.horizon,
        "target_session": from_days(row.target).isoformat(),
        "made_at": from_microseconds(row.made_at).isoformat(),
        "model_id": row.model_id,
        "source": row.source,
        "shown": bool(row.shown),
        "adjusted_close": numbers.adjusted_close,
        "last_close": numbers.quoted_close,
        "usual_probability_of_growth": numbers.usual_probability,
        "log_returns": by_level(numbers.log_returns),
        "baseline_log_returns": by_level(numbers.baseline),
        "bars_sha256": row.bars_sha256.hex(),
        "hash": row.hash.hex(),
    }
