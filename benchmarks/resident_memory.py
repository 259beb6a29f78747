"""Memory of the running service at rest, after it has answered a few times."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import psutil

LIMIT = 300.0  #: MB


def measure() -> float:
    """Resident megabytes (10^6 bytes)."""
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
            for symbol in ("AAPL", "MSFT", "NVDA"):
                _ask(f"http://127.0.0.1:{port}/stocks/{symbol}?horizon=21")
            time.sleep(2)
            return psutil.Process(process.pid).memory_info().rss / 1e6
        finally:
            process.terminate()
            process.wait(10)


def _ask(address: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                answer.read()
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise SystemExit(f"no answer at {address}")
