"""Memory of the running service at rest, after it has answered a few times."""

import time
import urllib.request

import psutil

from benchmarks.demo_service import demo_service

LIMIT = 300.0  #: MB


def measure() -> float:
    """Resident megabytes (10^6 bytes)."""
    with demo_service() as service:
        for symbol in ("AAPL", "MSFT", "NVDA"):
            with urllib.request.urlopen(
                f"http://127.0.0.1:{service.port}/stocks/{symbol}?horizon=21", timeout=10
            ) as page:
                page.read()
        time.sleep(2)
        return psutil.Process(service.pid).memory_info().rss / 1e6
