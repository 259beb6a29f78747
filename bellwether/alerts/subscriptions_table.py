"""The table `subscriptions`: which symbols each chat watches."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bellwether.db.database import rows, stamp, unstamp

_BEFORE_ALL = -(2**63)  #: no chat has so small a number


@dataclass(frozen=True, slots=True)
class Subscription:
    """One symbol on a chat's watchlist."""

    chat_id: int
    symbol: str
    calendar: str  #: trading calendar of the symbol, kept so that a tick needs no look-up
    created_at: datetime


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


def calendars_of_awake_chats(db: Database, after: int | None, limit: int) -> list[tuple[int, frozenset[str]]]:
    """The chats that may be written to and watch something, and the calendars they watch: the next after a chat."""
    sql = (
        "SELECT chat_id, (SELECT group_concat(calendar, ' ') FROM"
        " (SELECT DISTINCT calendar FROM subscriptions AS s WHERE s.chat_id = chats.chat_id)) AS calendars"
        " FROM chats WHERE paused = 0 AND chat_id > ? AND calendars IS NOT NULL ORDER BY chat_id LIMIT ?"
    )
    chats = db.conn.execute(sql, (_BEFORE_ALL if after is None else after, limit))
    return [(chat_id, frozenset(calendars.split(" "))) for chat_id, calendars in chats]


def watching_since(db: Database, chat_ids: Collection[int]) -> dict[int, datetime]:
    """Since when each of these chats has watched anything that it still watches."""
    sql = (
        "SELECT chat_id, min(created_at) FROM subscriptions WHERE chat_id IN (SELECT value FROM json_each(?))"
        " GROUP BY chat_id"
    )
    return {chat_id: unstamp(since) for chat_id, since in db.conn.execute(sql, (json.dumps(list(chat_ids)),))}


def symbols_of_awake_chats(db: Database) -> list[str]:
    """Every symbol that somebody watches who may be written to."""
    sql = "SELECT DISTINCT symbol FROM subscriptions JOIN chats USING (chat_id) WHERE paused = 0 ORDER BY symbol"
    return [symbol for (symbol,) in db.conn.execute(sql)]


def watchers(db: Database, symbol: str, since: datetime) -> list[int]:
    """The chats that may be written to and have watched a symbol since then at the latest."""
    sql = (
        "SELECT chat_id FROM subscriptions JOIN chats USING (chat_id)"
        " WHERE symbol = ? AND created_at <= ? AND paused = 0 ORDER BY chat_id"
    )
    return [chat_id for (chat_id,) in db.conn.execute(sql, (symbol, stamp(since)))]


def of_chats(db: Database, chat_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """The watchlists of many chats, oldest first: each symbol and its calendar."""
    sql = (
        "SELECT chat_id, symbol, calendar FROM subscriptions WHERE chat_id IN (SELECT value FROM json_each(?))"
        " ORDER BY chat_id, created_at, symbol"
    )
    watchlists: dict[int, list[tuple[str, str]]] = {}
    for chat_id, symbol, calendar in db.conn.execute(sql, (json.dumps(list(chat_ids)),)):
        watchlists.setdefault(chat_id, []).append((symbol, calendar))
    return watchlists


def _subscription(row: dict[str, Any]) -> Subscription:
    return Subscription(row["chat_id"], row["symbol"], row["calendar"], unstamp(row["created_at"]))
