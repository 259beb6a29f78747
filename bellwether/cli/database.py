"""`python -m bellwether database ...`: the key of what is kept."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bellwether.core.config import Settings


@click.group()
def database() -> None:
    """Encrypt what is kept; to be run while the service is stopped."""


@database.command()
def key() -> None:
    """Print a new key. It belongs into the environment, never beside the database: without it nothing can be read."""
    from bellwether.db.encryption import new_key

    click.echo(new_key())


@database.command()
def encrypt() -> None:
    """Encrypt a database that was begun without a key, with the one that is set now."""
    settings = _settings()
    rows = _rewrite(settings, "", _needed(settings))
    click.echo(f"{settings.database.path} is encrypted now, with all its {rows:,} rows. Keep the key safe.")


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
    from bellwether.db.encryption import rewrite

    return rewrite(settings.database.path, old, new)


def _needed(settings: "Settings") -> str:
    key = settings.database.key.get_secret_value()
    if not key:
        raise click.ClickException("No key is set: `database key` makes one, for BELLWETHER_DATABASE__KEY.")
    return key
