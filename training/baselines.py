"""The rules without fitted weights that the model must beat: (b,) rows in, (b, heads, levels) out.

A walk is the claim that no day tells anything about the next; its shape is what the last year's returns were.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from bellwether.core.types import HEADS, LEVELS, Floats
from bellwether.forecasting.baseline import gaussian_quantiles, head_quantiles
from bellwether.market.returns import TRADING_DAYS
from training.panel import Panel, Rows

BATCH = 8192  # rows whose past year is gathered at a time: 17 MB
FEWEST_STRETCHES = 60  # overlapping stretches below which a year's quantiles are taken from days instead


def ewma(panel: Panel, rows: Rows, standardised: Floats) -> Floats:
    """EWMA volatility times train-set quantiles (filtered historical simulation): the baseline of the product."""
    return np.stack([head_quantiles(volatility, standardised) for volatility in panel.volatility[rows]])


def gaussian(panel: Panel, rows: Rows) -> Floats:
    """EWMA volatility times normal quantiles, without drift: RiskMetrics (1996)."""
    return ewma(panel, rows, gaussian_quantiles())


def random_walk(panel: Panel, rows: Rows) -> Floats:
    """Quantiles of the last year's daily returns, grown with sqrt(horizon)."""
    daily = _by_batch(rows, partial(_past_year, panel, 1))
    walk: Floats = daily[:, None, :] * np.sqrt(np.array(HEADS))[:, None]
    return walk


def overlapping_walk(panel: Panel, rows: Rows) -> Floats:
    """Quantiles of the last year's overlapping h-session returns; where those are few, as `random_walk`."""
    walk = random_walk(panel, rows)
    for head, horizon in enumerate(HEADS):
        enough = panel.history[rows] > horizon + FEWEST_STRETCHES
        walk[enough, head] = _by_batch(rows[enough], partial(_past_year, panel, horizon))
    return walk


def _past_year(panel: Panel, horizon: int, rows: Rows) -> Floats:
    """LEVELS of the `horizon`-session log returns that lie inside the last 252 sessions: (b,) -> (b, levels)."""
    with np.errstate(invalid="ignore"):
        logs = np.log(panel.closes[rows[:, None] - np.arange(TRADING_DAYS + 1)])  # (b, 253), newest first
    stretches = logs[:, :-horizon] - logs[:, horizon:]  # NaN where they begin before the first bar
    known = np.isfinite(stretches)
    full = known.all(axis=1)
    quantiles = np.empty((len(rows), len(LEVELS)))
    quantiles[full] = np.quantile(stretches[full], LEVELS, axis=1).T
    for row in np.flatnonzero(~full):
        quantiles[row] = np.quantile(stretches[row][known[row]], LEVELS)
    return quantiles


def _by_batch(rows: Rows, rule: Callable[[Rows], Floats]) -> Floats:
    """`rule` over all rows, (b, levels), some at a time."""
    parts = [rule(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    return np.concatenate([np.empty((0, len(LEVELS))), *parts])
