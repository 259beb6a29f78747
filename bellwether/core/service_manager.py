"""What systemd is told of a service of `Type=notify`: that it is ready, that it stops, that it still lives.

sd_notify(3) is a datagram to the socket that systemd names in the environment; else nobody is told.
"""

import asyncio
import os
import socket
from contextlib import suppress


def tell(state: str) -> None:
    """Tell it "READY=1", "STOPPING=1" or "WATCHDOG=1"."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)


async def keep_telling() -> None:
    """Say that the event loop turns, twice in each of the spans (WatchdogSec) after which it would be killed."""
    micros = os.environ.get("WATCHDOG_USEC", "")
    span = int(micros) / 1e6 if micros.isdecimal() else 0.0
    while span:
        tell("WATCHDOG=1")
        await asyncio.sleep(span / 2)
