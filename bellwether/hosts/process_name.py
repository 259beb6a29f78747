"""Who a process is to the others: a name in tables that no second one has."""

import os
import secrets
import socket


class ProcessName(str):
    """Such as "process 12 on web-2, 1f0c9a3e": what comes last tells two of the same number apart."""

    __slots__ = ()

    @classmethod
    def new(cls) -> "ProcessName":
        """A name for this process, another one at each call."""
        return cls(f"process {os.getpid()} on {socket.gethostname()}, {secrets.token_hex(4)}")

    @property
    def short(self) -> str:
        """The name for people: "process 12 on web-2"."""
        return self.partition(",")[0]
