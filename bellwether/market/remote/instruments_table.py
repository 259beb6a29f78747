"""The table `instruments`: what sources say about the symbols whose bars are kept, and when they were asked."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlite_utils import Database

from bellwether.core.types import Instrument
from bellwether.db.database import rows, stamp, unstamp
from bellwether.market.remote.bars_table import LAYOUT

MOST_KEPT = 10_000  #: symbols of one source, whose bars take 1.7 GB; anyone can ask for any


@dataclass(frozen=True, slots=True)
class SymbolRequest:
    """An instrument of one source, and how far its history reaches."""

    instrument: Instrument
    since: date  #: the first day asked for
    until: date  #: the last session that came
    at: datetime  #: when it was asked for
    doubtful: date | None = None  #: prices before this session may lack a split that the source tells of


def save(db: Database, source: str, asked: SymbolRequest) -> None:
    """Keep what was asked, with the layout of the bars that belong to it."""
    instrument = asked.instrument
    db.conn.execute(
        "INSERT OR REPLACE INTO instruments"
        " (source, symbol, name, exchange, calendar, currency, since, until, asked_at, doubtful, layout)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            instrument.symbol,
            instrument.name,
            instrument.exchange,
            instrument.calendar,
            instrument.currency,
            asked.since.isoformat(),
            asked.until.isoformat(),
            stamp(asked.at),
            asked.doubtful.isoformat() if asked.doubtful is not None else None,
            LAYOUT,
        ),
    )


def get(db: Database, source: str, symbol: str) -> SymbolRequest | None:
    """What is kept of one symbol; None when there is nothing, or only of another layout."""
    matching = rows(
        db,
        "SELECT * FROM instruments WHERE source = :source AND symbol = :symbol AND layout = :layout",
        {"source": source, "symbol": symbol, "layout": LAYOUT},
    )
    return _asked(matching[0]) if matching else None


def of_source(db: Database, source: str) -> list[SymbolRequest]:
    """Everything kept of one source, by symbol."""
    sql = "SELECT * FROM instruments WHERE source = :source AND layout = :layout ORDER BY symbol"
    return [_asked(row) for row in rows(db, sql, {"source": source, "layout": LAYOUT})]


def beyond_most(db: Database, source: str) -> list[str]:
    """The symbols that are too many: those asked for longest ago."""
    sql = "SELECT symbol FROM instruments WHERE source = ? ORDER BY asked_at DESC, symbol LIMIT -1 OFFSET ?"
    return [symbol for (symbol,) in db.conn.execute(sql, (source, MOST_KEPT))]


def forget(db: Database, source: str, symbol: str) -> None:
    """Forget one symbol."""
    db.conn.execute("DELETE FROM instruments WHERE source = ? AND symbol = ?", (source, symbol))


def _asked(row: dict[str, object]) -> SymbolRequest:
    return SymbolRequest(
        instrument=Instrument(
            str(row["symbol"]), str(row["name"]), str(row["exchange"]), str(row["calendar"]), str(row["currency"])
        ),
        since=date.fromisoformat(str(row["since"])),
        until=date.fromisoformat(str(row["until"])),
        at=unstamp(str(row["asked_at"])),
        doubtful=date.fromisoformat(str(row["doubtful"])) if row["doubtful"] is not None else None,
    )
