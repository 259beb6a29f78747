"""The tables `outcomes` and `pending`: how issued forecasts turned out, each once, and those still open.

Outcomes are appended and chained like the ledger's rows; `pending` is a work list, whose rows go when they are settled.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlite_utils import Database

from bellwether.track_record.ledger.hash_chain_table import HashChain
from bellwether.track_record.ledger.ledger_table import LedgerRow, to_days, to_microseconds

_FLOAT = struct.Struct("<d")


@dataclass(frozen=True, slots=True)
class Open:
    """A forecast whose outcome is due."""

    seq: int  #: its row in the ledger
    symbol: str
    calendar: str
    target: int  #: days since 1970
    cutoff: int
    horizon: int
    model_id: str
    shown: bool
    numbers: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came."""

    of: Open
    log_return: float | None  #: from cutoff to target; None: no price came
    session: date | None  #: of the close it was read from


class Past(NamedTuple):
    """A forecast and its outcome; a plain tuple, for there are many."""

    forecast_id: str
    symbol: str
    cutoff: int  #: days since 1970
    horizon: int
    target: int
    model_id: str
    shown: int
    numbers: bytes
    log_return: float | None  #: None while it is open, and where no price came
    settled: int  #: whether it has its outcome, be it that none came


_PAST = "forecast_id, symbol, cutoff, horizon, target, model_id, shown, numbers, log_return, id IS NOT NULL"


def due(db: Database, until: date) -> list[Open]:
    """The open forecasts whose target is not after `until`, by symbol."""
    sql = (
        "SELECT seq, ledger.symbol, calendar, ledger.target, cutoff, horizon, model_id, shown, numbers"
        " FROM pending JOIN ledger USING (seq) WHERE pending.target <= ? ORDER BY ledger.symbol, seq"
    )
    return [Open(*row) for row in db.conn.execute(sql, (to_days(until),))]


def append(db: Database, outcomes: Iterable[Outcome], now: datetime) -> list[Outcome]:
    """Add those of forecasts that are still open; which. To be called in a transaction that may write."""
    added = [
        outcome
        for outcome in outcomes
        # none is deleted where another process was first
        if db.conn.execute("DELETE FROM pending WHERE seq = ?", (outcome.of.seq,)).rowcount == 1
    ]
    settled_at = to_microseconds(now)
    CHAIN.append(
        db,
        [
            (
                outcome.of.seq,
                to_days(outcome.session) if outcome.session is not None else None,
                outcome.log_return,
                settled_at,
            )
            for outcome in added
        ],
    )
    return added


def content(fields: Sequence[Any]) -> bytes:
    """The canonical content of the columns before `hash`: lines of text, then the log return as float64."""
    number, seq, session, log_return, settled_at = fields[:5]
    text = f"{number}\n{seq}\n{'' if session is None else session}\n{settled_at}\n".encode()
    return text + _FLOAT.pack(float("nan") if log_return is None else log_return)


CHAIN = HashChain("outcomes", ("id", "seq", "session", "log_return", "settled_at"), content)


def orphans(db: Database) -> int:
    """How many outcomes belong to no row of the ledger."""
    (count,) = db.conn.execute("SELECT count(*) FROM outcomes WHERE seq NOT IN (SELECT seq FROM ledger)").fetchone()
    return int(count)


class SettledRow(NamedTuple):
    """A forecast with its outcome."""

    seq: int
    model_id: str
    shown: int
    horizon: int
    cutoff: int  #: days since 1970
    numbers: bytes
    log_return: float | None  #: None where no price came
    distance: float | None  #: as the table `misses` has it; None where it has no such row


def settled(db: Database) -> Iterator[SettledRow]:
    """All forecasts with an outcome."""
    sql = (
        "SELECT outcomes.seq, model_id, shown, horizon, ledger.cutoff, numbers, log_return, distance FROM outcomes"
        " JOIN ledger ON ledger.seq = outcomes.seq"
        " LEFT JOIN misses ON misses.seq = outcomes.seq AND misses.cutoff = ledger.cutoff"
    )
    return map(SettledRow._make, db.conn.execute(sql))


