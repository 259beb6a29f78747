"""The tables `outcomes` and `pending`: how issued forecasts turned out, each once, and those still open.

Outcomes are appended and chained like the ledger's rows; `pending` is a work list, whose rows go when they are settled.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np

from bellwether.core.calibration import Calibration
from bellwether.core.types import Floats
from bellwether.db.connection import Connection, Values
from bellwether.db.sql import one_of, put
from bellwether.track_record.ledger.hash_chain_table import HashChain
from bellwether.track_record.ledger.ledger_table import (
    COLUMNS,
    LedgerNumbers,
    LedgerRow,
    calibration_from,
    from_days,
    from_microseconds,
    row_from,
    to_days,
    to_microseconds,
    unpack_all,
)

Key = tuple[str, bool, int, int]  #: model_id, shown, horizon, cutoff in days since 1970
_FLOAT = struct.Struct("<d")
_WITH_EVIDENCE = "LEFT JOIN outcome_evidence ON outcome_evidence.id = outcomes.id"


class PastForecast(NamedTuple):
    """A forecast as it is stored, and its outcome; a plain tuple, for there are many."""

    seq: int  #: its row in the ledger
    forecast_id: str
    symbol: str
    cutoff: int  #: days since 1970
    horizon: int  #: sessions
    target: int  #: days since 1970
    model_id: str
    shown: int
    numbers: bytes
    log_return: float | None = None  #: from cutoff to target; None while it is open, and where no price came
    settled: int = 0  #: whether it has its outcome, be it that no price came
    calendar: str = ""  #: of its exchange, while it is open

    @property
    def key(self) -> Key:
        """Under which its score is added up."""
        return self.model_id, bool(self.shown), self.horizon, self.cutoff


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came."""

    of: PastForecast
    log_return: float | None  #: from cutoff to target; None: no price came
    session: date | None  #: of the close it was read from


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of one issued forecast."""

    log_return: float | None  #: from the cutoff to the target; None: no price came
    session: date | None  #: of the close: the target, or the first one after a day that may be a holiday
    settled_at: datetime
    evidence: int | None = None  #: of `misses.evidence.Evidence`, on why it came so; None while it is not filed


def content(stored: Sequence[Any]) -> bytes:
    """The canonical content of the columns before `hash`: lines of text, then the log return as float64."""
    number, seq, session, log_return, settled_at = stored
    text = f"{number}\n{seq}\n{'' if session is None else session}\n{settled_at}\n".encode()
    return text + _FLOAT.pack(float("nan") if log_return is None else log_return)


CHAIN = HashChain("outcomes", ("id", "seq", "session", "log_return", "settled_at"), content)


def append(db: Connection, outcomes: Iterable[Outcome], now: datetime) -> list[Outcome]:
    """Add those of forecasts that are still open; which. To be called in a transaction that may write."""
    CHAIN.begin(db)
    added = [
        outcome
        for outcome in outcomes
        # none is deleted where another process was first
        if db.execute("DELETE FROM pending WHERE seq = :seq", {"seq": outcome.of.seq}).rowcount == 1
    ]
    at = to_microseconds(now)
    rows = [
        (outcome.of.seq, to_days(outcome.session) if outcome.session else None, outcome.log_return, at)
        for outcome in added
    ]
    CHAIN.append(db, rows)
    return added


def due(db: Connection, until: date) -> list[PastForecast]:
    """The open forecasts whose target is not after `until`, by symbol."""
    return list(_past(db, "pending.target <= :until ORDER BY symbol, ledger.seq", {"until": to_days(until)}))


def settled(db: Connection) -> Iterator[PastForecast]:
    """All forecasts with an outcome."""
    return _past(db, "outcomes.id IS NOT NULL", {})


def of_symbol(db: Connection, symbol: str, since: date | None = None) -> list[PastForecast]:
    """Every forecast of a symbol with what came, oldest cutoff first."""
    values = {"symbol": symbol, "first": to_days(since or date.min)}
    return list(_past(db, "symbol = :symbol AND cutoff >= :first ORDER BY cutoff, ledger.seq", values))


def of_seq(db: Connection, seq: int) -> PastForecast:
    """One forecast of the ledger with what came."""
    return next(_past(db, "ledger.seq = :seq", {"seq": seq}))


def _past(db: Connection, where: str, values: Values) -> Iterator[PastForecast]:
    sql = (
        "SELECT ledger.seq, forecast_id, symbol, cutoff, horizon, ledger.target, model_id, shown, numbers, log_return,"
        " id IS NOT NULL, coalesce(calendar, '') FROM ledger LEFT JOIN outcomes ON outcomes.seq = ledger.seq"
        f" LEFT JOIN pending ON pending.seq = ledger.seq WHERE {where}"
    )
    return map(PastForecast._make, db.stream(sql, values))


def outcomes_of(forecasts: Iterable[PastForecast]) -> tuple[list[PastForecast], Floats, LedgerNumbers]:
    """Those that have a log return, their log returns (n,), and the numbers of their rows."""
    known = [forecast for forecast in forecasts if forecast.log_return is not None]
    came = np.array([forecast.log_return for forecast in known], np.float64)
    return known, came, unpack_all(forecast.numbers for forecast in known)


def of(db: Connection, seq: int) -> Settled | None:
    """The outcome of the forecast in a row of the ledger; None while it is open."""
    sql = f"SELECT log_return, session, settled_at, evidence FROM outcomes {_WITH_EVIDENCE} WHERE seq = :seq"
    stored = db.execute(sql, {"seq": seq}).fetchone()
    return _settled(*stored) if stored else None


def _settled(
    log_return: float | None, session: int | None, settled_at: int | None, evidence: int | None
) -> Settled | None:
    if settled_at is None:
        return None
    day = from_days(session) if session is not None else None
    return Settled(log_return, day, from_microseconds(settled_at), evidence)


def orphans(db: Connection) -> int:
    """How many outcomes belong to no row of the ledger."""
    # PostgreSQL keeps no list of a NOT IN that has some 200,000 rows: it would read it anew for each outcome
    sql = "SELECT count(*) FROM outcomes WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.seq = outcomes.seq)"
    (count,) = db.execute(sql).fetchone()
    return int(count)


def settled_twice(db: Connection) -> int:
    """How many outcomes are of a forecast that has another one."""
    (count,) = db.execute("SELECT count(*) - count(DISTINCT seq) FROM outcomes").fetchone()
    return int(count)


def forgotten(db: Connection) -> list[tuple[int, str, int]]:
    """(row, symbol, target in days) of forecasts without an outcome that nobody would ever settle."""
    sql = (
        "SELECT seq, symbol, target FROM ledger WHERE NOT EXISTS (SELECT 1 FROM outcomes WHERE outcomes.seq ="
        " ledger.seq) AND NOT EXISTS (SELECT 1 FROM pending WHERE pending.seq = ledger.seq"
        " AND pending.target = ledger.target) ORDER BY seq"
    )
    return [tuple(row) for row in db.execute(sql)]


def await_again(db: Connection, waiting: Iterable[tuple[int, int, str]]) -> None:
    """Put (row, target in days, calendar) on the work list, in place of what it said of them."""
    names = ("seq", "target", "calendar")
    db.executemany(put("pending", names[:1], names[1:]), [dict(zip(names, row, strict=True)) for row in waiting])


def calendars(db: Connection) -> dict[str, str]:
    """The calendars of the symbols that are on the work list."""
    return dict(db.execute("SELECT symbol, calendar FROM pending JOIN ledger USING (seq)"))


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A row of the ledger, and its outcome as far as it is known."""

    row: LedgerRow
    outcome: Settled | None
    calibration: Calibration | None = None  #: how its range was stretched; None where it was not


