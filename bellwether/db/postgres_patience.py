"""A connection whose server is looked for while it keeps us waiting: else one that hangs would be waited for always.

What a server can limit by itself, a statement that takes long or waits for a lock, it limits. One that is frozen, or
whose network swallows everything after a word was acknowledged, limits nothing.
"""

import select
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen

PATIENCE = 5.0  #: seconds of silence after which it is looked whether anybody is there
T = TypeVar("T")


class WatchfulConnection(psycopg.Connection[Any]):
    """Gives up a server that neither answers nor can be reached anew; a busy one is waited for."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """What psycopg waits with. Raises OperationalError."""
        while True:
            try:
                return super().wait(gen, interval, PATIENCE if timeout is None else timeout)
            except errors._WaitTimeout:
                if timeout is not None:
                    raise
                try:
                    psycopg.connect(self.info.dsn, password=self.info.password).close()
                except psycopg.OperationalError as gone:
                    if "FATAL" in str(gone):  # the server's own word: it answers, though it lets nobody in just now
                        continue
                    self.pgconn.finish()
                    raise psycopg.OperationalError("timeout: the server is silent") from gone


def is_alive(conn: psycopg.Connection[Any]) -> None:
    """Ask the server only where it has said something unasked, as when it ends a connection. Raises psycopg.Error."""
    if _has_spoken(conn.fileno()):
        conn.execute("SELECT 1")


def _has_spoken(number: int) -> bool:
    """Whether something waits to be read. `poll` takes any number, `select` only small ones; Windows has no `poll`."""
    if not hasattr(select, "poll"):
        return bool(select.select([number], [], [], 0)[0])
    heard = select.poll()
    heard.register(number, select.POLLIN)
    return bool(heard.poll(0))
