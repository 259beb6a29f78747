"""The table `ledger`: every issued forecast, one row each, appended and never changed.

Days are stored as days since 1970, instants as microseconds since then, the numbers of a forecast packed as float64:
about 450 bytes a row with its indexes and its outcome. Rows of earlier versions hold two numbers fewer; they stay so.
"""

import json
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from bellwether.core.calibration import Calibration
from bellwether.core.types import LEVELS, Floats
from bellwether.db.connection import Connection
from bellwether.db.sql import insert
from bellwether.track_record.ledger.hash_chain_table import NOTHING, HashChain

_FEWER = struct.Struct(f"<{3 + 2 * len(LEVELS)}d")  #: of rows from before the last two numbers were kept
_NUMBERS = struct.Struct(f"<{_FEWER.size // 8 + 2}d")
_UNKNOWN = np.full(2, np.nan, "<f8").tobytes()  #: in their place
NUMBERS_SIZE = _NUMBERS.size  #: bytes
_FIRST_DAY, _FIRST_INSTANT = date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Issued:
    """What the ledger has of an issued forecast; its hash proves all of it."""

    forecast_id: str
    symbol: str
    cutoff: date
    horizon: int  #: sessions
    target_session: date
    made_at: datetime
    model_id: str
    source: str
    shown: bool  #: False for a model that is only tried beside the one that answers
    adjusted_close: float  #: of the cutoff, as it was when the forecast was made
    quoted_close: float
    log_returns: tuple[float, ...]  #: quantiles of the cumulative log return, one for each of LEVELS
    baseline: tuple[float, ...]  #: the plain rule's
    usual_probability_of_growth: float | None
    probability_of_growth: float | None  #: as it was told; None in rows from before it was kept
    stretched: float | None  #: width of the 80 % range / that before its evening stretched it; None where none did
    bars_sha256: str  #: of everything that was read, in hexadecimal digits


@dataclass(frozen=True, slots=True)
class ToEnter(Issued):
    """A forecast on its way into the ledger."""

    calendar: str  #: of its exchange, by which its outcome is due; on the work list, and no part of what is proved
    calibration: Calibration | None = None  #: all of it beside what is proved, which has the factor alone


@dataclass(frozen=True, slots=True)
class LedgerRow(Issued):
    """A row of the ledger."""

    seq: int  #: its number, from 1
    hash: str  #: in hexadecimal digits


def content(stored: Sequence[Any]) -> bytes:
    """The canonical content of the columns before `hash`: ten as lines of text, then the two of bytes as they are."""
    *fields, bars, numbers = stored
    whole: bytes = ("%s\n" * len(fields) % tuple(fields)).encode() + bars + numbers
    return whole


_TEXTS = ("seq", "forecast_id", "symbol", "cutoff", "horizon", "target", "made_at", "model_id", "source", "shown")
#: `numbers` are the two closes, the usual chance of a rise, the quantiles, the baseline's, the chance of a rise that
#: was told and the factor of the stretching; NaN where one is not known
CHAIN = HashChain("ledger", (*_TEXTS, "bars_sha256", "numbers"), content)
COLUMNS = ", ".join(f"ledger.{name}" for name in (*CHAIN.columns, "hash"))  #: for SQL, as `row_from` reads them


def _stored(forecast: Issued) -> tuple[Any, ...]:
    """The columns between `seq` and `hash`."""
    closes = (forecast.adjusted_close, forecast.quoted_close, _or_nan(forecast.usual_probability_of_growth))
    beside = (_or_nan(forecast.probability_of_growth), _or_nan(forecast.stretched))
    return (
        forecast.forecast_id,
        forecast.symbol,
        to_days(forecast.cutoff),
        forecast.horizon,
        to_days(forecast.target_session),
        to_microseconds(forecast.made_at),
        forecast.model_id,
        forecast.source,
        int(forecast.shown),
        bytes.fromhex(forecast.bars_sha256),
        _NUMBERS.pack(*closes, *forecast.log_returns, *forecast.baseline, *beside),
    )


def _or_nan(number: float | None) -> float:
    return math.nan if number is None else number


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else number


def _all_of(numbers: bytes) -> bytes:
    """The numbers of a row, with NaN for those that an earlier version did not keep."""
    return numbers + _UNKNOWN if len(numbers) == _FEWER.size else numbers


def row_from(stored: Sequence[Any]) -> LedgerRow:
    """A row from its columns and its hash."""
    seq, forecast_id, symbol, cutoff, horizon, target, made_at, model_id, source, shown, bars, numbers, hashed = stored
    adjusted, quoted, usual, *quantiles, told, stretched = _NUMBERS.unpack(_all_of(numbers))
    return LedgerRow(
        forecast_id=forecast_id,
        symbol=symbol,
        cutoff=from_days(cutoff),
        horizon=horizon,
        target_session=from_days(target),
        made_at=from_microseconds(made_at),
        model_id=model_id,
        source=source,
        shown=bool(shown),
        adjusted_close=adjusted,
        quoted_close=quoted,
        log_returns=tuple(quantiles[: len(LEVELS)]),
        baseline=tuple(quantiles[len(LEVELS) :]),
        usual_probability_of_growth=_or_none(usual),
        probability_of_growth=_or_none(told),
        stretched=_or_none(stretched),
        bars_sha256=bars.hex(),
        seq=seq,
        hash=hashed.hex(),
    )


