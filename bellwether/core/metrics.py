"""What happened since the start, counted in memory for whoever watches: a page of metrics makes its report of these.

Counting costs about a microsecond and needs no library, so that any part may do it.
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)  #: seconds


class Counter:
    """A number that only grows, one for each set of labels."""

    def __init__(self, name: str, help: str, *labels: str) -> None:
        """`name` as Prometheus writes it, without "_total"."""
        self.name, self.help, self.labels = name, help, labels
        self._values: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()

    def add(self, amount: int = 1, **labels: str) -> None:
        """Count something that happened."""
        key = tuple(labels[label] for label in self.labels)
        with self._lock:
            self._values[key] = self._values.get(key, 0) + amount

    def values(self) -> dict[tuple[str, ...], int]:
        """The numbers now, by the values of the labels."""
        with self._lock:
            return dict(self._values) or ({} if self.labels else {(): 0})


class Durations:
    """How long something took, as a histogram."""

    def __init__(self, name: str, help: str) -> None:
        """`name` as Prometheus writes it, in seconds."""
        self.name, self.help = name, help
        self._counts = [0] * (len(_BUCKETS) + 1)
        self._total = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def time(self) -> Iterator[None]:
        """Measure the block, also one that fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(time.perf_counter() - start)

    def add(self, seconds: float) -> None:
        """Count one duration."""
        with self._lock:
            self._counts[bisect_left(_BUCKETS, seconds)] += 1
            self._total += seconds

    def read(self) -> tuple[list[tuple[str, float]], float]:
        """(upper bound, how many took at most so long), the last bound "+Inf"; and the seconds in all."""
        with self._lock:
            counts, total = list(self._counts), self._total
        bounds = [*(f"{bound:g}" for bound in _BUCKETS), "+Inf"]
        return [(bound, float(sum(counts[: at + 1]))) for at, bound in enumerate(bounds)], total


SENT = Counter("bellwether_messages_sent", "Messages of our own accord that Telegram accepted.", "kind")
FAILED = Counter("bellwether_sends_failed", "Tries to send a message that failed.", "reason")
EXPIRED = Counter("bellwether_messages_expired", "Messages that were dropped because they were stale.")
RULES_DROPPED = Counter("bellwether_alert_rules_dropped", "Rules not looked at while their news was fresh.")
MISSED = Counter("bellwether_digests_missed", "Digests never written, since nothing ran while they were fresh.")
FORECAST = Durations(
    "bellwether_forecast_seconds", "From the bars of a symbol to all its quantiles, where they are not kept."
)
COUNTERS = (SENT, FAILED, EXPIRED, RULES_DROPPED, MISSED)
