"""How much space a database of PostgreSQL takes, and that of deleted rows given back."""

from typing import TYPE_CHECKING, Any

from bellwether.db.connection import Connection

if TYPE_CHECKING:
    import psycopg


def vacuum(conn: "psycopg.Connection[Any]", longest: float) -> None:
    """Let the server free what deleted rows took, however long that takes; after it, `longest` holds again, seconds."""
    conn.execute("SET statement_timeout = 0")
    try:
        conn.execute("VACUUM")
    finally:
        conn.execute(f"SET statement_timeout = '{longest:g}s'".encode())


def database_size(db: Connection) -> int:
    """How many bytes the whole database takes."""
    (taken,) = db.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(taken)
