"""Training batches: random cutoffs, gathered as they are needed. All windows at once would fill 20 GB.

What a source may lack in service is taken away from some windows here, so that the network has met every gap it
promises to live with: short history, no market series, no volume, only closes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bellwether.core.types import CLOSE, HEADS, HIGH, LOW, MARKET_SERIES, OPEN, VOLUME, Floats
from bellwether.forecasting.inputs import Float32s
from bellwether.market.universe_state import is_stock
from training.panel import CONTEXT_LENGTH, MIN_HISTORY, Panel, Rows

Outcome = Callable[[Rows], Float32s]  # rows (b,) -> what the loss needs, (b, heads, 2)
UNIVERSES = 64  # random ones, drawn once for a fit
FEWEST_MEMBERS, MOST_MEMBERS = 25, 100
WHOLE_UNIVERSE = 0.4  # of batches
SPREAD_FLOOR = 0.02  # added to a ratio of variances before its logarithm: a day without a move is no lower than that
LARGEST_VARIANCE = 0.25  # of one day: 50 %
SPREAD_LIMIT = 2.0  # e^2 = 7.4 times either way, as far as the head can go


@dataclass(frozen=True, slots=True)
class Blanks:
    """Shares of windows from which something is taken away."""

    state: float = 0.10  # the universe's state
    history: float = 0.08  # cut to a random length from MIN_HISTORY up
    market: float = 0.05  # all market series
    one_series: float = 0.05  # one of the market's prices, at random
    volume: float = 0.05
    ranges: float = 0.05  # open, high and low equal to the close


def changing_universes(panel: Panel, rng: np.random.Generator) -> list[Float32s]:
    """The state of random universes by day, (days + 1, 2) each: what a service reads that knows fewer symbols."""
    stocks = np.flatnonzero([is_stock(symbol) for symbol in panel.symbols])
    states = []
    for _ in range(UNIVERSES):
        members = np.zeros(len(panel.symbols), bool)
        size = min(int(rng.integers(FEWEST_MEMBERS, MOST_MEMBERS + 1)), len(stocks))
        members[rng.choice(stocks, size, replace=False)] = True
        states.append(panel.universe_state(members))
    return states


def batches(
    panel: Panel,
    rows: Rows,
    outcome: Outcome,
    size: int,
    count: int,
    rng: np.random.Generator,
    blanks: Blanks,
    universes: Sequence[Float32s],
) -> Iterator[tuple[list[Float32s], Float32s]]:
    """`count` random batches of inputs, bars (b, T, 5) and market (b, T, k), and what `outcome` says of their rows.

    In a share of batches the universe's state is that of one of the `universes`.
    """
    for _ in range(count):
        drawn = rng.choice(rows, size)
        bars, market = panel.prices(drawn)
        if universes and rng.random() >= WHOLE_UNIVERSE:
            state = universes[int(rng.integers(len(universes)))]
            market[:, :, len(MARKET_SERIES) :] = state[panel.days_of_windows(drawn)]
        take_away(bars, market, rng, blanks)
        yield [bars, market], outcome(drawn)


def truth(panel: Panel, rows: Rows, last: str) -> Float32s:
    """What the loss needs, (b, heads, 2): the outcome, and its weight 1 / (volatility sqrt(h)).

    Weight 0 where the outcome is not known inside the span.
    """
    targets = panel.targets(rows, last)
    known = np.isfinite(targets)
    weights = 1 / panel.deviations(rows)
    return np.stack([np.where(known, targets, 0), np.where(known, weights, 0)], axis=2).astype(np.float32)


def variance_path(panel: Panel) -> Floats:
    """Cumulative daily variance over the whole panel, (n,): a difference of two is the variance between them.

    A day's variance is its squared opening gap plus Parkinson's (ln high / low)^2 / (4 ln 2), which is far less noisy
    than its squared return; the latter is taken where a range is not known.
    """
    opening, high, low = (panel.bars[:, column].astype(np.float64) for column in (OPEN, HIGH, LOW))
    before = np.r_[np.nan, panel.closes[:-1]]
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.log(panel.closes / before) ** 2
        by_range = np.log(opening / before) ** 2 + np.log(high / low) ** 2 / (4 * np.log(2))
        whole = (opening > 0) & (low > 0) & (high > low) & np.isfinite(by_range)
    daily = np.where(whole, by_range, np.nan_to_num(squares, nan=0.0, posinf=0.0))
    path: Floats = np.cumsum(np.minimum(daily, LARGEST_VARIANCE))
    return path


def spread_truth(panel: Panel, path: Floats, rows: Rows, last: str) -> Float32s:
    """(b, heads, 2): log of the realised volatility over the EWMA at the cutoff, and 1 where it is known, else 0."""
    known = np.isfinite(panel.targets(rows, last))
    horizons = np.array(HEADS)
    realised = (path[rows[:, None] + horizons] - path[rows][:, None]) / horizons
    with np.errstate(invalid="ignore"):
        spread = np.log(np.maximum(realised, 0) / panel.volatility[rows][:, None] ** 2 + SPREAD_FLOOR) / 2
    spread = np.where(known, np.clip(spread, -SPREAD_LIMIT, SPREAD_LIMIT), 0)
    return np.stack([spread, known], axis=2).astype(np.float32)


def take_away(bars: Float32s, market: Float32s, rng: np.random.Generator, blanks: Blanks) -> None:
    """Blank parts of some windows, in place."""
    size = len(bars)
    for row in np.flatnonzero(rng.random(size) < blanks.history):
        cut = CONTEXT_LENGTH - rng.integers(MIN_HISTORY, CONTEXT_LENGTH)
        bars[row, :cut] = 0
        market[row, :cut] = 0
    market[rng.random(size) < blanks.market] = 0
    without_one = np.flatnonzero(rng.random(size) < blanks.one_series)
    market[without_one, :, rng.integers(len(MARKET_SERIES), size=len(without_one))] = 0
    market[rng.random(size) < blanks.state, :, len(MARKET_SERIES) :] = 0
    bars[rng.random(size) < blanks.volume, :, VOLUME] = 0
    only_closes = np.flatnonzero(rng.random(size) < blanks.ranges)
    for column in (OPEN, HIGH, LOW):
        bars[only_closes, :, column] = bars[only_closes, :, CLOSE]
