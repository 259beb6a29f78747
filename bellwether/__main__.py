"""The command line: the one place that wires the faces together, each imported only by the command that needs it."""

import json
import sys
from typing import Any

import click

from bellwether import __version__
from bellwether.errors import BellwetherError


class _Kind(click.Group):
    """Shows every foreseen failure as its one sentence, and nothing else."""

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
    from bellwether.config import load_settings
    from bellwether.logs import set_up
    from serving import serve as run

    settings = load_settings(**({"market": {"source": "sample"}, "telegram": {"token": ""}} if demo else {}))
    set_up(settings)
    sys.exit(run(settings))


@main.command()
def chat() -> None:
    """Hold the same conversation here in the terminal."""
    from bot import terminal

    terminal.hold(_services())


@main.command()
@click.argument("symbol")
@click.option("--horizon", default="10", show_default=True, help="Trading days ahead, 1 to 63; 2w and 3m work too.")
@click.option("--as-of", help="Use only prices up to this date, such as 2021-06-30.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def forecast(symbol: str, horizon: str, as_of: str | None, as_json: bool) -> None:
    """Print one forecast."""
    from bellwether import queries, wording
    from bellwether.forecast_json import forecast_json
    from bellwether.parsing import parse_date, parse_horizon

    sessions, day = parse_horizon(horizon), parse_date(as_of) if as_of is not None else None
    made = queries.answer(_services(), symbol, sessions, day).forecast
    click.echo(json.dumps(forecast_json(made), indent=2) if as_json else wording.summary(made))


@main.group()
def alerts() -> None:
    """Decide what is due, and send what is owed."""


@alerts.command()
@click.option("--now", "instant", help="Decide as of this instant, such as 2021-12-30T22:00:00Z.")
def tick(instant: str | None) -> None:
    """Write the messages that are due, once; sends nothing."""
    from bellwether.alerting.evaluate import tick as run
    from bellwether.parsing import parse_instant

    services = _services()
    did = run(services, parse_instant(instant) if instant is not None else services.clock())
    click.echo(f"{did.written} messages written, {did.already_owed} were there already.")
    for reason, count in did.reasons.items():
        click.echo(f"  {count} {reason.name}: {reason.value}")


@alerts.command()
def deliver() -> None:
    """Send the messages that are owed."""
    import asyncio

    from bot.telegram import deliver_now

    services = _services()
    _need_token(services.settings.telegram.token.get_secret_value())
    did = asyncio.run(deliver_now(services))
    click.echo(f"{did.sent} sent, {did.put_back} to be tried again, {did.failed} failed, {did.expired} expired.")


@main.command()
def doctor() -> None:
    """Say whether everything is in order, and what to do if not."""
    import asyncio

    from bellwether.doctor import examine
    from bellwether.types import Check

    services = _services()
    checks = examine(services)
    if services.settings.telegram.token.get_secret_value():
        from bot.telegram import check_token

        checks.append(asyncio.run(check_token(services)))
    else:
        checks.append(Check("Telegram", True, "no token is set, so the bot is off; the rest works without it"))
    for check in checks:
        click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail} {check.advice}".rstrip())
    sys.exit(0 if all(check.ok for check in checks) else 1)


def _services() -> Any:
    """Settings and services, with logging set up."""
    from bellwether.config import load_settings
    from bellwether.logs import set_up
    from bellwether.services import build_services

    settings = load_settings()
    set_up(settings)
    return build_services(settings)


def _need_token(token: str) -> None:
    """Sending needs Telegram."""
    if not token:
        raise click.ClickException("No Telegram token is set; put it into the environment: BELLWETHER_TELEGRAM__TOKEN.")


if __name__ == "__main__":
    main(prog_name="python -m bellwether")
