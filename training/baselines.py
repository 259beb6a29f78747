"""What the model must beat, at the same cutoffs: arrays (b,) of rows in, (b, heads, levels) out."""

import numpy as np

from bellwether.forecasting.baseline import TRADING_DAYS, head_quantiles
from bellwether.types import HEADS, LEVELS, Floats
from training.panel import Panel, Rows


def ewma(panel: Panel, rows: Rows, standardised: Floats) -> Floats:
    """EWMA volatility times train-set quantiles (filtered historical simulation): the baseline of the product."""
    return np.stack([head_quantiles(volatility, standardised) for volatility in panel.volatility[rows]])


def random_walk(panel: Panel, rows: Rows) -> Floats:
    """Quantiles of the last year's daily returns, grown with sqrt(horizon): no day tells anything about the next."""
    returns = np.diff(np.log(panel.closes), prepend=np.nan)  # (n,); NaN in the padding and at first bars
    year = returns[rows[:, None] - np.arange(TRADING_DAYS)]  # (b, 252)
    full = np.isfinite(year).all(axis=1)
    daily = np.empty((len(rows), len(LEVELS)))
    daily[full] = np.quantile(year[full], LEVELS, axis=1).T
    for row in np.flatnonzero(~full):
        daily[row] = np.quantile(year[row][np.isfinite(year[row])], LEVELS)
    walk: Floats = daily[:, None, :] * np.sqrt(np.array(HEADS))[:, None]
    return walk