def page(
    db: Connection, after: int, limit: int, symbol: str | None = None, horizon: int | None = None
) -> list[LedgerEntry]:
    """At most `limit` rows after the row of that number, in their order; of one symbol or horizon, if given."""
    sql = (
        f"SELECT {COLUMNS}, widened, log_return, session, settled_at, evidence"
        f" FROM ledger LEFT JOIN outcomes USING (seq) {_WITH_EVIDENCE} WHERE seq > :after"
        f"{' AND symbol = :symbol' if symbol is not None else ''}"
        f"{' AND horizon = :horizon' if horizon is not None else ''} ORDER BY seq LIMIT :limit"
    )
    rows = db.execute(sql, {"after": after, "limit": limit, "symbol": symbol, "horizon": horizon})
    return [
        LedgerEntry(row_from(row), _settled(*came), calibration_from(widened))
        for *row, widened, log_return, session, settled_at, evidence in rows
        if (came := (log_return, session, settled_at, evidence))
    ]


def issued_since(db: Connection, after: int, symbols: list[str], limit: int) -> list[LedgerRow]:
    """Shown forecasts of these symbols that were issued after the row of that number."""
    sql = (
        f"SELECT {COLUMNS} FROM ledger WHERE seq > :after AND shown = 1 AND {one_of('symbol', 'symbols')}"
        " ORDER BY seq LIMIT :limit"
    )
    return [row_from(row) for row in db.execute(sql, {"after": after, "symbols": symbols, "limit": limit})]
