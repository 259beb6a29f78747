"""The ledger with its outcomes, page by page, for whoever wants all of it."""

from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from bellwether.store.ledger import Row


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger, and its outcome as far as it is known."""

    row: Row
    settled: bool  #: whether it has its outcome, be it that no price came
    log_return: float | None
    session: int | None  #: days since 1970
    settled_at: int | None  #: microseconds since 1970


def page(db: Database, after: int, limit: int, symbol: str | None = None, horizon: int | None = None) -> list[Entry]:
    """At most `limit` rows after the row of that number, in their order; of one symbol or horizon, if given."""
    columns = ", ".join(f"ledger.{name}" for name in Row.__slots__)
    found = db.conn.execute(
        f"SELECT {columns}, outcomes.id IS NOT NULL, log_return, session, settled_at"
        " FROM ledger LEFT JOIN outcomes USING (seq) WHERE seq > :after"
        " AND (:symbol IS NULL OR symbol = :symbol) AND (:horizon IS NULL OR horizon = :horizon)"
        " ORDER BY seq LIMIT :limit",
        {"after": after, "limit": limit, "symbol": symbol, "horizon": horizon},
    )
    return [_entry(row) for row in found]


def issued_since(db: Database, after: int, symbols: list[str], limit: int) -> list[Row]:
    """Shown forecasts of these symbols that were issued after the row of that number."""
    marks = ", ".join("?" * len(symbols))
    columns = ", ".join(Row.__slots__)
    sql = f"SELECT {columns} FROM ledger WHERE seq > ? AND shown = 1 AND symbol IN ({marks}) ORDER BY seq LIMIT ?"
    return [Row(*row) for row in db.conn.execute(sql, (after, *symbols, limit))]


def _entry(row: tuple[Any, ...]) -> Entry:
    count = len(Row.__slots__)
    settled, log_return, session, settled_at = row[count:]
    return Entry(Row(*row[:count]), bool(settled), log_return, session, settled_at)
