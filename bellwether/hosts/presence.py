"""Telling the others that this process serves, and what it is made of."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from bellwether import __version__
from bellwether.core.clock import Clock
from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.hosts import hosts_table
from bellwether.hosts.differences import marks_of
from bellwether.hosts.hosts_table import ServingProcess
from bellwether.hosts.parts import ServicePart
from bellwether.hosts.process_name import ProcessName

BEAT = 20.0  #: seconds between two times
log = logging.getLogger(__name__)


async def tell_of_this(
    store: Store, clock: Clock, settings: Settings, parts: frozenset[ServicePart], models: dict[str, str]
) -> None:
    """Tell of this process until cancelled; then it is forgotten. Without a database nobody is told."""
    process = ServingProcess(ProcessName.new(), parts, __version__, marks_of(settings), models, clock())

    def tell() -> None:
        with suppress(StoreError), store.transaction() as db:
            hosts_table.tell(db, replace(process, beat_at=clock()))

    try:
        while True:
            try:
                await asyncio.to_thread(tell)
            except Exception:
                log.exception("The others could not be told of this process.")
            await asyncio.sleep(BEAT)
    finally:
        with suppress(StoreError), store.transaction() as db:
            hosts_table.forget(db, process.name)
