"""What one process at a time may do: whoever holds the lease does it, every other waits.

    another holds it? | has it ended, or not beaten for LAPSE? | take over

That a process ended is known at once to those that share its folder, by a file lock that the system gives back;
elsewhere, or when it hangs, by beats that do not come while we watch. Both without looking at a clock that can be
changed.
"""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bellwether.core.clock import Clock
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.db.file_lock import FileLock
from bellwether.hosts import leases_table
from bellwether.hosts.process_name import ProcessName

BEAT = 5.0  #: seconds between two beats
#: seconds without a beat after which another may take over: with what that takes, half a minute after a death
LAPSE = 25.0


class LeaseOutcome(Enum):
    """Whose a lease is after somebody asked for it."""

    OURS = "the asker's, from now on or already"
    ANOTHERS = "another process's, which lives"


@dataclass(frozen=True, slots=True)
class LeaseAnswer:
    """What came of asking for a lease."""

    outcome: LeaseOutcome
    other: leases_table.Held | None = None  #: who has it; None where it is ours, and where that ended in this moment


OURS = LeaseAnswer(LeaseOutcome.OURS)


class Lease:
    """This process's claim to be the only one that does something. Not for several threads at once."""

    def __init__(self, store: Store, clock: Clock, name: str, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells seconds that never run backwards. Takes nothing yet."""
        self.name = name
        self.holder = ProcessName.new()
        self._store, self._clock, self._now = store, clock, now
        self._lock = FileLock(store.beside(f"{name}.lock"))
        self._watched: tuple[leases_table.Held, float] | None = None  # the other's last beat, and since when we know it

    def take(self) -> LeaseAnswer:
        """Try to take the lease. Raises StoreError."""
        with self._store.transaction() as db:
            leases_table.decide(db, self.name)
            held = leases_table.seen(db, self.name)
            if held is not None and held.holder == self.holder:
                return OURS
            if held is not None and not self._has_ended(held):
                return LeaseAnswer(LeaseOutcome.ANOTHERS, held)
            # where the lock is another's, as that of one that hangs, its end would not tell of ours
            machine = self._machine() if self._lock.acquire() else ""
            if not leases_table.take(db, self.name, self.holder, machine, self._clock(), held):
                self._lock.release()
                # it beat in this moment
                return LeaseAnswer(LeaseOutcome.ANOTHERS, held or leases_table.seen(db, self.name))
            self._took(db)
            self._watched = None
        return OURS

    def _took(self, db: Connection) -> None:
        """What follows from having taken it, in the same transaction."""

    def beat(self) -> bool:
        """Say that we live. False when the lease was taken over: then stop at once. Raises StoreError."""
        with self._store.transaction() as db:
            return leases_table.beat(db, self.name, self.holder, self._clock())

    def is_ours(self, db: Connection) -> bool:
        """Whether the lease is ours, within the caller's transaction."""
        return leases_table.is_held(db, self.name, self.holder)

    def release(self) -> None:
        """Give the lease back. Raises StoreError."""
        try:
            with self._store.transaction() as db:
                leases_table.release(db, self.name, self.holder)
        finally:
            self._lock.release()

    def _machine(self) -> str:
        """Where the lock lies: the name of a machine alone is not enough, for two folders on it have two locks."""
        mark = self._lock.mark()
        return f"{socket.gethostname()} {mark}" if mark else ""

    def _has_ended(self, other: leases_table.Held) -> bool:
        if other.machine and other.machine == self._machine() and self._lock.acquire():
            return True
        now = self._now()
        if self._watched is None or self._watched[0] != other:
            self._watched = (other, now)
        return now - self._watched[1] >= LAPSE