def chained(forecasts: Iterable[Issued]) -> list[tuple[Any, ...]]:
    """The columns and the hash of each, as a ledger of these alone would have them."""
    return CHAIN.linked(NOTHING, [_stored(forecast) for forecast in forecasts])


def append(db: Connection, forecasts: Iterable[ToEnter]) -> list[ToEnter]:
    """Add those whose forecast_id is not there yet; which. To be called in a transaction that may write."""
    CHAIN.begin(db)
    wanted = {forecast.forecast_id: forecast for forecast in forecasts}
    for known in CHAIN.known_among(db, wanted):
        del wanted[known]
    widened = [_as_json(forecast.calibration) for forecast in wanted.values()]
    first = CHAIN.append(db, [_stored(forecast) for forecast in wanted.values()], widened=widened)
    pending = [
        {"seq": number, "target": to_days(forecast.target_session), "calendar": forecast.calendar}
        for number, forecast in enumerate(wanted.values(), first)
    ]
    db.executemany(insert("pending", ("seq", "target", "calendar")), pending)
    return list(wanted.values())


def calibration_of(db: Connection, forecast_id: str) -> Calibration | None:
    """How an issued forecast's range was stretched; None where it was not, or there is no such forecast."""
    row = db.execute("SELECT widened FROM ledger WHERE forecast_id = :id", {"id": forecast_id}).fetchone()
    return calibration_from(row[0]) if row is not None else None


def calibration_from(widened: str | None) -> Calibration | None:
    """What the column `widened` tells."""
    if widened is None:
        return None
    session, factor, stocks = json.loads(widened)
    return Calibration(date.fromisoformat(session), factor, stocks)


def _as_json(calibration: Calibration | None) -> str | None:
    if calibration is None:
        return None
    return json.dumps([calibration.session.isoformat(), calibration.factor, calibration.stocks])


def by_id(db: Connection, forecast_id: str) -> tuple[Any, ...] | None:
    """The columns and the hash of a forecast's row; None when there is none."""
    sql = f"SELECT {COLUMNS} FROM ledger WHERE forecast_id = :id"
    stored: tuple[Any, ...] | None = db.execute(sql, {"id": forecast_id}).fetchone()
    return stored


def entered(db: Connection, symbol: str, cutoff: date) -> set[tuple[str, bool, int]]:
    """(model_id, shown, horizon) of every forecast of a symbol and session."""
    sql = "SELECT DISTINCT model_id, shown, horizon FROM ledger WHERE symbol = :symbol AND cutoff = :cutoff"
    rows = db.execute(sql, {"symbol": symbol, "cutoff": to_days(cutoff)})
    return {(model, bool(shown), horizon) for model, shown, horizon in rows}


def counts(db: Connection) -> dict[tuple[str, bool, int, int], int]:
    """How many forecasts there are by (model_id, shown, horizon, cutoff in days since 1970)."""
    sql = "SELECT model_id, shown, horizon, cutoff, count(*) FROM ledger GROUP BY model_id, shown, horizon, cutoff"
    return {(model, bool(shown), horizon, cutoff): count for model, shown, horizon, cutoff, count in db.execute(sql)}


def entered_twice(db: Connection) -> int:
    """How many rows have the id of another one."""
    (count,) = db.execute("SELECT count(*) - count(DISTINCT forecast_id) FROM ledger").fetchone()
    return int(count)


def symbols_of(db: Connection, model_id: str) -> list[str]:
    """The symbols that a model made forecasts of."""
    sql = "SELECT DISTINCT symbol FROM ledger WHERE model_id = :model_id ORDER BY symbol"
    return [symbol for (symbol,) in db.execute(sql, {"model_id": model_id})]


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


class LedgerNumbers(NamedTuple):
    """What is scored of the numbers of several rows."""

    usual: Floats  #: (n,) usual chance of a rise, NaN where it is not known
    log_returns: Floats  #: (n, len(LEVELS))
    baseline: Floats  #: (n, len(LEVELS))
    told: Floats  #: (n,) chance of a rise as it was told, NaN where it was not kept
    stretched: Floats  #: (n,) width of the 80 % range / that before it was stretched, NaN where it was not


def unpack_all(packed: Iterable[bytes]) -> LedgerNumbers:
    """The numbers of several rows."""
    columns = np.frombuffer(b"".join(map(_all_of, packed)), "<f8").reshape(-1, NUMBERS_SIZE // 8)
    closes, log_returns, baseline, beside = np.split(columns, [3, 3 + len(LEVELS), 3 + 2 * len(LEVELS)], axis=1)
    return LedgerNumbers(closes[:, -1], log_returns, baseline, *beside.T)
