"""`python -m bellwether alerts ...`: what is due, and what is owed."""

import click

from bellwether.cli.common import build


@click.group()
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


@alerts.command("ask-again")
@click.argument("address")
def ask_again(address: str) -> None:
    """Let ADDRESS be asked again, whose reader said never to, and says otherwise now.

    The link under the mail or code that asked does the same for as long as it leads anywhere.
    """
    from bellwether.delivery.targets import ask

    if not ask.allow_address(build(), address):
        raise click.ClickException("Nobody at that address said never to be asked; so they may be, once a day.")
    click.echo("They may be asked again, once a day at most.")


@alerts.command()
def deliver() -> None:
    """Send the messages that are owed."""
    import asyncio

    from bot.telegram.one_shot import deliver_now

    services = build()
    if not services.settings.telegram.token.get_secret_value():
        raise click.ClickException("No Telegram token is set; put it into the environment: BELLWETHER_TELEGRAM__TOKEN.")
    did = asyncio.run(deliver_now(services))
    click.echo(f"{did.sent} sent, {did.put_back} to be tried again, {did.failed} failed, {did.expired} expired.")
