"""The command line: the one place that wires the faces together, each imported only by the command that needs it."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from bellwether import __version__
from bellwether.cli.database import database
from bellwether.cli.keys import keys
from bellwether.cli.ledger import ledger
from bellwether.cli.market import market
from bellwether.cli.models import models
from bellwether.cli.outbox import outbox
from bellwether.cli.track_record import track_record
from bellwether.cli.wiring import build
from bellwether.core import plain_output
from bellwether.core.errors import BellwetherError


class _Kind(click.Group):
    """Shows every foreseen failure as its one sentence, and nothing else, on whatever output there is."""

    def main(self, *arguments: Any, **named: Any) -> Any:
        """Begin; help and wrong usage are shown here, too."""
        plain_output.set_up()
        return super().main(*arguments, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BellwetherError as problem:
            raise click.ClickException(problem.for_operator) from None


@click.group(cls=_Kind, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bellwether", message="%(prog)s %(version)s")
def main() -> None:
    """Honest stock forecasts: ranges with their track record, in chat, on a page and by API."""


@main.command()
@click.option("--demo", is_flag=True, help="Use the embedded sample market and no Telegram, whatever is set.")
def serve(demo: bool) -> None:
    """Run Telegram (if a token is set), the scheduler, the page and the API in one process."""
    try:
        _serve(demo)
    except KeyboardInterrupt:  # before the service could take the signal itself
        sys.exit(0)


def _serve(demo: bool) -> None:
    """Load, wire and run."""
    from bellwether.core.config import load_settings
    from bellwether.core.logs import set_up
    from serving import serve as run

    settings = load_settings(**({"market": {"source": "sample"}, "telegram": {"token": ""}} if demo else {}))
    set_up(settings)
    sys.exit(run(settings))


@main.command()
def chat() -> None:
    """Hold the same conversation here in the terminal."""
    from bot import terminal

    terminal.hold(build())


@main.command()
@click.argument("symbol")
@click.option("--horizon", default="10", show_default=True, help="Trading days ahead, 1 to 63; 2w and 3m work too.")
@click.option("--as-of", help="Use only prices up to this date, such as 2021-06-30.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def forecast(symbol: str, horizon: str, as_of: str | None, as_json: bool) -> None:
    """Print one forecast."""
    from bellwether.ask import forecasts
    from bellwether.core.parsing import parse_date, parse_horizon
    from bellwether.forecasting import sentences as price_sentences
    from bellwether.forecasting.to_json import forecast_json

    sessions, day = parse_horizon(horizon), parse_date(as_of) if as_of is not None else None
    made = forecasts.answer(build(), symbol, sessions, day).forecast
    click.echo(json.dumps(forecast_json(made), indent=2) if as_json else price_sentences.summary(made))


@main.command()
@click.argument("symbol")
@click.option("--as-of", help="Use only reports known by this date, such as 2021-06-30.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def growth(symbol: str, as_of: str | None, as_json: bool) -> None:
    """Print the revenue forecast of the company behind a stock."""
    from bellwether.core.parsing import parse_date
    from bellwether.revenue import ask, sentences
    from bellwether.revenue.to_json import growth_json

    made = ask.growth(build(), symbol, parse_date(as_of) if as_of is not None else None).forecast
    click.echo(json.dumps(growth_json(made), indent=2) if as_json else sentences.summary(made))


@main.group()
def alerts() -> None:
    """Decide what is due, and send what is owed."""


@alerts.command()
@click.option("--now", "instant", help="Decide as of this instant, such as 2021-12-30T22:00:00Z.")
def tick(instant: str | None) -> None:
    """Write the messages that are due, once; sends nothing."""
    from bellwether.alerts.tick import tick as run
    from bellwether.core.parsing import parse_instant

    services = build()
    did = run(services, parse_instant(instant) if instant is not None else services.clock())
    click.echo(f"{did.written} messages written, {did.already_owed} were there already.")
    for reason, count in did.reasons.items():
        click.echo(f"  {count} {reason.name}: {reason.value}")
    if did.rules.reasons or did.outcomes:
        click.echo(
            f"Alert rules: {did.rules.told} told, {did.rules.folded} left for the digest, {did.outcomes} outcomes."
        )
        for why, count in did.rules.reasons.items():
            click.echo(f"  {count} {why.name}: {why.value}")


@alerts.command()
def deliver() -> None:
    """Send the messages that are owed."""
    import asyncio

    from bot.telegram.one_shot import deliver_now

    services = build()
    _need_token(services.settings.telegram.token.get_secret_value())
    did = asyncio.run(deliver_now(services))
    click.echo(f"{did.sent} sent, {did.put_back} to be tried again, {did.failed} failed, {did.expired} expired.")


for _group in (market, outbox, track_record, ledger, keys, database, models):
    main.add_command(_group)


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
def backup(path: Path) -> None:
    """Copy the database to the file PATH, while the service runs."""
    from bellwether.track_record.ledger.backup_report import make

    click.echo(make(build().store, path))


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where there is a database: it is put aside, not deleted.")
def restore(path: Path, force: bool) -> None:
    """Put the backup PATH in place of the database. Stop the service first."""
    from bellwether.track_record.ledger.backup_report import put_back

    services = build()
    for line in put_back(services.store, path, services.clock(), force=force):
        click.echo(line)


@main.command()
@click.option("--since", help="Only from this day on, in UTC, such as 2026-01-31.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def feedback(since: str | None, most: int, as_json: bool) -> None:
    """Show what people said by /feedback, the newest first."""
    from datetime import UTC, datetime, time

    from bellwether.core.parsing import parse_date
    from bellwether.delivery import chats

    day = parse_date(since) if since is not None else None
    said = chats.newest_feedback(build(), most, datetime.combine(day, time(), UTC) if day is not None else None)
    if as_json:
        found = [
            {"id": one.id, "chat_id": one.chat_id, "said_at": one.said_at.isoformat(), "text": one.text} for one in said
        ]
        click.echo(json.dumps(found, indent=2))
        return
    for one in said:
        click.echo(f"{one.id}  {one.said_at:%Y-%m-%d %H:%M} UTC  chat {one.chat_id}")
        for line in one.text.splitlines():  # what people wrote may hold signs that steer a terminal
            click.echo("    " + "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line))
    if not said:
        click.echo("Nobody has said anything yet." if since is None else f"Nobody has said anything since {since}.")


@main.command()
def doctor() -> None:
    """Say whether everything is in order, and what to do if not."""
    import asyncio

    from bellwether.core.types import Check
    from bellwether.jobs.doctor import examine

    services = build()
    checks = examine(services)
    if services.settings.telegram.token.get_secret_value():
        from bot.telegram.one_shot import check_token

        checks.append(asyncio.run(check_token(services)))
    else:
        checks.append(Check("Telegram", True, "no token is set, so the bot is off; the rest works without it"))
    for check in checks:
        click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail} {check.advice}".rstrip())
    sys.exit(0 if all(check.ok for check in checks) else 1)


def _need_token(token: str) -> None:
    """Sending needs Telegram."""
    if not token:
        raise click.ClickException("No Telegram token is set; put it into the environment: BELLWETHER_TELEGRAM__TOKEN.")
