"""`python -m bellwether track-record ...`: how forecasts turned out."""

import sys

import click

from bellwether.cli.common import AS_JSON, build, print_json


@click.group("track-record", invoke_without_command=True)
@click.option("--symbol", help="Only forecasts of this one.")
@click.option("--horizon", help="Only these trading days ahead, such as 10 or 2w.")
@click.option("--model", "model_id", help="Only this model's.")
@click.option("--since", help="Only cutoffs from this date on, such as 2026-01-31.")
@AS_JSON
@click.pass_context
def track_record(context: click.Context, /, as_json: bool, **only: str | None) -> None:
    """How the issued forecasts turned out."""
    if context.invoked_subcommand is not None:
        return
    from bellwether.ask import forecasts
    from bellwether.track_record.scores.sentences import lines
    from bellwether.track_record.to_json import record_json

    record = forecasts.asked_record(build(), **only)
    print_json(record_json(record)) if as_json else click.echo("\n".join(lines(record)))


@track_record.command()
@click.option("--from", "first", required=True, help="First day, such as 2019-01-01.")
@click.option("--to", "last", required=True, help="Last day.")
@click.option("--every", default=1, show_default=True, type=click.IntRange(1, 63), help="Forecast each n-th session.")
def simulate(first: str, last: str, every: int) -> None:
    """Replay the embedded market as if it were live, and show that record, marked as simulated."""
    from bellwether.core.parsing import parse_date
    from bellwether.jobs.simulate import sessions_of
    from bellwether.jobs.simulate import simulate as run

    services = build()
    start, end = parse_date(first), parse_date(last)
    with click.progressbar(length=sessions_of(services, start, end), label="Sessions", file=sys.stderr) as bar:
        file, count = run(services, start, end, every=every, done=lambda _: bar.update(1))
    click.echo(f"{count:,} forecasts were replayed; their record is kept in {file} until you delete it.")
