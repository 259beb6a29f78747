"""Classic inputs of volatility forecasts, in numpy: what a careful linear model would read without our own ideas.

Heterogeneous autoregression: realised volatility over a day, a week, a month and longer (Corsi, 2009), downside
semivariance (Patton and Sheppard, 2015), high-low range (Parkinson, 1980), momentum, volume, and the market's own.
Everything is relative to the symbol's own EWMA volatility, as the targets are. No ^VIX and no earnings echo.
"""

import numpy as np

from bellwether.core.types import CLOSE, HIGH, LOW, MARKET_SERIES, VOLUME, Floats
from training.panel import Panel, Rows

WINDOWS = (5, 21, 63, 126, 252)  # sessions; volatility today is |return| below
MARKET_WINDOWS = (5, 21, 63, 252)
VOLUME_WINDOW = 63  # sessions of usual volume
EPS = 1e-4  # added to daily volatilities: .01 %, far below any traded share

OWN = (
    *(f"volatility_{n}" for n in WINDOWS),
    *(f"downside_{n}" for n in WINDOWS[:3]),
    *(f"momentum_{n}" for n in WINDOWS),
    *(f"range_{n}" for n in WINDOWS[:2]),
    *(f"volume_{n}" for n in (1, 5)),
    "return",
    "abs_return",
    "level",
    "history",
)
MARKET = (*(f"market_volatility_{n}" for n in MARKET_WINDOWS), *(f"market_momentum_{n}" for n in MARKET_WINDOWS))
NAMES = OWN + MARKET


def inputs(panel: Panel, rows: Rows) -> Floats:
    """The inputs at these cutoffs, (b, len(NAMES)); 0 where something is not known."""
    closes, index = panel.closes, panel.market[:, MARKET_SERIES.index("^GSPC")].astype(np.float64)
    returns, market = _log_change(closes), _log_change(np.where(index > 0, index, np.nan))
    high, low, volume = (panel.bars[:, column].astype(np.float64) for column in (HIGH, LOW, VOLUME))
    ranged = (high > low) & (low > 0) & (panel.bars[:, CLOSE] > 0)
    log_range = np.log(np.where(ranged, high, 1) / np.where(ranged, low, 1)) / np.sqrt(4 * np.log(2))  # Parkinson
    log_volume = np.log(np.where(volume > 0, volume, 1))

    now = panel.volatility[rows] + EPS
    count = {n: np.minimum(n, np.maximum(panel.history[rows] - 1, 1)) for n in WINDOWS}
    squares, falls = returns**2, np.where(returns < 0, returns**2, 0)
    variance = {n: _last(squares, rows, n) / count[n] for n in WINDOWS}
    market_now = np.sqrt(_last(market**2, rows, 21) / 21) + EPS
    usual = _last(log_volume, rows, VOLUME_WINDOW) / np.maximum(_last((volume > 0) * 1.0, rows, VOLUME_WINDOW), 1)
    known_volume = (volume[rows] > 0) * 1.0
    columns = [
        *(np.log((np.sqrt(variance[n]) + EPS) / now) for n in WINDOWS),
        *(_last(falls, rows, n) / (variance[n] * count[n] + 1e-8) - 0.5 for n in WINDOWS[:3]),
        *(_last(returns, rows, n) / (now * np.sqrt(n)) for n in WINDOWS),
        *(np.log((np.sqrt(_last(log_range**2, rows, n) / n) + EPS) / now) for n in WINDOWS[:2]),
        *((_last(log_volume, rows, n) / n - usual) * known_volume for n in (1, 5)),
        returns[rows] / now,
        np.abs(returns[rows]) / now,
        np.log(now / 0.02),
        count[252] / 252,
        *(np.log((np.sqrt(_last(market**2, rows, n) / n) + EPS) / now) for n in MARKET_WINDOWS),
        *(_last(market, rows, n) / (market_now * np.sqrt(n)) for n in MARKET_WINDOWS),
    ]
    clipped: Floats = np.clip(np.stack(columns, axis=1), -12, 12)
    return clipped


def _log_change(prices: Floats) -> Floats:
    """(n,) log returns, 0 where either price is not known."""
    with np.errstate(invalid="ignore"):
        change: Floats = np.nan_to_num(np.diff(np.log(prices), prepend=np.nan))
    return change


def _last(values: Floats, rows: Rows, n: int) -> Floats:
    """Sums of the `n` values that end at each row: (b,). The padding between symbols is longer than any window."""
    totals = np.concatenate([[0.0], np.cumsum(values)])
    sums: Floats = totals[rows + 1] - totals[rows + 1 - n]
    return np.where(np.abs(sums) < 1e-12, 0.0, sums)  # what rounding leaves of nothing
