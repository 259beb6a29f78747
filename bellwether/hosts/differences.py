"""What two hosts of a service should have alike, and do not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from bellwether.core.config import Settings
from bellwether.hosts.hosts_table import ServingProcess
from bellwether.hosts.parts import ServicePart

#: what may well differ from host to host: where it listens, how fast it is, and paths that are its own
OF_ONE_HOST = frozenset(
    {
        "telegram.poll_timeout",
        "market.timeout",
        "market.connections",
        "models.folder",
        "database.path",
        "database.key",
        "database.url",
        "database.connections",
        "web.host",
        "web.port",
        "web.trusted_proxies",
        "web.metrics",
        "web.metrics_token",
        "log.level",
    }
)
#: files that may lie elsewhere on each host; that one has none is a difference
FILES = frozenset({"market.file", "market.fundamentals_file", "market.earnings_file"})


def marks_of(settings: Settings) -> dict[str, str]:
    """A mark of each setting that hosts should have alike: it tells whether two are the same, and neither of them."""
    marks = {}
    for section in type(settings).model_fields:
        values = getattr(settings, section)
        for key in type(values).model_fields:
            name, value = f"{section}.{key}", getattr(values, key)
            if name not in OF_ONE_HOST:
                told = value.get_secret_value() if hasattr(value, "get_secret_value") else value
                if name in FILES:
                    told = bool(told)
                marks[name] = sha256(f"{name}={told!r}".encode()).hexdigest()[:12]
    return marks


def differences(hosts: Sequence[ServingProcess]) -> list[str]:
    """A sentence for each thing that is not the same everywhere, naming the hosts that differ from most."""
    told = list(_of("the version", {host.name.short: host.version for host in hosts}))
    for kind in sorted({kind for host in hosts for kind in host.models}):
        told += _of(f"the model of {kind}", {host.name.short: host.models.get(kind) for host in hosts})
    for key in sorted({key for host in hosts for key in host.settings}):
        # a host without the bot need not know its token
        those = [host for host in hosts if ServicePart.BOT in host.parts] if key.startswith("telegram.") else hosts
        told += _of(key, {host.name.short: host.settings.get(key) for host in those})
    return told


def _of(what: str, by_host: Mapping[str, str | None]) -> Iterator[str]:
    if len(set(by_host.values())) > 1:
        ((usual, _),) = Counter(by_host.values()).most_common(1)
        odd = [host for host, mark in by_host.items() if mark != usual]
        same = next(host for host, mark in by_host.items() if mark == usual)
        yield f"{what} of {' and '.join(odd)} is not that of {same}"
