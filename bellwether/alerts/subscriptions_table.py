"""The table `subscriptions`: which symbols each chat watches."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.db.sql import insert_new, one_of

_BEFORE_ALL = -(2**63)  #: no chat has so small a number


@dataclass(frozen=True, slots=True)
class Subscription:
    """One symbol on a chat's watchlist."""

    chat_id: int
    symbol: str
    calendar: str  #: trading calendar of the symbol, kept so that a tick needs no look-up
    created_at: datetime


def add(db: Connection, chat_id: int, symbol: str, calendar: str, now: datetime) -> bool:
    """Watch a symbol. False when the chat watched it already."""
    cursor = db.execute(
        insert_new("subscriptions", ("chat_id", "symbol", "calendar", "created_at")),
        {"chat_id": chat_id, "symbol": symbol, "calendar": calendar, "created_at": stamp(now)},
    )
    return cursor.rowcount == 1


def remove(db: Connection, chat_id: int, symbol: str) -> bool:
    """Stop watching. False when the chat did not watch it."""
    sql = "DELETE FROM subscriptions WHERE chat_id = :chat_id AND symbol = :symbol"
    return db.execute(sql, {"chat_id": chat_id, "symbol": symbol}).rowcount == 1


def of_chat(db: Connection, chat_id: int) -> list[Subscription]:
    """A chat's watchlist, oldest first."""
    sql = "SELECT * FROM subscriptions WHERE chat_id = :chat_id ORDER BY created_at, symbol"
    return [_subscription(row) for row in db.rows(sql, {"chat_id": chat_id})]


def calendars_of_awake_chats(db: Connection, after: int | None, limit: int) -> list[tuple[int, frozenset[str]]]:
    """The chats that may be written to and watch something, and the calendars they watch: the next after a chat.

    At most `limit` of them, and none where none is left. Chats are walked by their numbers, whoever is awake: so no
    database has to guess how many are, as PostgreSQL does wrongly until it has counted them.
    """
    last = _BEFORE_ALL if after is None else after
    next_chats = "SELECT chat_id, paused FROM chats WHERE chat_id > :after ORDER BY chat_id LIMIT :limit"
    watched = (
        "SELECT chat_id, calendar FROM subscriptions WHERE chat_id > :after AND chat_id <= :last"
        " GROUP BY chat_id, calendar ORDER BY chat_id, calendar"
    )
    while chats := db.execute(next_chats, {"after": last, "limit": limit}).fetchall():
        begin, last = last, chats[-1][0]
        awake = {chat_id for chat_id, paused in chats if not paused}
        calendars = [
            (chat_id, frozenset(calendar for _, calendar in of_chat))
            for chat_id, of_chat in groupby(db.execute(watched, {"after": begin, "last": last}), itemgetter(0))
            if chat_id in awake
        ]
        if calendars:
            return calendars
    return []


def watching_since(db: Connection, chat_ids: Collection[int]) -> dict[int, datetime]:
    """Since when each of these chats has watched anything that it still watches."""
    sql = f"SELECT chat_id, min(created_at) FROM subscriptions WHERE {one_of('chat_id', 'chats')} GROUP BY chat_id"
    return {chat_id: unstamp(since) for chat_id, since in db.execute(sql, {"chats": list(chat_ids)})}


def symbols_of_awake_chats(db: Connection) -> list[str]:
    """Every symbol that somebody watches who may be written to."""
    sql = "SELECT DISTINCT symbol FROM subscriptions JOIN chats USING (chat_id) WHERE paused = 0 ORDER BY symbol"
    return [symbol for (symbol,) in db.execute(sql)]


def watchers(db: Connection, symbol: str, since: datetime) -> list[int]:
    """The chats that may be written to and have watched a symbol since then at the latest."""
    sql = (
        "SELECT chat_id FROM subscriptions JOIN chats USING (chat_id)"
        " WHERE symbol = :symbol AND created_at <= :since AND paused = 0 ORDER BY chat_id"
    )
    return [chat_id for (chat_id,) in db.execute(sql, {"symbol": symbol, "since": stamp(since)})]


def of_chats(db: Connection, chat_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """The watchlists of many chats, oldest first: each symbol and its calendar."""
    sql = (
        f"SELECT chat_id, symbol, calendar FROM subscriptions WHERE {one_of('chat_id', 'chats')}"
        " ORDER BY chat_id, created_at, symbol"
    )
    watchlists: dict[int, list[tuple[str, str]]] = {}
    for chat_id, symbol, calendar in db.execute(sql, {"chats": list(chat_ids)}):
        watchlists.setdefault(chat_id, []).append((symbol, calendar))
    return watchlists


def _subscription(row: dict[str, Any]) -> Subscription:
    return Subscription(row["chat_id"], row["symbol"], row["calendar"], unstamp(row["created_at"]))
