"""The tables `announcements`, facts that are only withdrawn and never changed, and `announcements_asked`."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from bellwether.core.announcement import Announcement
from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp, unstamp_or_none
from bellwether.db.sql import insert


def of_symbol(db: Connection, source: str, symbol: str) -> tuple[Announcement, ...]:
    """Every fact of a company, those that no longer stand too, by their days."""
    sql = "SELECT * FROM announcements WHERE source = :source AND symbol = :symbol ORDER BY day, id"
    return tuple(_announcement(row) for row in db.rows(sql, {"source": source, "symbol": symbol}))


def begin(db: Connection, symbol: str) -> None:
    """Let nobody else learn of this company until the transaction ends."""
    db.one_at_a_time(f"announcements of {symbol}")


def asked_at(db: Connection, source: str, symbol: str) -> datetime | None:
    """When the source was last asked for a company and said anything, be it unreadable; None where it never has."""
    sql = "SELECT asked_at FROM announcements_asked WHERE source = :source AND symbol = :symbol"
    row = db.first_row(sql, {"source": source, "symbol": symbol})
    return unstamp(str(row["asked_at"])) if row is not None else None


def answered_at(db: Connection, source: str, symbol: str) -> datetime | None:
    """When the source last told of a company what could be read; None where it never has."""
    sql = "SELECT answered_at FROM announcements_asked WHERE source = :source AND symbol = :symbol"
    row = db.first_row(sql, {"source": source, "symbol": symbol})
    return unstamp_or_none(row["answered_at"]) if row is not None else None


def all_asked_at(db: Connection, source: str) -> dict[str, datetime]:
    """`asked_at` by company, without those never asked for."""
    sql = "SELECT symbol, asked_at FROM announcements_asked WHERE source = :source"
    return {str(row["symbol"]): unstamp(str(row["asked_at"])) for row in db.rows(sql, {"source": source})}


def asked(db: Connection, source: str) -> tuple[int, datetime | None]:
    """For how many companies the source has answered, and when it last did; None where it never has."""
    sql = "SELECT count(answered_at) AS companies, max(answered_at) AS newest FROM announcements_asked"
    sql += " WHERE source = :source"
    row = db.first_row(sql, {"source": source})
    if row is None or row["newest"] is None:
        return 0, None
    return int(row["companies"]), unstamp(str(row["newest"]))


def note_asked(db: Connection, source: str, symbol: str, now: datetime, *, readable: bool = True) -> None:
    """The source was asked and said something; where that is not `readable`, when it last answered stays."""
    at = stamp(now)
    db.execute(
        f"{insert('announcements_asked', ('source', 'symbol', 'asked_at', 'answered_at'))}"
        " ON CONFLICT (source, symbol) DO UPDATE SET asked_at = excluded.asked_at,"
        " answered_at = coalesce(excluded.answered_at, announcements_asked.answered_at)",
        {"source": source, "symbol": symbol, "asked_at": at, "answered_at": at if readable else None},
    )


def withdraw(db: Connection, facts: Iterable[Announcement], on: date) -> None:
    """These do not stand any more from this day on."""
    db.executemany(
        "UPDATE announcements SET withdrawn_from = :from WHERE source = :source AND symbol = :symbol AND day = :day"
        " AND withdrawn_from IS NULL",
        [
            {"from": on.isoformat(), "source": fact.source, "symbol": fact.symbol, "day": fact.day.isoformat()}
            for fact in facts
        ],
    )


def add(db: Connection, facts: Iterable[Announcement]) -> None:
    """Keep new facts."""
    db.executemany(
        insert("announcements", ("source", "symbol", "day", "last_day", "time_of_day", "known_from")),
        [
            {
                "source": fact.source,
                "symbol": fact.symbol,
                "day": fact.day.isoformat(),
                "last_day": fact.last_day and fact.last_day.isoformat(),
                "time_of_day": fact.time_of_day,
                "known_from": fact.known_from and fact.known_from.isoformat(),
            }
            for fact in facts
        ],
    )


def _announcement(row: dict[str, Any]) -> Announcement:
    return Announcement(
        symbol=str(row["symbol"]),
        day=date.fromisoformat(row["day"]),
        last_day=_day(row["last_day"]),
        time_of_day=str(row["time_of_day"]),
        known_from=_day(row["known_from"]),
        withdrawn_from=_day(row["withdrawn_from"]),
        source=str(row["source"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
