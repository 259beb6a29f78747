"""The whole service as a process of its own: the demo, on a free port, with an empty database."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoService:
    """A service that answers."""

    port: int
    pid: int
    database: str  #: its path


@contextmanager
def demo_service() -> Iterator[DemoService]:
    """Start it, without any setting of the person who measures; stop it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BELLWETHER_", "TELEGRAM_"))}
    with tempfile.TemporaryDirectory() as folder:
        settings = {"BELLWETHER_WEB__PORT": str(port), "BELLWETHER_DATABASE__PATH": f"{folder}/bench.sqlite3"}
        process = subprocess.Popen(
            [sys.executable, "-m", "bellwether", "serve"],
            env=clean | settings,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port)
            yield DemoService(port, process.pid, f"{folder}/bench.sqlite3")
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int) -> None:
    """Until the service answers, not merely listens."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service did not start")
