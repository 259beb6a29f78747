"""What the environment says of proxies and certificates, and what of it nobody can connect by.

The libraries read it while they make a client, and raise whatever they like: the part that needs the client is then out
until a restart, with one sentence that names the variable, and the rest goes on. No sentence holds a proxy's address,
for it may hold a password.
"""

import logging
import os
import re
import ssl
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from importlib.util import find_spec
from ipaddress import IPv6Address
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from bellwether.core.config import Settings
from bellwether.core.errors import BellwetherError, ConfigError

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_SOCKS = {"socks5", "socks5h"}
_LOOK_AT = "HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR"


class Part(Enum):
    """What connects to the outside."""

    TELEGRAM = "Telegram"
    YAHOO = "Yahoo Finance"
    WEBHOOKS = "Webhooks"
    HEARTBEAT = "The heartbeat"
    TIME_STAMPS = "The time stamp authority"


@dataclass(frozen=True, slots=True)
class Fault:
    """A variable of the environment that keeps parts from connecting."""

    variable: str
    why: str  #: completes "The environment variable X ..."
    what_to_do: str
    parts: frozenset[Part]

    def __str__(self) -> str:
        """One sentence for whoever runs the service."""
        return f"The environment variable {self.variable} {self.why}; {self.what_to_do} and start again."


def faults(environment: Mapping[str, str]) -> tuple[Fault, ...]:
    """All that cannot be used, in the order in which it is looked at."""
    return (*_proxies(environment), *_exceptions(environment), *_certificates(environment))


def faults_for(settings: Settings, environment: Mapping[str, str] = os.environ) -> tuple[Fault, ...]:
    """Those that concern a part which these settings use."""
    used = {Part.WEBHOOKS}
    if settings.telegram.token.get_secret_value():
        used.add(Part.TELEGRAM)
    if "yahoo" in (settings.market.source, *settings.market.fallbacks):
        used.add(Part.YAHOO)
    if settings.alerts.heartbeat_url:
        used.add(Part.HEARTBEAT)
    if settings.proof.authority:
        used.add(Part.TIME_STAMPS)
    return tuple(fault for fault in faults(environment) if used & fault.parts)


def naming_the_fault(part: Part) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """For a function that makes a client: whatever it raises becomes a ConfigError that says what to do.

    Where no variable explains it, the log has the kind of error and where it came from, for it may be a fault of ours.
    """

    def decorate(make: Callable[P, T]) -> Callable[P, T]:
        @wraps(make)
        def made(*arguments: P.args, **named: P.kwargs) -> T:
            try:
                return make(*arguments, **named)
            except BellwetherError:
                raise
            except Exception as problem:  # each library has its own, and a missing package is one of them
                raise ConfigError(_sentence(part, problem)) from None  # the cause may hold a password

        return made

    return decorate


