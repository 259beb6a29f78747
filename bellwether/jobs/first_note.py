"""A host that joins others notes where the ledger ends, before it enters anything or proves what they entered."""

import asyncio

from bellwether.core.errors import StoreError
from bellwether.services import Services
from bellwether.track_record.ledger import checkpoint

AGAIN_AFTER = 20.0  #: seconds, where the server cannot be asked


async def note_when_joining(services: Services) -> None:
    """Write this host's note, unless there is one. With a file that would hide that its note was taken away."""
    if not services.settings.database.url.get_secret_value():
        return
    while True:
        try:
            await asyncio.to_thread(checkpoint.note_first, services.store)
            return
        except StoreError:  # said by whatever else needs the database
            await asyncio.sleep(AGAIN_AFTER)
