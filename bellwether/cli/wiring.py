"""What nearly every command begins with."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bellwether.services import Services


def build() -> "Services":
    """Settings and services, with logging set up; imported here, for a command that needs neither is quick."""
    from bellwether.core.config import load_settings
    from bellwether.core.logs import set_up
    from bellwether.services import build_services

    settings = load_settings()
    set_up(settings)
    return build_services(settings)
