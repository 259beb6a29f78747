"""Ports for programs that must be told theirs before they start."""

import random
import socket

_FIRST, _LAST = 20_000, 31_999  #: below what any system hands out by itself, so that no connection takes one meanwhile
_BY_CHANCE = random.SystemRandom()  #: not what hypothesis and Keras seed alike in all processes


def free_port() -> int:
    """A port of this machine that nobody has now; by chance, so that tests beside this one come to others."""
    while True:
        port = _BY_CHANCE.randint(_FIRST, _LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
