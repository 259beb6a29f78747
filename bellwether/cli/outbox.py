"""`python -m bellwether outbox ...`: what could not be sent."""

import click

from bellwether.cli.common import build


@click.group()
def outbox() -> None:
    """The dead letters: messages that could not be sent, and wait for a person to decide."""


@outbox.command("list")
def list_() -> None:
    """Show each dead letter and why it was not sent."""
    from bellwether.delivery import outbox_admin_table

    with build().store.reading() as db:
        letters = outbox_admin_table.all_of(db)
    for letter in letters:
        click.echo(
            f"{letter.id}  {letter.dedup_key}  {letter.created_at[:16]}  tried {letter.attempts} times: "
            f"{letter.last_error}"
        )
    if not letters:
        click.echo("No message is waiting for a decision.")


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=int)
def retry(ids: tuple[int, ...]) -> None:
    """Send these dead letters after all; they get a day for it."""
    from datetime import timedelta

    from bellwether.delivery import outbox_admin_table

    services = build()
    now = services.clock()
    with services.store.transaction() as db:
        changed = outbox_admin_table.retry(db, ids, now, now + timedelta(days=1))
    _say_changed("will be sent again", ids, changed)


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=int)
def drop(ids: tuple[int, ...]) -> None:
    """Let these dead letters go."""
    from bellwether.delivery import outbox_admin_table

    with build().store.transaction() as db:
        changed = outbox_admin_table.drop(db, ids)
    _say_changed("dropped", ids, changed)


def _say_changed(what: str, ids: tuple[int, ...], changed: list[int]) -> None:
    """Which were changed; the others are no dead letters, which is a failure."""
    if changed:
        click.echo(f"{', '.join(map(str, changed))}: {what}.")
    if missing := [str(number) for number in ids if number not in changed]:
        raise click.ClickException(f"No dead letter has the number {' or '.join(missing)}; see outbox list.")
