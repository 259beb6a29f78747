"""`python -m bellwether database ...`: the key of what is kept, and its upgrade."""

import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bellwether.core.config import Settings


@click.group()
def database() -> None:
    """Encrypt or upgrade what is kept; to be run while the service is stopped."""


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

    settings = _settings()
    rows = _rewrite(settings, "", _needed(settings))
    click.echo(f"{settings.database.path} is encrypted now, with all its {rows:,} rows. Keep the key safe.")
    if plain := unencrypted(settings.database.path):
        click.echo(f"Copies of it still lie beside it in the clear. To delete them: rm {shlex.join(map(str, plain))}")
    click.echo("Backups that you made elsewhere before are in the clear too.")


@database.command()
def decrypt() -> None:
    """Undo that; then start the service without the key."""
    settings = _settings()
    rows = _rewrite(settings, _needed(settings), "")
    click.echo(f"{settings.database.path} is not encrypted any more; it has all its {rows:,} rows.")


@database.command()
def rekey() -> None:
    """Encrypt anew with a new key, asked for or read from the input; the old one is the one that is set now."""
    settings = _settings()
    old = _needed(settings)
    new = click.prompt("The new key, as `database key` prints them", hide_input=True, err=True).strip()
    rows = _rewrite(settings, old, _needed(_settings(database={"key": new})))  # settings refuse what is no key
    click.echo(f"All {rows:,} rows are under the new key; set BELLWETHER_DATABASE__KEY to it before the next start.")


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


def _needed(settings: "Settings") -> str:
    key = settings.database.key.get_secret_value()
    if not key:
        raise click.ClickException("No key is set: `database key` makes one, for BELLWETHER_DATABASE__KEY.")
    return key
