"""Log returns and their exponentially weighted volatility."""

from collections.abc import Collection
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Floats

DECAY = 0.94
TRADING_DAYS = 252  #: sessions in a year, for annualising
FEWEST_CLOSES = 22  #: a month of sessions: below this even a plain volatility is a guess
RECENT = 63  #: sessions in which damage makes the model silent


def are_prices(values: Floats) -> npt.NDArray[np.bool_]:
    """Which of these can be prices: finite and above zero."""
    usable: npt.NDArray[np.bool_] = np.isfinite(values) & (values > 0)
    return usable


def log_returns(closes: Floats) -> Floats:
    """Log returns between neighbouring closes: (n,) -> (n - 1,)."""
    logs: Floats = np.diff(np.log(closes.astype(np.float64)))
    return logs


def moves(closes: Floats, context: int, left_out: Collection[int] = ()) -> Floats:
    """The log returns between the newest `context` closes, (m,), without those into some rows of all closes.

    Where less than half would be left all count: then moves of that kind are what is usual.
    """
    returns = log_returns(closes[-context:])
    if not left_out:
        return returns
    first = len(closes) - len(returns)
    rest = np.delete(returns, [at - first for at in left_out if at >= first])
    return rest if 2 * len(rest) >= len(returns) else returns


def ewma_volatility(returns: Floats) -> float:
    """Daily volatility from (n,) log returns, oldest first: sqrt(sum w_k r_k^2), w_k ~ DECAY^age, sum w = 1.

    Raises ValueError for an empty array.
    """
    if len(returns) == 0:
        raise ValueError("a volatility needs at least one return")
    return float(np.sqrt(np.dot(_weights(len(returns)), np.square(returns))))


@lru_cache(maxsize=1024)
def _weights(count: int) -> Floats:
    """The weights of `count` returns, oldest first, which sum to 1."""
    weights = DECAY ** np.arange(count - 1, -1, -1)
    return np.asarray(weights / weights.sum())
