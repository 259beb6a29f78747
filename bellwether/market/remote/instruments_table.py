"""The table `instruments`: what sources say about the symbols whose bars are kept, and when they were asked."""

from dataclasses import dataclass
from datetime import date, datetime

from bellwether.core.types import Instrument
from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.db.sql import EVERYTHING, put
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


def save(db: Connection, source: str, asked: SymbolRequest) -> None:
    """Keep what was asked, with the layout of the bars that belong to it."""
    instrument = asked.instrument
    values: dict[str, object] = {
        "name": instrument.name,
        "exchange": instrument.exchange,
        "calendar": instrument.calendar,
        "currency": instrument.currency,
        "since": asked.since.isoformat(),
        "until": asked.until.isoformat(),
        "asked_at": stamp(asked.at),
        "doubtful": asked.doubtful.isoformat() if asked.doubtful is not None else None,
        "layout": LAYOUT,
    }
    key: dict[str, object] = {"source": source, "symbol": instrument.symbol}
    db.execute(put("instruments", key, values), key | values)


def get(db: Connection, source: str, symbol: str) -> SymbolRequest | None:
    """What is kept of one symbol; None when there is nothing, or only of another layout."""
    matching = db.rows(
        "SELECT * FROM instruments WHERE source = :source AND symbol = :symbol AND layout = :layout",
        {"source": source, "symbol": symbol, "layout": LAYOUT},
    )
    return _asked(matching[0]) if matching else None


def of_source(db: Connection, source: str) -> list[SymbolRequest]:
    """Everything kept of one source, by symbol."""
    sql = "SELECT * FROM instruments WHERE source = :source AND layout = :layout ORDER BY symbol"
    return [_asked(row) for row in db.rows(sql, {"source": source, "layout": LAYOUT})]


def beyond_most(db: Connection, source: str) -> list[str]:
    """The symbols that are too many: those asked for longest ago."""
    sql = (
        "SELECT symbol FROM instruments WHERE source = :source ORDER BY asked_at DESC, symbol"
        f" LIMIT {EVERYTHING} OFFSET :most"
    )
    return [symbol for (symbol,) in db.execute(sql, {"source": source, "most": MOST_KEPT})]


def forget(db: Connection, source: str, symbol: str) -> None:
    """Forget one symbol."""
    sql = "DELETE FROM instruments WHERE source = :source AND symbol = :symbol"
    db.execute(sql, {"source": source, "symbol": symbol})


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
