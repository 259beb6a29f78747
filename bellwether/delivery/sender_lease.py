"""One sender for each bot: the process that holds its lease polls and sends, every other waits.

    another holds it? | has it ended, or not beaten for LAPSE? | take over, and put back what it had claimed for chats

That its process ended is known at once on the same machine, by a file lock that the system gives back; elsewhere, or
when it hangs, by beats that do not come while we watch. Both without looking at a clock that can be changed.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable

from bellwether.core.clock import Clock
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.db.file_lock import FileLock
from bellwether.delivery import leases_table, outbox_table
from bellwether.delivery.messages import RecipientKind

BEAT = 5.0  #: seconds between two beats
LAPSE = 30.0  #: seconds without a beat after which another may take over


class SenderLease:
    """This process's claim to be the only one that talks to Telegram for a bot. Not for several threads at once."""

    def __init__(self, store: Store, clock: Clock, token: str, now: Callable[[], float] = time.monotonic) -> None:
        """`token` is the bot's; `now` tells seconds that never run backwards. Takes nothing yet."""
        # the number before the colon is the bot's public id; the secret is what comes after
        self.name = f"telegram-{token.partition(':')[0]}"
        self._machine = socket.gethostname()
        self.holder = f"process {os.getpid()} on {self._machine}, {secrets.token_hex(4)}"
        self._store, self._clock, self._now = store, clock, now
        self._lock = FileLock(store.beside(f"{self.name}.lock"))
        self._watched: tuple[leases_table.Held, float] | None = None  # the other's last beat, and since when we know it

    def take(self) -> leases_table.Held | None:
        """Try to take the lease. None when it is ours now, else who has it. Raises StoreError."""
        with self._store.transaction() as db:
            leases_table.decide(db, self.name)
            held = leases_table.seen(db, self.name)
            if held is not None and held.holder == self.holder:
                return None
            if held is not None and not self._has_ended(held):
                return held
            self._lock.acquire()
            leases_table.take(db, self.name, self.holder, self._machine, self._clock(), held)
            outbox_table.release_claims(db, RecipientKind.CHAT)
            self._watched = None
        return None

    def beat(self) -> bool:
        """Say that we live. False when the lease was taken over: then stop at once. Raises StoreError."""
        with self._store.transaction() as db:
            return leases_table.beat(db, self.name, self.holder, self._clock())

    def may_send(self, db: Connection) -> bool:
        """Whether the lease is ours, within the caller's transaction."""
        return leases_table.is_held(db, self.name, self.holder)

    def release(self) -> None:
        """Give the lease back. Raises StoreError."""
        try:
            with self._store.transaction() as db:
                leases_table.release(db, self.name, self.holder)
        finally:
            self._lock.release()

    def _has_ended(self, other: leases_table.Held) -> bool:
        if other.machine == self._machine and self._lock.acquire():
            return True
        now = self._now()
        if self._watched is None or self._watched[0] != other:
            self._watched = (other, now)
        return now - self._watched[1] >= LAPSE
