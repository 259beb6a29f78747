"""How the universe as a whole moved on a session, in two numbers that a model reads as market series.

Each stock's return is divided by its own volatility up to the session before, so calm and wild stocks count alike:

    z = return / EWMA volatility of the session before, within +-8
    U = mean of |z| over the stocks, how much moved     D = standard deviation of z over the stocks, how apart

An index cannot tell D, and on a day on which half rise and half fall it does not even tell U.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.types import CLOSE, MARKET_CALENDAR, STATE_SERIES, Bars, Floats, Instrument, Ints, Sessions
from bellwether.market.bars import after_breaks, mended
from bellwether.market.jumps import JUMP, doubtful_moves
from bellwether.market.returns import DECAY, log_returns

FEWEST = 5  #: stocks below which nothing is said of the universe
CLEARLY_MORE = 1.25  #: times the stocks: of so many a session is made again
_LARGEST_RETURN = 2.0  #: log return; both limits are those of the graph's own z
_LARGEST_MOVE = 8.0
_EPS = 1e-4  #: added to the volatility, as in the graph
_SETTLING = 5.0  #: weight of past returns from which a volatility is more than a guess
_NO_STOCKS = ("^", "=")
_COIN = "-USD"

StateBars = tuple[Bars | None, ...]  #: of STATE_SERIES; None where nothing is known
NO_STATE: StateBars = (None,) * len(STATE_SERIES)


@dataclass(frozen=True, slots=True, eq=False)
class DailyState:
    """U and D by day; a day on which fewer than FEWEST stocks are known has 0 in both."""

    days: Sessions  #: (n,) ascending
    values: Floats  #: (n, 2), U and D
    stocks: Ints  #: (n,) how many they are made of

    def part(self, which: npt.NDArray[np.bool_]) -> "DailyState":
        """Some of the days."""
        return DailyState(self.days[which], self.values[which], self.stocks[which])

    def as_series(self) -> StateBars:
        """What a model reads beside its other market series: U and D as closes, on the days on which they are known."""
        known = self.values[:, 0] > 0
        if not known.any():
            return NO_STATE
        return tuple(
            _as_bars(name, self.days[known], column)
            for name, column in zip(STATE_SERIES, self.values[known].T, strict=True)
        )


def is_stock(symbol: str) -> bool:
    """Whether a symbol counts towards the universe's state: no index, no future, no currency, no coin."""
    return not any(mark in symbol for mark in _NO_STOCKS) and not symbol.endswith(_COIN)


def counts_for_state(instrument: Instrument) -> bool:
    """Whether an instrument is one of the stocks behind the state: of New York, whose evening it is the state of."""
    return is_stock(instrument.symbol) and instrument.calendar == MARKET_CALENDAR


def is_clearly_more(stocks: int, before: int) -> bool:
    """Whether what was made of `before` stocks should be made again of so many."""
    return stocks > before and stocks >= CLEARLY_MORE * before


def standardised_moves(closes: Floats, left_out: Collection[int] = ()) -> Floats:
    """z at every session, (n,) -> (n,); NaN where the volatility before it is not known yet.

    NaN, and no part of any volatility, is also the move into each of the rows `left_out`.
    """
    returns = np.clip(log_returns(closes), -_LARGEST_RETURN, _LARGEST_RETURN)
    if left_out:
        returns[np.array(sorted(left_out)) - 1] = np.nan
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


def state_of(stocks: Iterable[Bars]) -> DailyState:
    """The state on every session of any of these stocks.

    A move that is as likely damage counts on no day: were half the universe to split untold on one, that would be no
    storm. Each day is made of what came before it alone. Raises UnusableBars for bars of which nothing can be made.
    """
    sessions, moves = [], []
    for given in stocks:
        bars = mended(given)
        sessions.append(bars.sessions)
        moves.append(standardised_moves(bars.closes, _doubtful_then(bars) | after_breaks(given)))
    if not sessions:
        return DailyState(np.array([], "datetime64[D]"), np.empty((0, 2)), np.array([], np.int64))
    days, of_move = np.unique(np.concatenate(sessions), return_inverse=True)
    together = np.concatenate(moves)
    values = daily_state(of_move, together, len(days))
    return DailyState(days, values, np.bincount(of_move[np.isfinite(together)], minlength=len(days)))


def _doubtful_then(bars: Bars) -> set[int]:
    """The rows into which the move was in doubt on its own day: what came later must not tell of it."""
    far = np.flatnonzero(np.abs(log_returns(bars.closes)) > JUMP) + 1
    return {at for at in far.tolist() if at in doubtful_moves(bars.part(slice(at + 1)))}


def _as_bars(name: str, sessions: Sessions, numbers: Floats) -> Bars:
    values = np.zeros((len(numbers), CLOSE + 2))
    values[:, : CLOSE + 1] = numbers[:, None]
    return Bars(name, sessions.copy(), values, values[:, CLOSE].copy()).sealed()
