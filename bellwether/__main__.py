"""The command line: the one place that wires the faces together, each imported only by the command that needs it."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from bellwether import __version__
from bellwether.database_command import database
from bellwether.errors import BellwetherError
from bellwether.keys_command import keys


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


@main.command()
@click.argument("symbol")
@click.option("--as-of", help="Use only reports known by this date, such as 2021-06-30.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def growth(symbol: str, as_of: str | None, as_json: bool) -> None:
    """Print the revenue forecast of the company behind a stock."""
    from bellwether.growth import queries, words
    from bellwether.growth.growth_json import growth_json
    from bellwether.parsing import parse_date

    made = queries.growth(_services(), symbol, parse_date(as_of) if as_of is not None else None).forecast
    click.echo(json.dumps(growth_json(made), indent=2) if as_json else words.summary(made))


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

    from bot.telegram_errands import deliver_now

    services = _services()
    _need_token(services.settings.telegram.token.get_secret_value())
    did = asyncio.run(deliver_now(services))
    click.echo(f"{did.sent} sent, {did.put_back} to be tried again, {did.failed} failed, {did.expired} expired.")


@main.group()
def market() -> None:
    """The prices that are kept."""


@market.command()
@click.option("--symbols", help="Only these, such as AAPL,MSFT; else all that are served every session or watched.")
def refresh(symbols: str | None) -> None:
    """Fetch what is missing up to the last session; run again, it goes on where it stopped."""
    from bellwether.market.refresh import every_symbol, symbols_of
    from bellwether.market.refresh import refresh as run
    from bellwether.market.sources import remote

    services = _services()
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


@main.group()
def outbox() -> None:
    """The dead letters: messages that could not be sent, and wait for a person to decide."""


@outbox.command("list")
def list_() -> None:
    """Show each dead letter and why it was not sent."""
    from bellwether.store import dead_letters

    with _services().store.reading() as db:
        letters = dead_letters.all_of(db)
    for one in letters:
        click.echo(f"{one.id}  {one.dedup_key}  {one.created_at[:16]}  tried {one.attempts} times: {one.last_error}")
    if not letters:
        click.echo("No message is waiting for a decision.")


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=int)
def retry(ids: tuple[int, ...]) -> None:
    """Send these dead letters after all; they get a day for it."""
    from datetime import timedelta

    from bellwether.store import dead_letters

    services = _services()
    now = services.clock()
    with services.store.transaction() as db:
        changed = dead_letters.retry(db, ids, now, now + timedelta(days=1))
    _say_changed("will be sent again", ids, changed)


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=int)
def drop(ids: tuple[int, ...]) -> None:
    """Let these dead letters go."""
    from bellwether.store import dead_letters

    with _services().store.transaction() as db:
        changed = dead_letters.drop(db, ids)
    _say_changed("dropped", ids, changed)


def _say_changed(what: str, ids: tuple[int, ...], changed: list[int]) -> None:
    """Which were changed; the others are no dead letters, which is a failure."""
    if changed:
        click.echo(f"{', '.join(map(str, changed))}: {what}.")
    if missing := [str(one) for one in ids if one not in changed]:
        raise click.ClickException(f"No dead letter has the number {' or '.join(missing)}; see outbox list.")


@main.group("track-record", invoke_without_command=True)
@click.option("--symbol", help="Only forecasts of this one.")
@click.option("--horizon", help="Only these trading days ahead, such as 10 or 2w.")
@click.option("--model", "model_id", help="Only this model's.")
@click.option("--since", help="Only cutoffs from this date on, such as 2026-01-31.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def track_record(
    context: click.Context,
    symbol: str | None,
    horizon: str | None,
    model_id: str | None,
    since: str | None,
    as_json: bool,
) -> None:
    """How the issued forecasts turned out."""
    if context.invoked_subcommand is not None:
        return
    from bellwether import queries
    from bellwether.parsing import parse_date, parse_horizon
    from bellwether.scoring.record_json import record_json
    from bellwether.scoring.words import lines

    services = _services()
    record = queries.track_record(
        services,
        symbol=queries.resolve(services, symbol).symbol if symbol is not None else None,
        horizon=parse_horizon(horizon) if horizon is not None else None,
        model_id=model_id,
        since=parse_date(since) if since is not None else None,
    )
    click.echo(json.dumps(record_json(record), indent=2) if as_json else "\n".join(lines(record)))


@track_record.command()
@click.option("--from", "first", required=True, help="First day, such as 2019-01-01.")
@click.option("--to", "last", required=True, help="Last day.")
@click.option("--every", default=1, show_default=True, type=click.IntRange(1, 63), help="Forecast each n-th session.")
def simulate(first: str, last: str, every: int) -> None:
    """Replay the embedded market as if it were live, and show that record, marked as simulated."""
    from bellwether.parsing import parse_date
    from bellwether.scoring.simulate import sessions_of
    from bellwether.scoring.simulate import simulate as run

    services = _services()
    start, end = parse_date(first), parse_date(last)
    with click.progressbar(length=sessions_of(services, start, end), label="Sessions", file=sys.stderr) as bar:
        file, count = run(services, start, end, every=every, done=lambda _: bar.update(1))
    click.echo(f"{count:,} forecasts were replayed; their record is kept in {file} until you delete it.")


@main.group("ledger")
def ledger_group() -> None:
    """The rows behind the track record."""


@ledger_group.command()
@click.option("--expect", help="A head noted earlier, ROWS:HASH: the ledger must still hold that row.")
def verify(expect: str | None) -> None:
    """Prove that no issued forecast and no outcome was changed."""
    from bellwether.scoring.verify import head_of
    from bellwether.scoring.verify import verify as run

    found = run(_services().store, head_of(expect) if expect is not None else None)
    click.echo(f"Forecasts: {found.ledger.rows:,} rows, head {found.ledger}")
    click.echo(f"Outcomes:  {found.outcomes.rows:,} rows, head {found.outcomes}")
    click.echo(f"Growth forecasts: {found.growth.rows:,} rows, head {found.growth}")
    click.echo(f"Growth outcomes:  {found.growth_outcomes.rows:,} rows, head {found.growth_outcomes}")
    for problem in found.problems:
        click.echo(f"FAIL {problem}")
    if not found.problems:
        click.echo("ok   Every hash follows from the row and the hash before it, back to the first.")
        click.echo("ok   The sums that the track record shows are what the rows amount to.")
    else:
        click.echo(
            "Where a row is not what was written: keep the database and its note as they are, and run this on your "
            "backups; the newest one that proves itself shows what stood there. See docs/track-record.md."
        )
    sys.exit(1 if found.problems else 0)


@ledger_group.command()
def rebuild() -> None:
    """Make the sums and lists that the track record shows again from the rows, which stay as they are."""
    from bellwether.scoring.derived import rebuild as run

    services = _services()
    run(services.store, lambda symbol: str(services.provider.instrument(symbol).calendar))
    click.echo("The sums, the misses and the list of open forecasts are made again from the ledger's rows.")


main.add_command(keys)
main.add_command(database)


@main.group()
def models() -> None:
    """The served model, and those tried beside it."""


@models.command()
def compare() -> None:
    """Set the models of the record side by side."""
    from bellwether import queries
    from bellwether.scoring.champion import duel
    from bellwether.scoring.words import compared, judged

    services = _services()
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

    found = run(_services(), model)
    if found is not None:
        click.echo(compared(found))
    click.echo(f"{model} is served from the next start on.")


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
def backup(path: Path) -> None:
    """Copy the database to the file PATH, while the service runs."""
    from bellwether.scoring.backups import make

    click.echo(make(_services().store, path))


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also where there is a database: it is put aside, not deleted.")
def restore(path: Path, force: bool) -> None:
    """Put the backup PATH in place of the database. Stop the service first."""
    from bellwether.scoring.backups import put_back

    services = _services()
    for line in put_back(services.store, path, services.clock(), force=force):
        click.echo(line)


@main.command()
@click.option("--since", help="Only from this day on, in UTC, such as 2026-01-31.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def feedback(since: str | None, most: int, as_json: bool) -> None:
    """Show what people said by /feedback, the newest first."""
    from datetime import UTC, datetime, time

    from bellwether import chat_queries
    from bellwether.parsing import parse_date

    day = parse_date(since) if since is not None else None
    said = chat_queries.newest_feedback(
        _services(), most, datetime.combine(day, time(), UTC) if day is not None else None
    )
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

    from bellwether.doctor import examine
    from bellwether.types import Check

    services = _services()
    checks = examine(services)
    if services.settings.telegram.token.get_secret_value():
        from bot.telegram_errands import check_token

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
