"""A track record as JSON: the dataclasses' own names, days as ISO 8601, enums by name."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from bellwether.track_record.scores.types import Score, TrackRecord


def record_json(record: TrackRecord) -> dict[str, Any]:
    """Plain values, ready for `json.dumps`."""
    plain: dict[str, Any] = to_plain(record)
    return plain


def to_plain(value: Any) -> Any:
    """Any value of `track_record.scores.types` as plain ones."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
        return found | {"verdict": value.verdict.name} if isinstance(value, Score) else found
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date | datetime):
        return value.isoformat()
    return [to_plain(one) for one in value] if isinstance(value, tuple) else value
