"""The command line: the one place that wires the faces together, each imported only by the command that needs it."""

import logging
import sys
from typing import Any

import click

from bellwether import __version__
from bellwether.cli.alerts import alerts
from bellwether.cli.backups import backup, restore
from bellwether.cli.common import AS_JSON, build, day_of, print_json, start_of
from bellwether.cli.database import database
from bellwether.cli.keys import keys
from bellwether.cli.ledger import ledger
from bellwether.cli.market import market
from bellwether.cli.models import models
from bellwether.cli.outbox import outbox
from bellwether.cli.track_record import track_record
from bellwether.core import plain_output
from bellwether.core.errors import BellwetherError, ConfigError


class _WrongSetting(click.ClickException):
    """Stops `serve` with a status of its own (EX_CONFIG): whoever starts it again when it fails need not try."""

    exit_code = 78


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
@click.option("--only", metavar="PARTS", help="Only some of web, bot and jobs, such as web or bot,jobs; default: all.")
def serve(demo: bool, only: str | None) -> None:
    """Run Telegram (if a token is set), the scheduler, the page and the API in one process.

    web is the page, the API and the metrics; bot is Telegram; jobs are alerts, digests, prices, the track record and
    webhooks. Any number of processes may share one PostgreSQL: of those with bot one receives, of those with jobs one
    runs the timetable, and another takes over when it ends.
    """
    try:
        from bellwether.core.config import load_settings
        from bellwether.core.logs import set_up
        from bellwether.hosts.parts import EVERY, parts_of
        from serving import serve as run

        parts = EVERY if only is None else parts_of(only)
        settings = load_settings(**({"market": {"source": "sample"}, "telegram": {"token": ""}} if demo else {}))
        set_up(settings)
        sys.exit(run(settings, parts))
    except ConfigError as problem:
        raise _WrongSetting(problem.for_operator) from None
    except KeyboardInterrupt:  # before the service could take the signal itself
        sys.exit(0)


@main.command()
@click.option("-v", "--verbose", is_flag=True, help="Show all log lines between the answers, not only warnings.")
def chat(verbose: bool) -> None:
    """Hold the same conversation here in the terminal."""
    from bellwether.delivery.targets.kept_key import make_if_missing
    from bot import terminal

    services = build(logging.NOTSET if verbose else logging.WARNING)
    make_if_missing(services.settings, services.store)
    terminal.hold(services)


@main.command()
@click.argument("symbol")
@click.option("--horizon", default="10", show_default=True, help="Trading days ahead, 1 to 63; 2w and 3m work too.")
@click.option("--as-of", help="Use only prices up to this date, such as 2021-06-30.")
@AS_JSON
def forecast(symbol: str, horizon: str, as_of: str | None, as_json: bool) -> None:
    """Print one forecast."""
    from bellwether.ask import forecasts
    from bellwether.core.parsing import parse_horizon
    from bellwether.forecasting import sentences
    from bellwether.forecasting.to_json import forecast_json

    sessions, day = parse_horizon(horizon), day_of(as_of)
    made = forecasts.answer(build(), symbol, sessions, day).forecast
    print_json(forecast_json(made)) if as_json else click.echo(sentences.summary(made))


@main.command()
@click.argument("symbols", nargs=-1, required=True)
@click.option("--horizon", default="10", show_default=True, help="Trading days ahead, 1 to 63; 2w and 3m work too.")
@click.option("--as-of", help="Use only prices up to this date, such as 2021-06-30.")
@AS_JSON
def risk(symbols: tuple[str, ...], horizon: str, as_of: str | None, as_json: bool) -> None:
    """Print the range of a list held in equal parts, and which symbol carries most of its risk.

    Of one symbol it prints that one's own range and record. It fails where a symbol is left out.
    """
    from bellwether.ask.lists import forecast_list
    from bellwether.core.parsing import parse_horizon
    from bellwether.forecasting import list_sentences
    from bellwether.forecasting.list_forecast import list_json

    made = forecast_list(build(), symbols, parse_horizon(horizon), day_of(as_of))
    print_json(list_json(made)) if as_json else click.echo(list_sentences.summary(made, len(symbols)))
    sys.exit(1 if made.left_out else 0)


@main.command()
@click.argument("symbol")
@click.option("--as-of", help="Use only reports known by this date, such as 2021-06-30.")
@AS_JSON
def growth(symbol: str, as_of: str | None, as_json: bool) -> None:
    """Print the revenue forecast of the company behind a stock."""
    from bellwether.revenue import ask, sentences
    from bellwether.revenue.to_json import growth_json

    made = ask.growth(build(), symbol, day_of(as_of)).forecast
    print_json(growth_json(made)) if as_json else click.echo(sentences.summary(made))


for _command in (alerts, market, outbox, track_record, ledger, keys, database, backup, restore, models):
    main.add_command(_command)


@main.command()
def config() -> None:
    """Print every setting with its default and what it does; what is kept as config.yaml is read where it lies."""
    from bellwether.core import places

    text = places.shipped_config().read_text(encoding="utf-8")
    if places.INSTALLED:  # it is the user's data folder, whose name is another for everybody
        text = text.replace(f"path: {places.DATABASE.as_posix()}", f"# path: {places.DATABASE.as_posix()}")
    click.echo(text, nl=False)


@main.command()
@click.option("--since", help="Only from this day on, in UTC, such as 2026-01-31.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@AS_JSON
def feedback(since: str | None, most: int, as_json: bool) -> None:
    """Show what people said by /feedback, the newest first."""
    from bellwether.delivery import chats

    begin = start_of(since)
    said = chats.newest_feedback(build().store, most, begin)
    if as_json:
        names = ("id", "chat_id", "said_at", "text")
        rows = [{name: getattr(note, name) for name in names} for note in said]
        print_json([row | {"said_at": row["said_at"].isoformat()} for row in rows])
        return
    for note in said:
        click.echo(f"{note.id}  {note.said_at:%Y-%m-%d %H:%M} UTC  chat {note.chat_id}")
        for line in note.text.splitlines():  # what people wrote may hold signs that steer a terminal
            click.echo("    " + "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line))
    if not said:
        click.echo("Nobody has said anything yet." if since is None else f"Nobody has said anything since {since}.")


@main.command()
def doctor() -> None:
    """Say whether everything is in order, and what to do if not."""
    import asyncio

    from bellwether.core.types import Check
    from bellwether.jobs.doctor import examine, written

    services = build(logging.CRITICAL)  # each line below says what the log would say
    checks = examine(services)
    if services.settings.telegram.token.get_secret_value():
        from bot.telegram.one_shot import check_token

        checks.append(asyncio.run(check_token(services)))
    else:
        checks.append(Check("Telegram", True, "no token is set, so the bot is off; the rest works without it"))
    for check in checks:
        click.echo(written(check))
    sys.exit(0 if all(check.ok for check in checks) else 1)
