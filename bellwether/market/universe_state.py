"""How the universe as a whole moved on a session, in two numbers that a model reads as market series.

Each stock's return is divided by its own volatility up to the session before, so calm and wild stocks count alike:

    z = return / EWMA volatility of the session before, within +-8
    U = mean of |z| over the stocks, how much moved     D = standard deviation of z over the stocks, how apart

An index cannot tell D, and on a day on which half rise and half fall it does not even tell U.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.types import Floats
from bellwether.market.returns import DECAY, log_returns

FEWEST = 5  #: stocks below which nothing is said of the universe
_LARGEST_RETURN = 2.0  #: log return; both limits are those of the graph's own z
_LARGEST_MOVE = 8.0
_EPS = 1e-4  #: added to the volatility, as in the graph
_SETTLING = 5.0  #: weight of past returns from which a volatility is more than a guess
_NO_STOCKS = ("^", "=")
_COIN = "-USD"


@dataclass(frozen=True, slots=True, eq=False)
class DailyState:
    """U and D by day; a day on which fewer than FEWEST stocks are known has 0 in both."""

    days: npt.NDArray[np.datetime64]  #: (n,) ascending
    values: Floats  #: (n, 2), U and D


def is_stock(symbol: str) -> bool:
    """Whether a symbol counts towards the universe's state: no index, no future, no currency, no coin."""
    return not any(mark in symbol for mark in _NO_STOCKS) and not symbol.endswith(_COIN)


def standardised_moves(closes: Floats) -> Floats:
    """z at every session, (n,) -> (n,); NaN where the volatility before it is not known yet."""
    returns = np.clip(log_returns(closes), -_LARGEST_RETURN, _LARGEST_RETURN)
    squares = pd.Series(np.square(returns)).ewm(alpha=1 - DECAY, adjust=True).mean().to_numpy()
    weight = (1 - DECAY ** np.arange(1, len(returns) + 1)) / (1 - DECAY)
    moves = np.full(len(closes), np.nan)
    settled = np.clip(weight[:-1] - _SETTLING, 0, 1)
    moves[2:] = np.where(settled > 0, returns[1:] * settled / (np.sqrt(squares[:-1]) + _EPS), np.nan)
    limited: Floats = np.clip(moves, -_LARGEST_MOVE, _LARGEST_MOVE)
    return limited


def daily_state(days: npt.NDArray[np.intp], moves: Floats, count: int) -> Floats:
    """U and D on each of `count` days, (count, 2), from moves (n,), NaN among them, and the day of each (n,)."""
    known = np.isfinite(moves)
    days, moves = days[known], moves[known].astype(np.float64)
    number = np.bincount(days, minlength=count)
    enough = number >= FEWEST
    total = np.maximum(number, 1)
    mean_size = np.bincount(days, np.abs(moves), count) / total
    mean = np.bincount(days, moves, count) / total
    variance = np.maximum(np.bincount(days, np.square(moves), count) / total - np.square(mean), 0)
    return np.where(enough[:, None], np.stack([mean_size, np.sqrt(variance)], axis=1), 0.0)
