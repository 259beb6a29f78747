"""The table `ledger`: every issued forecast, one row each, appended and never changed.

Days are stored as days since 1970, instants as microseconds since then, the numbers of a forecast packed as float64:
about 430 bytes a row with its indexes and its outcome.
"""

import json
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlite_utils import Database

from bellwether.core.types import LEVELS, Floats
from bellwether.track_record.ledger.hash_chain_table import HashChain

_NUMBERS = struct.Struct(f"<{3 + 2 * len(LEVELS)}d")
NUMBERS_SIZE = _NUMBERS.size  #: bytes
_FIRST_DAY, _FIRST_INSTANT = date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Issued:
    """One forecast as it is kept."""

    forecast_id: str
    symbol: str
    calendar: str  #: of its exchange, for telling when its outcome is due; not part of what is proved
    cutoff: date
    horizon: int
    target_session: date
    made_at: datetime
    model_id: str
    source: str
    shown: bool  #: False for a model that is only tried beside the one that answers
    adjusted_close: float  #: of the cutoff, at that time
    quoted_close: float
    usual_probability: float | None
    log_returns: tuple[float, ...]  #: the quantiles, one for each of LEVELS
    baseline: tuple[float, ...]
    bars_sha256: bytes  #: of what was read


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A row of the table, as it stands there."""

    seq: int
    forecast_id: str
    symbol: str
    cutoff: int  #: days since 1970
    horizon: int
    target: int
    made_at: int  #: microseconds since 1970
    model_id: str
    source: str
    shown: int
    bars_sha256: bytes
    numbers: bytes  #: adjusted close, quoted close, usual chance of a rise (NaN: not known), quantiles, the baseline's
    hash: bytes

    @property
    def content(self) -> bytes:
        """Its canonical content: ten fields as lines of text, then bars_sha256 and numbers as they are."""
        return content(self)


def content(fields: Sequence[Any] | LedgerRow) -> bytes:
    """The canonical content of the columns before `hash`, in the order of the table."""
    if isinstance(fields, LedgerRow):
        fields = tuple(getattr(fields, name) for name in LedgerRow.__slots__)
    seq, forecast_id, symbol, cutoff, horizon, target, made_at, model_id, source, shown, bars, numbers = fields[:12]
    text = (
        f"{seq}\n{forecast_id}\n{symbol}\n{cutoff}\n{horizon}\n{target}\n{made_at}\n{model_id}\n{source}\n{shown}\n"
    ).encode()
    whole: bytes = text + bars + numbers
    return whole


CHAIN = HashChain("ledger", LedgerRow.__slots__[:-1], content)
_COLUMNS = ", ".join(LedgerRow.__slots__)


def append(db: Database, forecasts: Iterable[Issued]) -> list[Issued]:
    """Add those whose forecast_id is not there yet; which. To be called in a transaction that may write."""
    wanted = {forecast.forecast_id: forecast for forecast in forecasts}
    for known in known_among(db, wanted):
        del wanted[known]
    seq = CHAIN.head(db).rows
    CHAIN.append(db, [_fields(forecast) for forecast in wanted.values()])
    pending = [
        (number, to_days(forecast.target_session), forecast.calendar)
        for number, forecast in enumerate(wanted.values(), seq + 1)
    ]
    db.conn.executemany("INSERT INTO pending (seq, target, calendar) VALUES (?, ?, ?)", pending)
    return list(wanted.values())


def known_among(db: Database, forecast_ids: Iterable[str]) -> set[str]:
    """Those of the ids that have a row."""
    sql = "SELECT forecast_id FROM ledger WHERE forecast_id IN (SELECT value FROM json_each(?))"
    return {found for (found,) in db.conn.execute(sql, (json.dumps(list(forecast_ids)),))}


def by_id(db: Database, forecast_id: str) -> LedgerRow | None:
    """The row of a forecast; None when there is none."""
    found = db.conn.execute(f"SELECT {_COLUMNS} FROM ledger WHERE forecast_id = ?", (forecast_id,)).fetchone()
    return LedgerRow(*found) if found else None


def entered(db: Database, symbol: str, cutoff: date) -> set[tuple[str, bool, int]]:
    """(model_id, shown, horizon) of every forecast of a symbol and session."""
    sql = "SELECT DISTINCT model_id, shown, horizon FROM ledger WHERE symbol = ? AND cutoff = ?"
    found = db.conn.execute(sql, (symbol, to_days(cutoff)))
    return {(model, bool(shown), horizon) for model, shown, horizon in found}


def counts(db: Database) -> dict[tuple[str, bool, int, int], int]:
    """How many forecasts there are by (model_id, shown, horizon, cutoff in days since 1970)."""
    sql = "SELECT model_id, shown, horizon, cutoff, count(*) FROM ledger GROUP BY model_id, shown, horizon, cutoff"
    return {
        (model, bool(shown), horizon, cutoff): count for model, shown, horizon, cutoff, count in db.conn.execute(sql)
    }


def entered_twice(db: Database) -> int:
    """How many rows have the id of another one."""
    (count,) = db.conn.execute("SELECT count(*) - count(DISTINCT forecast_id) FROM ledger").fetchone()
    return int(count)


def triggers(db: Database) -> set[str]:
    """The names of the database's triggers."""
    return {name for (name,) in db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}


