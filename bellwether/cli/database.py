"""`python -m bellwether database ...`: the key of what is kept, its upgrade, and its move to PostgreSQL and back."""

import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bellwether.core.config import Settings
    from bellwether.db.postgres_store import PostgresStore


@click.group()
def database() -> None:
    """Encrypt, upgrade or move what is kept; to be run while the service is stopped."""


@database.command()
@click.option("--backup", type=click.Path(path_type=Path), help="Make the backup here instead of beside the database.")
@click.option("--no-backup", is_flag=True, help="Make none; only with one of your own, made by the old version.")
def upgrade(backup: Path | None, no_backup: bool) -> None:
    """Bring the database up to this version now; every other command and the service do it by themselves."""
    from bellwether import __version__
    from bellwether.core.logs import set_up
    from bellwether.db import upgrade_backups, versions
    from bellwether.db.sqlite_store import SqliteStore

    if backup is not None and no_backup:
        raise click.UsageError("Either --backup or --no-backup, not both.")
    if backup is not None and backup.exists():
        raise click.ClickException(f"{backup} exists; please name a file that does not.")
    settings = _settings()
    set_up(settings)
    if settings.database.url.get_secret_value():
        _upgrade_postgres(settings, backup)
        return
    path, key = settings.database.path, settings.database.key.get_secret_value()
    before = versions.state_in(path, key)
    if before is None:
        raise click.ClickException(f"There is no database at {path} that could be upgraded.")
    if no_backup:
        make_backup: upgrade_backups.MakeBackup = upgrade_backups.make_none
    else:
        make_backup = upgrade_backups.make_beside if backup is None else upgrade_backups.make_at(backup)
    with SqliteStore(path, key, make_backup).reading():
        pass
    if before.due:
        click.echo(f"{path} was of Bellwether {before.version} and is of {__version__} now.")
    else:
        click.echo(f"{path} needs no upgrade: Bellwether {__version__} uses it as it is.")


@database.command()
def key() -> None:
    """Print a new key. It belongs into the environment, never beside the database: without it nothing can be read."""
    from bellwether.db.encryption import new_key

    click.echo(new_key())


@database.command()
def encrypt() -> None:
    """Encrypt a database that was begun without a key, with the one that is set now."""
    from bellwether.db.upgrade_backups import unencrypted

    settings = _of_file("encrypt")
    rows = _rewrite(settings, "", _needed(settings))
    click.echo(f"{settings.database.path} is encrypted now, with all its {rows:,} rows. Keep the key safe.")
    if plain := unencrypted(settings.database.path):
        click.echo(f"Copies of it still lie beside it in the clear. To delete them: rm {shlex.join(map(str, plain))}")
    click.echo("Backups that you made elsewhere before are in the clear too.")


@database.command()
def decrypt() -> None:
    """Undo that; then start the service without the key."""
    settings = _of_file("decrypt")
    _check_channels_stay(settings)
    rows = _rewrite(settings, _needed(settings), "")
    click.echo(f"{settings.database.path} is not encrypted any more; it has all its {rows:,} rows.")


@database.command()
def rekey() -> None:
    """Encrypt anew with a new key, asked for or read from the input; the old one is the one that is set now."""
    settings = _of_file("rekey")
    old = _needed(settings)
    _check_channels_stay(settings)
    new = click.prompt("The new key, as `database key` prints them", hide_input=True, err=True).strip()
    rows = _rewrite(settings, old, _needed(_settings(database={"key": new})))  # settings refuse what is no key
    click.echo(f"All {rows:,} rows are under the new key; set BELLWETHER_DATABASE__KEY to it before the next start.")


