"""The tables `growth_ledger` and `growth_outcomes`: every issued growth forecast and what came, never changed.

Days are stored as days since 1970, instants as microseconds since then.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from bellwether.db.connection import Connection
from bellwether.track_record.ledger.hash_chain_table import HashChain
from bellwether.track_record.ledger.ledger_table import from_days, from_microseconds, to_days, to_microseconds


@dataclass(frozen=True, slots=True)
class IssuedGrowth:
    """One forecast as it is kept; the columns of the table are its fields."""

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


def content(stored: Sequence[Any]) -> bytes:
    """The canonical content of a row's columns before `hash`: a JSON list without blanks."""
    return json.dumps(list(stored), separators=(",", ":")).encode()


def _floats(stored: str) -> tuple[float, ...]:
    return tuple(json.loads(stored))


_FIELDS = tuple(field.name for field in fields(IssuedGrowth))
_AS_STORED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    **dict.fromkeys(("period_end", "target", "as_of"), (to_days, from_days)),
    "made_at": (to_microseconds, from_microseconds),
    **dict.fromkeys(("growths", "baseline"), (json.dumps, _floats)),
}  #: how a field is stored and read; the others are stored as they are
FORECASTS = HashChain("growth_ledger", ("seq", *_FIELDS), content)
OUTCOMES = HashChain("growth_outcomes", ("id", "seq", "growth", "revenue", "known_on", "settled_at"), content)


def append(db: Connection, forecasts: Iterable[IssuedGrowth]) -> list[IssuedGrowth]:
    """Add those whose forecast_id is not there yet; which. To be called in a transaction that may write."""
    FORECASTS.begin(db)
    wanted = {forecast.forecast_id: forecast for forecast in forecasts}
    for known in FORECASTS.known_among(db, wanted):
        del wanted[known]
    FORECASTS.append(db, [_stored(forecast) for forecast in wanted.values()])
    return list(wanted.values())


def _stored(forecast: IssuedGrowth) -> list[Any]:
    as_stored = {name: store(getattr(forecast, name)) for name, (store, _) in _AS_STORED.items()}
    return [as_stored.get(name, getattr(forecast, name)) for name in _FIELDS]


def settle(db: Connection, seq: int, growth: float, revenue: float, known_on: date, now: datetime) -> bool:
    """Add what came of a forecast. False when it has its outcome. To be called in a transaction that may write."""
    OUTCOMES.begin(db)
    if db.execute("SELECT 1 FROM growth_outcomes WHERE seq = :seq", {"seq": seq}).fetchone():
        return False
    OUTCOMES.append(db, [(seq, growth, revenue, to_days(known_on), to_microseconds(now))])
    return True


def of_symbol(db: Connection, symbol: str) -> list[KeptGrowth]:
    """Every forecast of a company and what came, the newest first."""
    names = ", ".join(f"growth_ledger.{name}" for name in FORECASTS.columns)
    sql = (
        f"SELECT growth, known_on, {names} FROM growth_ledger LEFT JOIN growth_outcomes USING (seq)"
        " WHERE symbol = :symbol ORDER BY growth_ledger.period_end DESC, growth_ledger.seq DESC"
    )
    return [_kept(*row) for row in db.execute(sql, {"symbol": symbol})]


def _kept(growth: float | None, known_on: int | None, seq: int, *stored: Any) -> KeptGrowth:
    values = dict(zip(_FIELDS, stored, strict=True))
    issued = IssuedGrowth(**values | {name: read(values[name]) for name, (_, read) in _AS_STORED.items()})
    return KeptGrowth(seq, issued, growth, from_days(known_on) if known_on is not None else None)
