"""The table `subscriptions`: which symbols each chat watches."""

from datetime import datetime

from sqlite_utils import Database

from bellwether.store.database import rows, stamp, unstamp
from bellwether.types import Subscription


def add(db: Database, chat_id: int, symbol: str, calendar: str, now: datetime) -> bool:
    """Watch a symbol. False when the chat watched it already."""
    cursor = db.conn.execute(
        "INSERT OR IGNORE INTO subscriptions (chat_id, symbol, calendar, created_at) VALUES (?, ?, ?, ?)",
        (chat_id, symbol, calendar, stamp(now)),
    )
    return cursor.rowcount == 1


def remove(db: Database, chat_id: int, symbol: str) -> bool:
    """Stop watching. False when the chat did not watch it."""
    cursor = db.conn.execute("DELETE FROM subscriptions WHERE chat_id = ? AND symbol = ?", (chat_id, symbol))
    return cursor.rowcount == 1


def of_chat(db: Database, chat_id: int) -> list[Subscription]:
    """A chat's watchlist, oldest first."""
    sql = "SELECT * FROM subscriptions WHERE chat_id = :chat_id ORDER BY created_at, symbol"
    return [_subscription(row) for row in rows(db, sql, {"chat_id": chat_id})]


def of_awake_chats(db: Database) -> dict[int, list[Subscription]]:
    """The watchlist of every chat that may be written to, by chat."""
    sql = (
        "SELECT s.* FROM subscriptions s JOIN chats c USING (chat_id) WHERE c.paused = 0"
        " ORDER BY s.chat_id, s.created_at, s.symbol"
    )
    watchlists: dict[int, list[Subscription]] = {}
    for row in rows(db, sql):
        watchlists.setdefault(int(row["chat_id"]), []).append(_subscription(row))
    return watchlists


def _subscription(row: dict[str, object]) -> Subscription:
    return Subscription(
        chat_id=int(str(row["chat_id"])),
        symbol=str(row["symbol"]),
        calendar=str(row["calendar"]),
        created_at=unstamp(str(row["created_at"])),
    )
