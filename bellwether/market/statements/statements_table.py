"""The table `statements`: companies' quarters as sources gave them, the quarters of one company as JSON."""

import json
from datetime import UTC, date, datetime, time

from bellwether.core.types import Quarter, Statements
from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.db.sql import put


def save(db: Connection, statements: Statements, now: datetime) -> None:
    """Keep a company's quarters in place of those kept before."""
    quarters = [
        [
            quarter.period_end.isoformat(),
            quarter.revenue,
            quarter.net_income,
            quarter.known_on and quarter.known_on.isoformat(),
        ]
        for quarter in statements.quarters
    ]
    db.execute(
        put("statements", ("source", "symbol"), ("currency", "quarters", "asked_at")),
        {
            "source": statements.source,
            "symbol": statements.symbol,
            "currency": statements.currency,
            "quarters": json.dumps(quarters),
            "asked_at": stamp(now),
        },
    )


def get(db: Connection, source: str, symbol: str) -> tuple[Statements, datetime] | None:
    """What is kept of a company and when it was asked for; None when nothing is, or it is damaged."""
    sql = "SELECT * FROM statements WHERE source = :source AND symbol = :symbol"
    matching = db.rows(sql, {"source": source, "symbol": symbol})
    try:
        return (_statements(matching[0]), unstamp(str(matching[0]["asked_at"]))) if matching else None
    except (ValueError, TypeError):
        return None


def asked_since(db: Connection, source: str, day: date) -> list[Statements]:
    """What is kept of companies that were asked for on `day` or later, by symbol; what is damaged is left out."""
    sql = "SELECT * FROM statements WHERE source = :source AND asked_at >= :since ORDER BY symbol"
    since = stamp(datetime.combine(day, time(), UTC))
    kept = []
    for row in db.rows(sql, {"source": source, "since": since}):
        try:
            kept.append(_statements(row))
        except (ValueError, TypeError):
            continue
    return kept


def _statements(row: dict[str, object]) -> Statements:
    return Statements(
        symbol=str(row["symbol"]),
        currency=str(row["currency"]),
        quarters=tuple(
            Quarter(date.fromisoformat(end), revenue, net_income, date.fromisoformat(known) if known else None)
            for end, revenue, net_income, known in json.loads(str(row["quarters"]))
        ),
        source=str(row["source"]),
    )
