"""`python -m bellwether backup` and `restore`: of a file by SQLite itself, of PostgreSQL by its own programs."""

from pathlib import Path

import click

from bellwether.cli.common import build


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
def backup(path: Path) -> None:
    """Copy the database to the file PATH, while the service runs."""
    from bellwether.db.opening import as_postgres
    from bellwether.db.sqlite_store import SqliteStore
    from bellwether.track_record.ledger import backup_report

    store = build().store
    if isinstance(store, SqliteStore):
        click.echo(backup_report.make(store, path))
        return
    from bellwether.track_record.ledger import dump_report  # with a file nobody pays for the driver

    click.echo(dump_report.make(as_postgres(store), path))
    store.close()


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where there is a database: it is put aside, not deleted.")
def restore(path: Path, force: bool) -> None:
    """Put the backup PATH in place of the database, or into an empty one of PostgreSQL. Stop the service first."""
    from bellwether.db.opening import as_postgres
    from bellwether.db.sqlite_store import SqliteStore
    from bellwether.track_record.ledger import backup_report

    services = build()
    store, now = services.store, services.clock()
    if isinstance(store, SqliteStore):
        lines = backup_report.put_back(store, path, now, force=force)
    else:
        from bellwether.track_record.ledger import dump_report

        lines = dump_report.put_back(as_postgres(store), path, force=force)
        store.close()
    for line in lines:
        click.echo(line)
