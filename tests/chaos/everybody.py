"""Everybody of a run, in a database that is copied for each."""

from __future__ import annotations

from pathlib import Path

from bellwether.alerts import subscriptions_table
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import chats_table
from bellwether.market.sample import SampleProvider
from tests.chaos.plan import GROUP, PEOPLE, READER
from tests.chaos.victim import FIRST_EVENING

_SYMBOLS = ("AAPL", "MSFT", "KO")
MANY = tuple(
    sorted(instrument.symbol for instrument in SampleProvider().universe() if not instrument.symbol.startswith("^"))
)[:30]


def empty_database(path: Path) -> Path:
    """A database with everybody and their watchlists, to be copied for each run."""
    store = SqliteStore(path)
    everybody_joins(store)
    store.close()
    return path


def everybody_joins(store: Store) -> None:
    """Everybody, and their watchlists."""
    with store.transaction() as db:
        for chat_id in (*PEOPLE, GROUP):
            chats_table.join(db, chat_id, "en", FIRST_EVENING)
            for symbol in MANY if chat_id == READER else _SYMBOLS[: 1 + chat_id % 2]:
                subscriptions_table.add(db, chat_id, symbol, "XNYS", FIRST_EVENING)
