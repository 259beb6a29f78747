"""`python -m bellwether market ...`: the prices that are kept."""

import sys
from pathlib import Path

import click

from bellwether.cli.common import build
from bellwether.core.places import COMMAND


@click.group()
def market() -> None:
    """The prices that are kept."""


@market.command()
@click.option("--symbols", help="Only these, such as AAPL,MSFT; else all that are served every session or watched.")
def refresh(symbols: str | None) -> None:
    """Fetch what is missing up to the last session, and days of reports; run again, it goes on where it stopped."""
    from bellwether.jobs.evening import keep_evening
    from bellwether.jobs.refresh_prices import every_symbol, symbols_of
    from bellwether.jobs.refresh_prices import refresh as run
    from bellwether.jobs.refresh_reports import refresh_reports
    from bellwether.market.sources import remote

    services = build()
    provider = remote(services.provider)
    if provider is None:
        raise click.ClickException(f"{services.provider.describe().capitalize()} is on this machine already.")
    wanted = symbols_of(symbols) if symbols is not None else every_symbol(services.store, services.universe)
    unseen = not sys.stderr.isatty()
    with click.progressbar(length=len(wanted), label="Prices", file=sys.stderr, hidden=unseen) as bar:
        did = run(provider, wanted, done=lambda _: bar.update(1))
    click.echo(str(did))
    learned = refresh_reports(services, lambda: bool(did.stopped), len(wanted), wanted)
    keep_evening(services)  # it reads reports; for whoever runs this by a timetable of their own, and no service
    if learned.failed:
        click.echo("Days of reports could not be had from everybody; what is known of them stays.", err=True)
    for symbol, why in sorted(did.failed.items()):
        click.echo(f"  {symbol}: {why}", err=True)
    sys.exit(1 if did.stopped or did.failed else 0)


@market.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The .parquet or .csv file to write.")
@click.option("--symbols", help="Only these, such as AAPL,MSFT; else all whose prices are kept.")
def export(out: Path, symbols: str | None) -> None:
    """Write the prices that are kept in long form, as training reads them. Asks nobody."""
    from bellwether.core.types import MARKET_SERIES
    from bellwether.jobs.refresh_prices import symbols_of
    from bellwether.market.export import as_table, bars_at_hand
    from bellwether.market.files.prices import write_prices

    services = build()
    table = as_table(list(bars_at_hand(services.provider, symbols_of(symbols) if symbols is not None else ())))
    write_prices(table, out)
    names, days = set(table["symbol"]), table["date"]
    span = f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
    click.echo(f"Written to {out}: {len(table):,} rows of {len(names):,} symbols, {span}.")
    lacking = [symbol for symbol in MARKET_SERIES if symbol not in names]
    if lacking:
        wanted = ",".join(lacking)
        click.echo(f"Training needs {' and '.join(lacking)} too: {COMMAND} market refresh --symbols {wanted}")


@market.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--symbol", default="", help="Whose prices they are, where neither a column nor the file's name tells.")
@click.option("--out", type=click.Path(path_type=Path), help="Write them to this .parquet or .csv in long form.")
def import_(files: tuple[Path, ...], symbol: str, out: Path | None) -> None:
    """Show what price FILES are understood as, before they are used."""
    from bellwether.core.errors import BadSymbol
    from bellwether.market.file import one_table
    from bellwether.market.files.prices import read_price_file, write_prices
    from bellwether.market.files.words import understood
    from bellwether.market.symbols.spellings import as_symbol

    wanted = as_symbol(symbol) if symbol else ""
    if wanted is None:
        raise BadSymbol(f"{symbol!r} can't be a symbol. Write it as in AAPL, BRK-B or SHEL.L.")
    read = [read_price_file(file, wanted) for file in files]
    for file, prices in zip(files, read, strict=True):
        for line in understood(file, prices):
            click.echo(line)
    use = out if out is not None else files[0]
    if out is not None:
        write_prices(one_table(read), out)
        click.echo(f"Written to {out}.")
    elif symbol or len(files) > 1:
        click.echo("To use them, write them into one file with their symbols: add --out prices.parquet.")
        return
    click.echo(f"To use it: BELLWETHER_MARKET__SOURCE=file BELLWETHER_MARKET__FILE={use}")


@market.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def holdings(file: Path) -> None:
    """Show as which stocks the export FILE of a broker or a portfolio tool is read. Keeps nothing of it."""
    from bellwether.ask.holdings import understand
    from bellwether.market.holdings.kinds import refuse_by_name

    refuse_by_name(file.name, file.stat().st_size)
    understood = understand(build(), file.read_bytes(), file.name)
    for instrument in understood.instruments:
        click.echo(f"{instrument.symbol:<12} {instrument.name}")
    for why, count in understood.left_out.items():
        click.echo(f"left out: {why.value}, {count}", err=True)
    for name in understood.sold:
        click.echo(f"  sold: {name}", err=True)
    for question in understood.questions:
        offered = ", ".join(f"{candidate.symbol} ({candidate.name})" for candidate in question.candidates)
        click.echo(f"not clear: {question.called}: {question.why.value}{f': {offered}' if offered else ''}", err=True)
    for name in understood.not_looked_up:
        click.echo(f"not looked up: {name}", err=True)
    sys.exit(1 if understood.questions or understood.not_looked_up else 0)
