"""`python -m bellwether models ...`: the served model beside those that are tried."""

import click

from bellwether.commands.wiring import build


@click.group()
def models() -> None:
    """The served model, and those tried beside it."""


@models.command()
def compare() -> None:
    """Set the models of the record side by side."""
    from bellwether import queries
    from bellwether.scoring.champion import duel
    from bellwether.scoring.words import compared, judged

    services = build()
    record = queries.track_record(services)
    for one in record.by_model:
        click.echo(f"{one.model_id}{'' if one.shown else ' (tried)'}: {judged(one.score)}")
    served = services.model.card.model_id if services.model is not None else ""
    for name in sorted({one.model_id for one in record.by_model} - {served}) if not record.simulated else ():
        click.echo(compared(duel(services, name, served)))
    if not record.by_model:
        click.echo("The record has no outcome yet.")


@models.command()
@click.argument("model")
def promote(model: str) -> None:
    """Serve MODEL from the next start on, if the record supports it."""
    from bellwether.scoring.champion import promote as run
    from bellwether.scoring.words import compared

    found = run(build(), model)
    if found is not None:
        click.echo(compared(found))
    click.echo(f"{model} is served from the next start on.")
