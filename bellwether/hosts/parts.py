"""The parts of the service, any of which a process may run alone."""

from enum import Enum

from bellwether.core.errors import ConfigError, near_name


class ServicePart(Enum):
    """What runs or not in one process; the value is its name on the command line."""

    WEB = "web"  #: the page, the API and the metrics
    BOT = "bot"  #: Telegram: receiving, answering and sending
    JOBS = "jobs"  #: the timetable, and what is sent to webhooks


EVERY = frozenset(ServicePart)


def parts_of(text: str) -> frozenset[ServicePart]:
    """The parts of a list such as "web,jobs". Raises ConfigError for another name, or none."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    known = [part.value for part in ServicePart]
    for name in names:
        if name not in known:
            raise ConfigError(f"--only names {name}, which is no part; {near_name(name, known, 'allowed are')}")
    if not names:
        raise ConfigError(f"--only names no part; allowed are {', '.join(known)}.")
    return frozenset(ServicePart(name) for name in names)


def named(parts: frozenset[ServicePart]) -> str:
    """The parts as on the command line, in their order."""
    return ",".join(part.value for part in ServicePart if part in parts)