def settled_twice(db: Database) -> int:
    """How many outcomes are of a forecast that has another one."""
    (count,) = db.conn.execute("SELECT count(*) - count(DISTINCT seq) FROM outcomes").fetchone()
    return int(count)


def forgotten(db: Database) -> list[tuple[int, str, int]]:
    """(row, symbol, target in days) of forecasts without an outcome that nobody would ever settle."""
    sql = (
        "SELECT seq, symbol, target FROM ledger WHERE NOT EXISTS (SELECT 1 FROM outcomes WHERE outcomes.seq ="
        " ledger.seq) AND NOT EXISTS (SELECT 1 FROM pending WHERE pending.seq = ledger.seq"
        " AND pending.target = ledger.target) ORDER BY seq"
    )
    return [tuple(row) for row in db.conn.execute(sql)]


def await_again(db: Database, waiting: Iterable[tuple[int, int, str]]) -> None:
    """Put (row, target in days, calendar) on the work list, in place of what it said of them."""
    db.conn.executemany("INSERT OR REPLACE INTO pending (seq, target, calendar) VALUES (?, ?, ?)", waiting)


def calendars(db: Database) -> dict[str, str]:
    """The calendars of the symbols that are on the work list."""
    return dict(db.conn.execute("SELECT symbol, calendar FROM pending JOIN ledger USING (seq)"))


def of(db: Database, seq: int) -> tuple[float | None, int | None, int] | None:
    """(log return, session in days, settled at in microseconds) of a forecast; None while it is open."""
    found = db.conn.execute("SELECT log_return, session, settled_at FROM outcomes WHERE seq = ?", (seq,)).fetchone()
    return tuple(found) if found else None


def of_symbol(db: Database, symbol: str, since: date | None) -> list[Past]:
    """Every forecast of a symbol with what came, oldest cutoff first."""
    sql = f"SELECT {_PAST} FROM ledger LEFT JOIN outcomes USING (seq) WHERE symbol = ? AND cutoff >= ?"
    found = db.conn.execute(f"{sql} ORDER BY cutoff, ledger.seq", (symbol, to_days(since or date.min)))
    return [Past._make(row) for row in found]


def of_seq(db: Database, seq: int) -> Past:
    """One forecast of the ledger with what came."""
    sql = f"SELECT {_PAST} FROM ledger LEFT JOIN outcomes USING (seq) WHERE ledger.seq = ?"
    return Past._make(db.conn.execute(sql, (seq,)).fetchone())


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A row of the ledger, and its outcome as far as it is known."""

    row: LedgerRow
    settled: bool  #: whether it has its outcome, be it that no price came
    log_return: float | None
    session: int | None  #: days since 1970
    settled_at: int | None  #: microseconds since 1970


def page(
    db: Database, after: int, limit: int, symbol: str | None = None, horizon: int | None = None
) -> list[LedgerEntry]:
    """At most `limit` rows after the row of that number, in their order; of one symbol or horizon, if given."""
    columns = ", ".join(f"ledger.{name}" for name in LedgerRow.__slots__)
    found = db.conn.execute(
        f"SELECT {columns}, outcomes.id IS NOT NULL, log_return, session, settled_at"
        " FROM ledger LEFT JOIN outcomes USING (seq) WHERE seq > :after"
        " AND (:symbol IS NULL OR symbol = :symbol) AND (:horizon IS NULL OR horizon = :horizon)"
        " ORDER BY seq LIMIT :limit",
        {"after": after, "limit": limit, "symbol": symbol, "horizon": horizon},
    )
    return [_entry(row) for row in found]


def issued_since(db: Database, after: int, symbols: list[str], limit: int) -> list[LedgerRow]:
    """Shown forecasts of these symbols that were issued after the row of that number."""
    marks = ", ".join("?" * len(symbols))
    columns = ", ".join(LedgerRow.__slots__)
    sql = f"SELECT {columns} FROM ledger WHERE seq > ? AND shown = 1 AND symbol IN ({marks}) ORDER BY seq LIMIT ?"
    return [LedgerRow(*row) for row in db.conn.execute(sql, (after, *symbols, limit))]


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    count = len(LedgerRow.__slots__)
    settled, log_return, session, settled_at = row[count:]
    return LedgerEntry(LedgerRow(*row[:count]), bool(settled), log_return, session, settled_at)
