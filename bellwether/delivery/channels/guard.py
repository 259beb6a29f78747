"""Connections of one piece of work go to the open internet alone, whatever library opens them, and end in time.

Python tells an audit hook of each connection before it is made, with the address that a name led to. So the rule holds
for redirects, for names that answer differently the second time, and for code that we did not write. Where no guard is
set a connection is none of its business.
"""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from bellwether.delivery.channels.addresses import is_open

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_guard: ContextVar["ConnectionGuard | None"] = ContextVar("connection_guard", default=None)
_installing = threading.Lock()
_installed = False


class PrivateAddress(OSError):
    """A connection to an address was refused before it was made."""


class ConnectionGuard:
    """What the connections within `guarding` may do, and what became of them."""

    def __init__(self, may_connect: Callable[[str], bool] = is_open) -> None:
        """`may_connect` is asked about each IP address."""
        self.refused = False  #: an address was not one of the open internet
        self._may_connect = may_connect
        self._cut = False
        self._sockets: list[socket.socket] = []

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Within it this thread, and what it awaits, connects under guard."""
        _install()
        token = _guard.set(self)
        try:
            yield
        finally:
            _guard.reset(token)
            for connected in self._sockets:
                connected.close()

    def cut(self) -> None:
        """End every connection from another thread: a server that sends for ever holds nobody for ever."""
        self._cut = True
        for connected in list(self._sockets):
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def look_at(self, connecting: socket.socket, address: object) -> None:
        """Raises PrivateAddress, and TimeoutError once connections are cut."""
        host = address[0] if isinstance(address, tuple) and address else None
        if not (isinstance(host, str) and self._may_connect(host)):  # a path of a local socket is no tuple
            self.refused = True
            raise PrivateAddress("the address leads into a private network")
        if self._cut:
            raise TimeoutError
        # the same connection once more: TLS takes the socket itself away from whoever opened it
        self._sockets.append(socket.fromfd(connecting.fileno(), connecting.family, connecting.type))


def _install() -> None:
    """Have Python ask us. A hook cannot be taken away again, so there is one, and none before it is needed."""
    global _installed
    with _installing:
        if not _installed:
            sys.addaudithook(_before)
            _installed = True


def _before(event: str, arguments: tuple[object, ...]) -> None:
    if event in _CONNECTS and (guard := _guard.get()) is not None:
        connecting, address = arguments[0], arguments[1]
        assert isinstance(connecting, socket.socket)
        guard.look_at(connecting, address)
