"""A track record, rows of the ledger and receipts as JSON: plain values, days as ISO 8601, enums by name."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from bellwether.core.types import Q10, Q90
from bellwether.forecasting.to_json import by_level, calibration_json
from bellwether.track_record.incidents.types import Incident
from bellwether.track_record.ledger.ledger_table import LedgerRow
from bellwether.track_record.ledger.outcomes_table import LedgerEntry, Settled
from bellwether.track_record.ledger.receipts import Receipt
from bellwether.track_record.misses.evidence import Evidence, causes_of, class_of
from bellwether.track_record.scores.types import Score, TrackRecord


def record_json(record: TrackRecord) -> dict[str, Any]:
    """A record, by the names of its fields."""
    plain: dict[str, Any] = _plain(record)
    return plain


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """A receipt, by the names of its fields; the row's number comes first."""
    came = receipt.outcome
    outcome = None if came is None else _outcome_json(came, receipt.log_returns[Q10], receipt.log_returns[Q90])
    return {"row": receipt.row, **_plain(receipt), "outcome": outcome}


def entry_json(entry: LedgerEntry) -> dict[str, Any]:
    """A row of the ledger and its outcome; quantiles are cumulative log returns from the cutoff."""
    issued, outcome = issued_json(entry.row), entry.outcome
    issued["calibration"] = calibration_json(entry.calibration)
    if outcome is None:
        return issued | {"settled": False, "outcome": None}
    came, said = outcome.log_return, issued["log_returns"]
    inside = {
        "inside_80": None if came is None else said["0.1"] <= came <= said["0.9"],
        "inside_90": None if came is None else said["0.05"] <= came <= said["0.95"],
    }
    plain = _outcome_json(outcome, said["0.1"], said["0.9"])
    return issued | {"settled": True, "outcome": plain | inside}


def _outcome_json(outcome: Settled, low: float, high: float) -> dict[str, Any]:
    """What came, and of a miss of the range from `low` to `high` its class, once it is filed."""
    plain: dict[str, Any] = _plain(outcome)
    bits, came = plain.pop("evidence"), outcome.log_return
    is_filed_miss = bits is not None and came is not None and not low <= came <= high
    evidence = Evidence(bits) if is_filed_miss else None
    return plain | {
        "why_missed": class_of(evidence).name if evidence is not None else None,
        "causes": list(causes_of(evidence)) if evidence is not None else None,
    }


def incident_json(incident: Incident) -> dict[str, Any]:
    """A storm."""
    return {
        "id": incident.id,
        "kind": incident.kind.value,
        "first_session": incident.first.isoformat(),
        "announced": incident.announced.isoformat(),
        "ended": incident.ended.isoformat() if incident.ended is not None else None,
        "lately": incident.lately,
        "depth": incident.depth,
    }


def issued_json(row: LedgerRow) -> dict[str, Any]:
    """What was said when the forecast was issued; it never changes."""
    return {
        "row": row.seq,
        "forecast_id": row.forecast_id,
        "symbol": row.symbol,
        "cutoff": row.cutoff.isoformat(),
        "horizon": row.horizon,
        "target_session": row.target_session.isoformat(),
        "made_at": row.made_at.isoformat(),
        "model_id": row.model_id,
        "source": row.source,
        "shown": row.shown,
        "adjusted_close": row.adjusted_close,
        "last_close": row.quoted_close,
        "usual_probability_of_growth": row.usual_probability_of_growth,
        "probability_of_growth": row.probability_of_growth,
        "log_returns": by_level(row.log_returns),
        "baseline_log_returns": by_level(row.baseline),
        "bars_sha256": row.bars_sha256,
        "hash": row.hash,
    }


def _plain(value: Any) -> Any:
    """A value of a record or receipt, and all that is in it, as plain ones."""
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return members | {"verdict": value.verdict.name} if isinstance(value, Score) else members
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date | datetime):
        return value.isoformat()
    return [_plain(member) for member in value] if isinstance(value, tuple) else value
