"""Timing two things fairly: turn by turn, so that a slow minute of the machine hits both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Medians in seconds of ours and of what it is measured against."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times longer ours takes."""
        return self.ours / self.theirs


def compare(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int, repeats: int = 1) -> Comparison:
    """Median time of each, taken in alternation; `repeats` calls count as one measurement."""
    ours(), theirs()  # warm up: files in the page cache, code compiled
    measured: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for what, times in zip((ours, theirs), measured, strict=True):
            start = time.perf_counter()
            for _ in range(repeats):
                what()
            times.append((time.perf_counter() - start) / repeats)
    return Comparison(statistics.median(measured[0]), statistics.median(measured[1]))


def processor_time(what: Callable[[], object], *, rounds: int) -> float:
    """The fewest seconds that this process computed for it, whatever else the machine did meanwhile."""
    what()
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        what()
        taken.append(time.process_time() - start)
    return min(taken)
