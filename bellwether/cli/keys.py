"""`python -m bellwether keys ...`: keys of the API, made and ended by whoever runs the service."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from bellwether.cli.common import AS_JSON, build, print_json, start_of

if TYPE_CHECKING:
    from bellwether.access.keys import NewKey
    from bellwether.core.plans import Terms


@click.group()
def keys() -> None:
    """Keys of the developer API, and their plans."""


_SET = click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="In place of its plan's: requests_a_minute=1000."
)
_FROM = click.option("--from", "starts", help="First day of what --set says, in UTC; else now.")
_UNTIL = click.option("--until", "ends", help="Last day of what --set says, in UTC; else for good.")


@keys.command()
@click.option("--owner", required=True, help="Whose key it is.")
@click.option("--plan", default="free", show_default=True, help="A plan of config.yaml.")
@click.option("--scopes", help="What it is for, such as read,alerts; else everything.")
@click.option("--expires", help="Its last day, in UTC, such as 2027-01-31; else it does not end.")
@_SET
@_FROM
@_UNTIL
@AS_JSON
def create(owner: str, plan: str, scopes: str | None, expires: str | None, as_json: bool, **own: Any) -> None:
    """Make a key, and show it this once."""
    from bellwether.access.keys import EVERY_SCOPE
    from bellwether.access.keys import create as run

    services = build()
    made = run(
        services.store,
        services.settings.api,
        owner,
        plan,
        services.clock(),
        scopes=_words(scopes) if scopes is not None else EVERY_SCOPE,
        expires_at=_end_of(expires),
        terms=_terms(**own),
    )
    _show(made, as_json)


@keys.command("list")
@AS_JSON
def list_(as_json: bool) -> None:
    """Show every key, what it may do and what it has used; never its secret."""
    from bellwether.access import key_report

    services = build()
    report = key_report.report(services.store, services.settings.api, services.clock())
    if as_json:
        print_json(report)
        return
    for key in report:
        works = any(secret["works"] for secret in key["secrets"])
        state = "revoked" if key["revoked_at"] else "works" if works else "ended"
        secrets = ", ".join(secret["begins_with"] for secret in key["secrets"])
        click.echo(f"{key['id']}  {key['owner']}  {key['plan']}  {state}  {key['requests']} requests  {secrets}")
    if not report:
        click.echo("There are no keys yet; make one with keys create.")


@keys.command()
@click.argument("key")
def revoke(key: str) -> None:
    """End KEY at once, with all its secrets: its number, or itself."""
    from bellwether.access.keys import number_of
    from bellwether.access.keys import revoke as run

    services = build()
    ended = run(services.store, number_of(services.store, key), services.clock())
    click.echo(f"Key {ended.id} of {ended.owner} works no more.")


@keys.command()
@click.argument("key")
@click.option("--overlap", default=7, show_default=True, type=int, help="Days for which the old secret works too.")
@click.option("--expires", help="The last day of the new secret, in UTC; else it does not end.")
@AS_JSON
def rotate(key: str, overlap: int, expires: str | None, as_json: bool) -> None:
    """Make a new secret for KEY, and show it this once."""
    from bellwether.access.keys import number_of
    from bellwether.access.keys import rotate as run

    services = build()
    # days far beyond what is allowed would not fit into a timedelta
    days = timedelta(days=min(max(overlap, -1), 10_000))
    number = number_of(services.store, key)
    _show(run(services.store, number, services.clock(), days, _end_of(expires)), as_json)


@keys.command()
@click.argument("key")
@click.option("--plan", help="Put it on this plan.")
@_SET
@_FROM
@_UNTIL
def terms(key: str, plan: str | None, **own: Any) -> None:
    """Put KEY on another plan, or give it terms of its own for a time."""
    from bellwether.access.keys import give_terms, number_of

    if plan is None and not own["changes"]:
        raise click.ClickException("Say what is to be different: --plan NAME, or --set requests_a_minute=1000.")
    services = build()
    changed = _terms(**own)
    number = number_of(services.store, key)
    new = give_terms(services.store, services.settings.api, number, services.clock(), plan=plan, terms=changed)
    click.echo(f"Key {new.id} of {new.owner} is on the plan {new.plan}, with {len(new.terms)} terms of its own.")


def _show(made: "NewKey", as_json: bool) -> None:
    if as_json:
        until = made.old_until.isoformat() if made.old_until else None
        about = {"id": made.key.id, "owner": made.key.owner, "plan": made.key.plan, "scopes": sorted(made.key.scopes)}
        print_json({**about, "key": made.token, "old_until": until})
        return
    click.echo(made.token)
    click.echo(f"This is key {made.key.id} of {made.key.owner}, on the plan {made.key.plan}.", err=True)
    click.echo("It is shown only now: keep it where secrets are kept.", err=True)
    if made.old_until is not None:
        click.echo(f"The secrets before it work until {made.old_until:%Y-%m-%d %H:%M} UTC.", err=True)


def _end_of(day: str | None) -> datetime | None:
    start = start_of(day)
    return start + timedelta(days=1) if start is not None else None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _terms(changes: tuple[str, ...], starts: str | None, ends: str | None) -> "Terms | None":
    """What --set, --from and --until say. A value is read as JSON, else as words with commas between them."""
    from bellwether.core.errors import BadTerms
    from bellwether.core.plans import Terms

    if not changes:
        if starts or ends:
            raise BadTerms("--from and --until say for how long --set holds; please give --set too.")
        return None
    values: dict[str, Any] = {}
    for change in changes:
        name, sign, value = change.partition("=")
        if not sign:
            raise BadTerms(f"“{change[:40]}” is no NAME=VALUE, such as requests_a_minute=1000.")
        try:
            values[name.strip()] = json.loads(value)
        except ValueError:
            values[name.strip()] = _words(value)
    return Terms(values, start_of(starts), _end_of(ends))