@database.command("import-sqlite")
@click.argument("path", type=click.Path(path_type=Path))
def import_sqlite(path: Path) -> None:
    """Copy the SQLite file PATH into the empty PostgreSQL database that DATABASE__URL names.

    An encrypted file is opened with the key in DATABASE__KEY. Run again after it was stopped, it goes on.
    """
    from bellwether.core.clock import CheckedClock
    from bellwether.jobs import moving

    settings = _settings()
    moving.import_sqlite(
        path, settings.database.key.get_secret_value(), _postgres(settings), CheckedClock(), click.echo
    )


@database.command("export-sqlite")
@click.argument("path", type=click.Path(path_type=Path))
def export_sqlite(path: Path) -> None:
    """Copy the PostgreSQL database that DATABASE__URL names into the new SQLite file PATH.

    It is encrypted with the key in DATABASE__KEY where there is one.
    """
    from bellwether.core.clock import CheckedClock
    from bellwether.jobs import moving

    settings = _settings()
    moving.export_sqlite(
        _postgres(settings), path, settings.database.key.get_secret_value(), CheckedClock(), click.echo
    )


def _postgres(settings: "Settings") -> "PostgresStore":
    """The database of the address. A key is not its own here, but that of the file it is copied from or to."""
    from pydantic import SecretStr

    from bellwether.db.opening import as_postgres, open_store

    return as_postgres(open_store(settings.database.model_copy(update={"key": SecretStr("")})))


def _upgrade_postgres(settings: "Settings", backup: Path | None) -> None:
    from bellwether import __version__
    from bellwether.db import postgres_versions
    from bellwether.track_record.ledger import dump_report

    store = _postgres(settings)
    with store.apart() as conn:
        before = postgres_versions.state_of(conn)
    if not before.names:
        raise click.ClickException(f"There are no tables of Bellwether in {store.name} that could be upgraded.")
    if backup is not None:
        click.echo(dump_report.make(store, backup))
    with store.reading():
        pass
    store.close()
    if before.due:
        click.echo(f"{store.name} was of Bellwether {before.version} and is of {__version__} now.")
    else:
        click.echo(f"{store.name} needs no upgrade: Bellwether {__version__} uses it as it is.")


def _of_file(command: str) -> "Settings":
    """The settings of a file. Raises ClickException where there is none."""
    settings = _settings()
    if settings.database.url.get_secret_value():
        raise click.ClickException(
            f"`database {command}` is for a file of SQLite, and DATABASE__URL is set. Whoever runs the server encrypts "
            "what PostgreSQL keeps: by an encrypted disk, and on the way by sslmode=verify-full in the address."
        )
    return settings


def _settings(**more: Any) -> "Settings":
    from bellwether.core.config import load_settings

    return load_settings(**more)


def _rewrite(settings: "Settings", old: str, new: str) -> int:
    from bellwether.core.errors import WrongKey
    from bellwether.db import versions
    from bellwether.db.newer import refuse_newer
    from bellwether.db.rewrite import rewrite

    with suppress(WrongKey):  # which has a sentence of its own there
        path = settings.database.path
        refuse_newer(path, versions.state_in(path, old), old)
    return rewrite(settings.database.path, old, new)


def _check_channels_stay(settings: "Settings") -> None:
    """Refuse to take away the key by which the addresses beside Telegram can be read. Raises ClickException."""
    from bellwether.core.errors import WrongKey
    from bellwether.db import sealed_rows
    from bellwether.delivery.targets.kept_key import KeySource, key_of

    if key_of(settings)[0] is not KeySource.DATABASE:
        return
    with suppress(WrongKey):  # which has a sentence of its own
        if sealed_rows.any_in(settings.database.path, settings.database.key.get_secret_value()):
            raise click.ClickException(
                "The addresses of other apps and mailboxes are encrypted with this key too, and nobody could read them "
                "without it. Set BELLWETHER_CHANNELS__KEY to the key that is set now, leave it so, and try again."
            )


def _needed(settings: "Settings") -> str:
    key = settings.database.key.get_secret_value()
    if not key:
        raise click.ClickException("No key is set: `database key` makes one, for BELLWETHER_DATABASE__KEY.")
    return key
