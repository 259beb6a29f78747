"""Which kind of database the settings ask for."""

from typing import TYPE_CHECKING

from bellwether.core.config import Database
from bellwether.core.errors import ConfigError
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from bellwether.db.postgres_store import PostgresStore


def open_store(settings: Database) -> Store:
    """The database of the settings, not opened yet. Raises ConfigError for an address that is none."""
    url = settings.url.get_secret_value()
    if not url:
        return SqliteStore(settings.path, settings.key.get_secret_value())
    if settings.key.get_secret_value():
        raise ConfigError("DATABASE__KEY is for SQLite: with DATABASE__URL encryption at rest is the server's")
    # with SQLite nobody pays for the driver
    from bellwether.db.postgres_store import PostgresStore

    return PostgresStore(url, settings.path.parent, settings.connections)


def as_postgres(store: Store) -> "PostgresStore":
    """The store as the database of PostgreSQL that it is. Raises ConfigError where it is none."""
    if isinstance(store, SqliteStore):
        raise ConfigError("DATABASE__URL is not set: it names the PostgreSQL database, postgresql://...")
    from bellwether.db.postgres_store import PostgresStore

    assert isinstance(store, PostgresStore)
    return store
