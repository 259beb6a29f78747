"""`python -m bellwether models ...`: the served model beside those that are tried."""

from dataclasses import asdict

import click

from bellwether.cli.common import AS_JSON, build, print_json


@click.group()
def models() -> None:
    """The served model, and those tried beside it."""


@models.command("list")
@AS_JSON
def list_(as_json: bool) -> None:
    """Show every model in the folder: what it is for, what it knows, whether it is served or tried."""
    from bellwether.models.overview import overview

    services = build()
    rows = overview(services.settings, services.model)
    if as_json:
        print_json([asdict(row) | {"seen_to": row.seen_to.isoformat() if row.seen_to else None} for row in rows])
        return
    for row in rows:
        known = f"made with data up to {row.seen_to} in view" if row.seen_to else row.problem
        click.echo(f"{row.model_id:24} {row.kind:7} {row.standing:8} {known}")
    if not rows:
        click.echo("There is no model in the folder of models.")


@models.command()
def compare() -> None:
    """Set the models of the record side by side."""
    from bellwether.ask import forecasts
    from bellwether.track_record.demotion.champion import duel
    from bellwether.track_record.scores.sentences import compared, judged

    services = build()
    record = forecasts.track_record(services)
    for row in record.by_model:
        click.echo(f"{row.model_id}{'' if row.shown else ' (tried)'}: {judged(row.score)}")
    served = services.model.card.model_id if services.model is not None else ""
    for name in sorted({row.model_id for row in record.by_model} - {served}) if not record.simulated else ():
        click.echo(compared(duel(services.store, name, served)))
    if not record.by_model:
        click.echo("The record has no outcome yet.")


@models.command()
@click.argument("model")
def promote(model: str) -> None:
    """Serve MODEL from the next start on, if the record supports it."""
    from bellwether.track_record.demotion.champion import promote as run
    from bellwether.track_record.scores.sentences import compared

    services = build()
    comparison = run(services.store, services.settings, services.model, model)
    if comparison is not None:
        click.echo(compared(comparison))
    click.echo(f"{model} is served from the next start on.")
