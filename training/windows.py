"""Training batches: random cutoffs, gathered as they are needed. All windows at once would fill 20 GB.

What a source may lack in service is taken away from some windows here, so that the network has met every gap it
promises to live with: short history, no market series, no volume, only closes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bellwether.forecasting.inputs import Float32s
from bellwether.types import CLOSE, HEADS, HIGH, LOW, OPEN, VOLUME
from training.panel import CONTEXT_LENGTH, MIN_HISTORY, Panel, Rows


@dataclass(frozen=True, slots=True)
class Blanks:
    """Shares of windows from which something is taken away."""

    history: float = 0.08  # cut to a random length from MIN_HISTORY up
    market: float = 0.05  # all market series
    one_series: float = 0.05  # one of them, at random
    volume: float = 0.05
    ranges: float = 0.05  # open, high and low equal to the close


def batches(
    panel: Panel, rows: Rows, last: str, size: int, count: int, rng: np.random.Generator, blanks: Blanks
) -> Iterator[tuple[Float32s, Float32s, Float32s]]:
    """`count` random batches of bars (b, T, 5), market (b, T, k) and truth (b, heads, 2)."""
    for _ in range(count):
        drawn = rng.choice(rows, size)
        bars, market = panel.windows(drawn)
        take_away(bars, market, rng, blanks)
        yield bars, market, truth(panel, drawn, last)


def truth(panel: Panel, rows: Rows, last: str) -> Float32s:
    """What the loss needs, (b, heads, 2): the outcome, and its weight 1 / (volatility sqrt(h)).

    Weight 0 where the outcome is not known inside the span.
    """
    targets = panel.targets(rows, last)
    known = np.isfinite(targets)
    weights = 1 / (panel.volatility[rows][:, None] * np.sqrt(np.array(HEADS)))
    return np.stack([np.where(known, targets, 0), np.where(known, weights, 0)], axis=2).astype(np.float32)


def take_away(bars: Float32s, market: Float32s, rng: np.random.Generator, blanks: Blanks) -> None:
    """Blank parts of some windows, in place."""
    size, series = len(bars), market.shape[2]
    for row in np.flatnonzero(rng.random(size) < blanks.history):
        cut = CONTEXT_LENGTH - rng.integers(MIN_HISTORY, CONTEXT_LENGTH)
        bars[row, :cut] = 0
        market[row, :cut] = 0
    market[rng.random(size) < blanks.market] = 0
    some = np.flatnonzero(rng.random(size) < blanks.one_series)
    market[some, :, rng.integers(series, size=len(some))] = 0
    bars[rng.random(size) < blanks.volume, :, VOLUME] = 0
    only_closes = np.flatnonzero(rng.random(size) < blanks.ranges)
    for column in (OPEN, HIGH, LOW):
        bars[only_closes, :, column] = bars[only_closes, :, CLOSE]