def values_of(names: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and values, in capitals and small letters, as far as they are set."""
    for name in names:
        for spelt in (name, name.lower()):
            value = environment.get(spelt, "")
            if value.strip():  # as it is otherwise: what takes it does not strip it
                yield spelt, value


def _sentence(part: Part, problem: Exception) -> str:
    """Why a part cannot connect, by the variable where one is to blame."""
    ours = not _may_come_of_the_environment(problem)
    for fault in () if ours else faults(os.environ):
        if part in fault.parts:
            return f"{part.value} is out: {str(fault)[0].lower()}{str(fault)[1:]}"
    kind = type(problem).__name__
    # without the error's own words: they may hold a proxy's address and with it a password
    frames = "".join(traceback.format_tb(problem.__traceback__))
    log.error("%s cannot be set up: %s raised at\n%s", part.value, kind, frames.rstrip())
    if ours:
        return f"{part.value} is out: it cannot be set up ({kind}), by a fault of the program; please report it."
    return (
        f"{part.value} is out: no connection can be set up ({kind}); look at the environment variables {_LOOK_AT} and "
        "start again."
    )


def _may_come_of_the_environment(problem: Exception) -> bool:
    """Whether an error, or one that led to it, is of a kind that proxies, certificates and missing packages raise."""
    cause: BaseException | None = problem
    while cause is not None:
        of_httpx = any(kind.__module__.partition(".")[0] == "httpx" for kind in type(cause).__mro__)
        if of_httpx or isinstance(cause, (OSError, ValueError, ImportError)):  # those of ssl are OSErrors
            return True
        cause = cause.__cause__
    return False


def _proxies(environment: Mapping[str, str]) -> Iterator[Fault]:
    """Addresses of proxies that cannot be read, or not by everybody."""
    everybody = frozenset({Part.TELEGRAM, Part.YAHOO, Part.HEARTBEAT, Part.TIME_STAMPS})
    write = "write it as http://host:port or http://name:password@host:port, with %20 and the like for odd signs,"
    for name, value in values_of(PROXIES, environment):
        scheme = value.partition("://")[0].lower() if "://" in value else "http"
        if not _is_address(value):
            yield Fault(name, "is no address of a proxy", write, everybody)
        elif scheme in _SOCKS:
            if find_spec("socksio") is None:
                install = "name an http:// proxy, or install the package socksio (pip install socksio),"
                missing = "names a SOCKS proxy, for which a package is missing"
                yield Fault(name, missing, install, frozenset({Part.TELEGRAM}))
        elif scheme not in {"http", "https"}:
            yield Fault(name, "names a proxy of a kind that cannot be used", write, everybody)


def _is_address(value: str) -> bool:
    """Whether a proxy's address has a host, and a port that is a number, and no sign that an address can't have."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if set(parts.netloc) & set("[]") and not _IN_BRACKETS.fullmatch(parts.netloc):
        return False
    return bool(host) and value.isascii() and value.isprintable() and not set(value) & set(' "<>\\^`{|}')


#: a host in brackets, which urlsplit finds in the midst of other signs too
_IN_BRACKETS = re.compile(r"([^\[\]]*@)?\[[^\[\]]+\](:\d*)?")


def _exceptions(environment: Mapping[str, str]) -> Iterator[Fault]:
    """Hosts that are to be reached without a proxy, written in a way that httpx takes for a broken address."""
    take_out = (
        "take that entry out (host names, addresses without brackets such as ::1 and networks such as 10.0.0.0/8 can "
        "be read)"
    )
    for name, value in values_of(("NO_PROXY",), environment):
        for entry in (part.strip() for part in value.split(",")):
            if entry and not _is_exception(entry):
                yield Fault(name, f"holds {entry[:60]!r}, which cannot be read", take_out, frozenset({Part.TELEGRAM}))
                break


def _is_exception(entry: str) -> bool:
    """Whether httpx can read one entry of NO_PROXY."""
    scheme, _, rest = entry.rpartition("://")
    if not (entry.isascii() and entry.isprintable()):
        return False
    if scheme and rest.startswith("["):
        return rest.endswith("]")
    if "[" in rest or "]" in rest:
        return False
    if ":" not in rest:
        return True
    name, _, port = rest.rpartition(":")
    if ":" not in name:
        return port == "" or port.isdigit()
    return not scheme and _is_ipv6(rest)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _certificates(environment: Mapping[str, str]) -> Iterator[Fault]:
    """Authorities that are not where the environment says they are."""
    correct = "correct the path, or unset it to take the usual authorities,"
    file = environment.get("SSL_CERT_FILE", "")
    if file and (why := _unreadable(file)):
        parts = {Part.TELEGRAM, Part.HEARTBEAT, Part.TIME_STAMPS} | ({Part.YAHOO} if os.path.exists(file) else set())
        yield Fault("SSL_CERT_FILE", why, correct, frozenset(parts))
    folder = environment.get("SSL_CERT_DIR", "")
    if folder and not file and not any(map(os.path.isdir, folder.split(os.pathsep))):
        why = f"names the folder {folder}, which is not there"
        yield Fault("SSL_CERT_DIR", why, correct, frozenset({Part.TELEGRAM}))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # curl takes the first that is set
        if bundle := environment.get(name, ""):
            if why := _unreadable(bundle):
                yield Fault(name, why, correct, frozenset({Part.YAHOO}))
            break
    if (keys := environment.get("SSLKEYLOGFILE", "")) and not _is_writable(keys):
        why = f"names the file {keys}, which cannot be written"
        others = frozenset({Part.TELEGRAM, Part.WEBHOOKS, Part.HEARTBEAT, Part.TIME_STAMPS})
        yield Fault("SSLKEYLOGFILE", why, "unset it", others)


def _unreadable(path: str) -> str:
    """What is wrong with a file of certificates; empty when nothing is."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except FileNotFoundError:
        return f"names the file {path}, which does not exist"
    except IsADirectoryError:
        return f"names {path}, which is a folder"
    except PermissionError:
        return f"names the file {path}, which may not be read"
    except (ssl.SSLError, OSError, ValueError):
        return f"names the file {path}, which holds no certificates"
    return ""


def _is_writable(path: str) -> bool:
    return os.access(path if os.path.exists(path) else os.path.dirname(path) or ".", os.W_OK)
