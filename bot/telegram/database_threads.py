"""A change of the database from the loop, in a thread: a busy file must not stop the loop, nor a broken one the bot."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Concatenate, ParamSpec

from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.db.database import Store

P = ParamSpec("P")


async def try_change(
    store: Store, change: Callable[Concatenate[Connection, P], object], *about: P.args, **named: P.kwargs
) -> None:
    """One change in a transaction of its own; nothing where the database is out of order."""

    def run() -> None:
        with suppress(StoreError):
            store.repeated(lambda db: change(db, *about, **named))

    await asyncio.to_thread(run)
