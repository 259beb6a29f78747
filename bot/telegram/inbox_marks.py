"""Updates that were answered and are not marked so in the inbox yet: they gather, for each mark is a transaction.

Updates.answered -> add | with what arrives next, or after a moment where nothing does | inbox.done
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from bellwether.core.clock import Clock
from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import inbox_table

LINGER = 0.25  #: seconds in which they gather; a kill has those answered again
AGAIN = 5.0  #: seconds after which they are tried again, where the database was away
REMEMBERED = 1_000  #: marked ones: more than are answered while somebody looks through the inbox
log = logging.getLogger(__name__)


class InboxMarks:
    """Gathers the marks. Used from the event loop, but for `mark_in`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._ids: set[int] = set()
        self._marked: deque[int] = deque(maxlen=REMEMBERED)
        self._soon: asyncio.Task[None] | None = None

    def ids(self) -> frozenset[int]:
        """Return the updates that are not marked yet."""
        return frozenset(self._ids)

    def has(self, update_id: int) -> bool:
        """Tell whether an update was answered here lately, marked or not."""
        return update_id in self._ids or update_id in self._marked

    def add(self, update_id: int) -> None:
        """Mark an update soon; the caller does not wait."""
        self._ids.add(update_id)
        if self._soon is None:
            self._soon = asyncio.create_task(self._mark_soon())

    async def mark(self) -> None:
        """Mark all of them now, as before a stop."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        await asyncio.to_thread(self._mark)

    def mark_in(self, db: Connection) -> Sequence[int]:
        """Mark them in this transaction, in any thread; once it is committed, pass the result to `forget`."""
        marked = tuple(self._ids)
        for update_id in marked:
            inbox_table.done(db, update_id, self._clock())
        return marked

    def forget(self, marked: Sequence[int]) -> None:
        """Drop the ids that are marked, but for a while: who looked before still takes them for unanswered."""
        self._marked.extend(marked)
        self._ids.difference_update(marked)

    async def _mark_soon(self) -> None:
        written = True
        try:
            while self._ids:
                await asyncio.sleep(LINGER if written else AGAIN)
                written = await asyncio.to_thread(self._mark)
        except Exception:
            log.exception("What was answered could not be marked; it is tried again with the next answer.")
        finally:
            if self._soon is asyncio.current_task():
                self._soon = None

    def _mark(self) -> bool:
        """Return whether they were written; if not, they are with the next updates, or a while later."""
        try:
            with self._store.transaction() as db:
                marked = self.mark_in(db)
        except StoreError:
            return False
        self.forget(marked)
        return True
