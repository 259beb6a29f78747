"""`python -m bellwether ledger ...`: the rows behind the track record, and their proof."""

import sys

import click

from bellwether.cli.common import build


@click.group("ledger")
def ledger() -> None:
    """The rows behind the track record."""


@ledger.command()
@click.option("--expect", help="A head noted earlier, ROWS:HASH: the ledger must still hold that row.")
def verify(expect: str | None) -> None:
    """Prove that no issued forecast and no outcome was changed."""
    from bellwether.track_record.ledger.verify import head_of
    from bellwether.track_record.ledger.verify import verify as run

    proof = run(build().store, head_of(expect) if expect is not None else None)
    click.echo(f"Forecasts: {proof.ledger.rows:,} rows, head {proof.ledger}")
    click.echo(f"Outcomes:  {proof.outcomes.rows:,} rows, head {proof.outcomes}")
    click.echo(f"Growth forecasts: {proof.growth.rows:,} rows, head {proof.growth}")
    click.echo(f"Growth outcomes:  {proof.growth_outcomes.rows:,} rows, head {proof.growth_outcomes}")
    if proof.lists.rows:
        click.echo(f"Forecasts of lists: {proof.lists.rows:,} rows, head {proof.lists}")
        click.echo(f"Outcomes of lists:  {proof.list_outcomes.rows:,} rows, head {proof.list_outcomes}")
    for problem in proof.problems:
        click.echo(f"FAIL {problem}")
    if not proof.problems:
        click.echo("ok   Every hash follows from the row and the hash before it, back to the first.")
        click.echo("ok   The sums that the track record shows are what the rows amount to.")
    else:
        click.echo(
            "Where a row is not what was written: keep the database and its note as they are, and run this on your "
            "backups; the newest one that proves itself shows what stood there."
        )
    sys.exit(1 if proof.problems else 0)


@ledger.command()
def rebuild() -> None:
    """Make the sums and lists that the track record shows again from the rows, which stay as they are."""
    from bellwether.jobs.file_evidence import file_evidence
    from bellwether.track_record.ledger.rebuild import rebuild as run

    services = build()
    run(services.store, lambda symbol: str(services.provider.instrument(symbol).calendar))
    click.echo("The sums, the misses and the list of open forecasts are made again from the ledger's rows.")
    filed = file_evidence(services, most=None)
    click.echo(f"Why ranges missed is filed again, from the prices at hand: {filed:,} outcomes.")