def symbols_of(db: Database, model_id: str) -> list[str]:
    """The symbols that a model made forecasts of."""
    found = db.conn.execute("SELECT DISTINCT symbol FROM ledger WHERE model_id = ? ORDER BY symbol", (model_id,))
    return [symbol for (symbol,) in found]


def to_days(session: date) -> int:
    """Days since 1970."""
    return (session - _FIRST_DAY).days


def from_days(days: int) -> date:
    """The day behind a stored number."""
    return _FIRST_DAY + timedelta(days=days)


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("a timezone-aware datetime is required")
    return (instant - _FIRST_INSTANT) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """The instant behind a stored number."""
    return _FIRST_INSTANT + timedelta(microseconds=microseconds)


class RowNumbers(NamedTuple):
    """The numbers of a row."""

    adjusted_close: float
    quoted_close: float
    usual_probability: float | None
    log_returns: tuple[float, ...]  #: at LEVELS
    baseline: tuple[float, ...]


class LedgerNumbers(NamedTuple):
    """What is scored of the numbers of several rows."""

    usual: Floats  #: (n,) usual chance of a rise, NaN where it is not known
    log_returns: Floats  #: (n, len(LEVELS))
    baseline: Floats  #: (n, len(LEVELS))


def unpack(packed: bytes) -> RowNumbers:
    """The numbers of one row."""
    adjusted, quoted, usual, *quantiles = _NUMBERS.unpack(packed)
    known = None if math.isnan(usual) else usual
    return RowNumbers(adjusted, quoted, known, tuple(quantiles[: len(LEVELS)]), tuple(quantiles[len(LEVELS) :]))


def unpack_all(packed: Iterable[bytes]) -> LedgerNumbers:
    """The numbers of several rows."""
    columns = np.frombuffer(b"".join(packed), "<f8").reshape(-1, NUMBERS_SIZE // 8)
    _, _, usual = columns[:, : -2 * len(LEVELS)].T
    return LedgerNumbers(usual, columns[:, -2 * len(LEVELS) : -len(LEVELS)], columns[:, -len(LEVELS) :])


def _fields(one: Issued) -> tuple[Any, ...]:
    """The columns between `seq` and `hash`."""
    usual = float("nan") if one.usual_probability is None else one.usual_probability
    return (
        one.forecast_id,
        one.symbol,
        to_days(one.cutoff),
        one.horizon,
        to_days(one.target_session),
        to_microseconds(one.made_at),
        one.model_id,
        one.source,
        int(one.shown),
        one.bars_sha256,
        _NUMBERS.pack(one.adjusted_close, one.quoted_close, usual, *one.log_returns, *one.baseline),
    )
