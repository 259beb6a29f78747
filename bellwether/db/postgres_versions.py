"""The tables of a database of PostgreSQL: made whole for a new one, and brought up to this version for another.

lock, so that of several processes one goes on | tables of the baseline | later migrations | version noted | unlock

All of it is one transaction. What SQLite went through before there was PostgreSQL is in `postgres_baseline.sql`; each
later migration is one description for both kinds of database, in `db.migrations`.
"""

import logging
from importlib import resources
from typing import Any

from bellwether import __version__
from bellwether.core.errors import NewerDatabase
from bellwether.db.database import capital
from bellwether.db.migrations import ON_BOTH
from bellwether.db.newer import maker
from bellwether.db.postgres_dialect import defined
from bellwether.db.versions import THIS_VERSION, State

LEAST = 140_000  #: of the server: PostgreSQL 14, whose successors get corrections for as long as this is in use
_LOCK = 0x62656C6C00000000  #: "bell": beside other programs' locks in the same database

#: the number of the newest version that had it open, to be asked with the beginning of a transaction
NEWEST = "SELECT newest FROM bellwether_version"

log = logging.getLogger(__name__)


def state_of(conn: Any) -> State:
    """What a database went through. Raises the driver's errors."""
    (tables, ours) = conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE table_name = 'bellwether_migrations')"
        " FROM information_schema.tables WHERE table_schema = current_schema()"
    ).fetchone()
    if not ours:
        return State(frozenset(), 0, tables)
    names = frozenset(name for (name,) in conn.execute("SELECT name FROM bellwether_migrations"))
    (number,) = conn.execute("SELECT newest FROM bellwether_version").fetchone()
    return State(names, number, tables)


def refuse_newer(name: str, state: State) -> None:
    """Raise NewerDatabase where a newer version made what is there."""
    if state.unknown:
        raise NewerDatabase(
            f"{capital(name)} is {maker(state)}; this is {__version__}, which left it as it was: "
            "install that version, or restore the dump that was made before the upgrade."
        )


def baseline() -> bytes:
    """The statements that make the tables with which later migrations begin."""
    return resources.files("bellwether.db").joinpath("postgres_baseline.sql").read_bytes()


def bring_up_to_date(conn: Any, name: str) -> State:
    """Make the tables, or run what is pending, all of it or nothing; the state before. In a transaction.

    Raises NewerDatabase and the driver's errors.
    """
    state = state_of(conn)
    refuse_newer(name, state)
    if state.names.issuperset(ON_BOTH) and state.names and state.number == THIS_VERSION and not state.due:
        return state  # waiting for nobody, who may be cut off
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    state = state_of(conn)
    refuse_newer(name, state)
    if not state.names:
        conn.execute(baseline())
    for migration in [name for name in ON_BOTH if name not in state.names]:
        for statement in ON_BOTH[migration]():
            conn.execute(defined(statement), {})
        conn.execute("INSERT INTO bellwether_migrations (name) VALUES (%s)", (migration,))
    if state.number < THIS_VERSION:
        conn.execute("UPDATE bellwether_version SET newest = %s", (THIS_VERSION,))
    if state.names and state.due:
        log.info(
            "%s is brought from Bellwether %s up to %s. Backups of PostgreSQL are its operator's, made by pg_dump.",
            *(name, state.version, __version__),
        )
    return state
