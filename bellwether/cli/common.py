"""What commands share. What is heavy is imported when a command runs."""

import json
import logging
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bellwether.services import Services

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def build(least_logged: int = logging.NOTSET) -> "Services":
    """Settings and services, with logging set up: what nearly every command begins with.

    `least_logged` is as in `core.logs.set_up`.
    """
    from bellwether.core.config import load_settings
    from bellwether.core.logs import set_up
    from bellwether.services import build_services

    settings = load_settings()
    set_up(settings, least_logged)
    return build_services(settings)


def day_of(text: str | None) -> date | None:
    """A day as an option has it. Raises BadDate."""
    from bellwether.core.parsing import parse_date

    return parse_date(text) if text is not None else None


def start_of(text: str | None) -> datetime | None:
    """The beginning of a day in UTC. Raises BadDate."""
    day = day_of(text)
    return datetime.combine(day, time(), UTC) if day is not None else None


def print_json(value: Any) -> None:
    """For programs."""
    click.echo(json.dumps(value, indent=2))
