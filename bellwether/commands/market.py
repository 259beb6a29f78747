"""`python -m bellwether market ...`: the prices that are kept."""

import sys

import click

from bellwether.commands.wiring import build


@click.group()
def market() -> None:
    """The prices that are kept."""


@market.command()
@click.option("--symbols", help="Only these, such as AAPL,MSFT; else all that are served every session or watched.")
def refresh(symbols: str | None) -> None:
    """Fetch what is missing up to the last session; run again, it goes on where it stopped."""
    from bellwether.market.refresh import every_symbol, symbols_of
    from bellwether.market.refresh import refresh as run
    from bellwether.market.sources import remote

    services = build()
    provider = remote(services.provider)
    if provider is None:
        raise click.ClickException(f"{services.provider.describe().capitalize()} is on this machine already.")
    wanted = symbols_of(symbols) if symbols is not None else every_symbol(services)
    unseen = not sys.stderr.isatty()
    with click.progressbar(length=len(wanted), label="Prices", file=sys.stderr, hidden=unseen) as bar:
        did = run(provider, wanted, done=lambda _: bar.update(1))
    click.echo(str(did))
    for symbol, why in sorted(did.failed.items()):
        click.echo(f"  {symbol}: {why}", err=True)
    sys.exit(1 if did.stopped or did.failed else 0)
