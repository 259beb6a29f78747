"""The tables `growth_ledger` and `growth_outcomes`: every issued growth forecast and what came, never changed.

Days are stored as days since 1970, instants as microseconds since then.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from bellwether.track_record.ledger.hash_chain_table import HashChain
from bellwether.track_record.ledger.ledger_table import from_days, from_microseconds, to_days, to_microseconds


def content(fields: Sequence[Any]) -> bytes:
    """The canonical content of a row's columns before `hash`: a JSON list without blanks."""
    return json.dumps(list(fields), separators=(",", ":")).encode()


FORECASTS = HashChain(
    "growth_ledger",
    (
        "seq",
        "forecast_id",
        "symbol",
        "period_end",
        "quarters_ahead",
        "target",
        "as_of",
        "made_at",
        "model_id",
        "source",
        "currency",
        "base",
        "read_sha256",
        "growths",
        "baseline",
    ),
    content,
)
OUTCOMES = HashChain("growth_outcomes", ("id", "seq", "growth", "revenue", "known_on", "settled_at"), content)


@dataclass(frozen=True, slots=True)
class IssuedGrowth:
    """One forecast as it is kept."""

    forecast_id: str
    symbol: str
    period_end: date  #: of the newest quarter known
    quarters_ahead: int
    target: date  #: when the quarter is expected to end
    as_of: date
    made_at: datetime
    model_id: str
    source: str
    currency: str
    base: float  #: revenue of the target's quarter the year before, as it was known
    read_sha256: str  #: of what was read, in hexadecimal digits
    growths: tuple[float, ...]  #: one for each of LEVELS
    baseline: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class KeptGrowth:
    """A row, and what came of it."""

    seq: int
    issued: IssuedGrowth
    growth: float | None  #: None while it is open
    known_on: date | None


def append(db: Database, forecasts: Iterable[IssuedGrowth]) -> list[IssuedGrowth]:
    """Add those whose forecast_id is not there yet; which. To be called in a transaction that may write."""
    added = []
    for forecast in forecasts:
        if db.conn.execute("SELECT 1 FROM growth_ledger WHERE forecast_id = ?", (forecast.forecast_id,)).fetchone():
            continue
        fields = (
            forecast.forecast_id,
            forecast.symbol,
            to_days(forecast.period_end),
            forecast.quarters_ahead,
            to_days(forecast.target),
            to_days(forecast.as_of),
            to_microseconds(forecast.made_at),
            forecast.model_id,
            forecast.source,
            forecast.currency,
            forecast.base,
            forecast.read_sha256,
            json.dumps(forecast.growths),
            json.dumps(forecast.baseline),
        )
        FORECASTS.append(db, [fields])
        added.append(forecast)
    return added


def settle(db: Database, seq: int, growth: float, revenue: float, known_on: date, now: datetime) -> bool:
    """Add what came of a forecast. False when it has its outcome. To be called in a transaction that may write."""
    if db.conn.execute("SELECT 1 FROM growth_outcomes WHERE seq = ?", (seq,)).fetchone():
        return False
    OUTCOMES.append(db, [(seq, growth, revenue, to_days(known_on), to_microseconds(now))])
    return True


def of_symbol(db: Database, symbol: str) -> list[KeptGrowth]:
    """Every forecast of a company and what came, the newest first."""
    names = ", ".join(f"growth_ledger.{name}" for name in FORECASTS.columns)
    sql = (
        f"SELECT {names}, growth, known_on FROM growth_ledger LEFT JOIN growth_outcomes USING (seq)"
        " WHERE symbol = ? ORDER BY growth_ledger.period_end DESC, growth_ledger.seq DESC"
    )
    return [_kept(row) for row in db.conn.execute(sql, (symbol,))]


def _kept(row: tuple[Any, ...]) -> KeptGrowth:
    seq, forecast_id, symbol, end, ahead, target, as_of, made_at, model_id, source, currency, base, read = row[:13]
    growths, baseline, growth, known_on = row[13:]
    issued = IssuedGrowth(
        forecast_id=forecast_id,
        symbol=symbol,
        period_end=from_days(end),
        quarters_ahead=ahead,
        target=from_days(target),
        as_of=from_days(as_of),
        made_at=from_microseconds(made_at),
        model_id=model_id,
        source=source,
        currency=currency,
        base=base,
        read_sha256=read,
        growths=tuple(json.loads(growths)),
        baseline=tuple(json.loads(baseline)),
    )
    return KeptGrowth(seq, issued, growth, from_days(known_on) if known_on is not None else None)
