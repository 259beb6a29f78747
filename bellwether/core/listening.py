"""The addresses at which the service listens, and what to do where it cannot."""

import errno
import logging
import socket

from bellwether.core.config import Web
from bellwether.core.errors import AddressUnavailable

log = logging.getLogger(__name__)


def listen(web: Web, *, needed: bool) -> socket.socket | None:
    """The page's socket, bound before anything starts. None when it can't be had but Telegram can go on without.

    Raises AddressUnavailable when the address is taken or wrong and the page is all there is.
    """
    try:
        return bound(web.host, web.port)
    except OSError as problem:
        text = f"The page can't be served at {_why_not(web, web.port, problem, 'PORT', 8001)}"
        if needed:
            raise AddressUnavailable(text) from problem
        log.error("%s Telegram goes on without the page.", text)
        return None


def listen_for_metrics(web: Web) -> socket.socket | None:
    """The socket of the metrics where they have a port of their own; None also where it can't be had."""
    if not isinstance(web.metrics, int):
        return None
    try:
        return bound(web.host, web.metrics)
    except OSError as problem:
        why = _why_not(web, web.metrics, problem, "METRICS", 9101)
        log.error("The metrics can't be served at %s Everything else goes on without them.", why)
        return None


def _why_not(web: Web, port: int, problem: OSError, key: str, example: int) -> str:
    """Where nothing can listen and why, and which setting to change."""
    where = f"{web.host}:{port} ({problem.strerror or problem})"
    if isinstance(problem, socket.gaierror) or problem.errno == errno.EADDRNOTAVAIL:
        return (
            f"{where}: web.host (BELLWETHER_WEB__HOST) should be 127.0.0.1 for this machine alone, 0.0.0.0 for every "
            "address of it, or one of its addresses."
        )
    if problem.errno == errno.EACCES:
        return f"{where}: ports below 1024 need rights. Set BELLWETHER_WEB__{key} to another, for example {example}."
    return f"{where}; is another program using it? Set BELLWETHER_WEB__{key} to a free port, for example {example}."


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def url_of(listening: socket.socket) -> str:
    """The address at which it listens."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
