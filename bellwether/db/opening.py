"""Which kind of database the settings ask for."""

from bellwether.core.config import Database
from bellwether.core.errors import BackupRefused, ConfigError
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore


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


def as_file(store: Store) -> SqliteStore:
    """The store as the file that it is. Raises BackupRefused where it is none."""
    if not isinstance(store, SqliteStore):
        name = f"{store.name[0].upper()}{store.name[1:]}"
        raise BackupRefused(f"{name} is no file: back it up with pg_dump, and restore it with pg_restore.")
    return store
