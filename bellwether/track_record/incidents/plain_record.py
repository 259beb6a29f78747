"""How the plain rule's ranges one session ahead would have held, from closes alone: replays, simulations, the demo.

    closes of all symbols | EWMA volatility up to each session | 80 % range of the next one, as its evening stretches it
    | did the next return fall inside?

The same rule as in `forecasting.baseline`, stretched as in `forecasting.evening_width`. There the numbers of an evening
are replayed over the last REPLAYED sessions from 0; here they go on from the first, which differs by 2 %.
"""

import numpy as np

from bellwether.core.types import HEADS, Q10, Q90, Floats, Sessions
from bellwether.forecasting.evening_width import start, step, widened
from bellwether.market.returns import DECAY
from bellwether.track_record.incidents.types import DailyRecord

MIN_RETURNS = 63  #: of a symbol, before its first range
POOL = 40  #: the first symbols that are known: of these the evening learns


def plain_record(sessions: Sessions, returns: Floats, standardised: Floats) -> DailyRecord:
    """The record of a market.

    `returns` (n, symbols) are log returns into each of the `sessions` (n,), NaN where a symbol has none;
    `standardised` (heads, levels) are the rule's quantiles of returns divided by their volatility, as on a model's
    card.
    """
    shapes = standardised * np.sqrt(np.array(HEADS, float))[:, None]
    symbols = returns.shape[1]
    squares, weight, seen = np.zeros(symbols), np.zeros(symbols), np.zeros(symbols, int)
    x, rows = start(), []
    for at, moved in enumerate(returns):
        there = np.isfinite(moved)
        known = np.flatnonzero(there & (seen >= MIN_RETURNS) & (squares > 0))
        if len(known):
            volatility = np.sqrt(squares[known] / weight[known])
            low, high = volatility * widened(standardised[:1], x[:1])[0, [Q10, Q90]][:, None]
            held = int(((moved[known] >= low) & (moved[known] <= high)).sum())
            rows.append((at, held, len(known)))
            pool = known[:POOL]
            x = step(x, volatility[:POOL, None, None] * shapes, moved[pool])
        squares = np.where(there, DECAY * squares + np.square(np.where(there, moved, 0.0)), squares)
        weight, seen = np.where(there, DECAY * weight + 1, weight), seen + there
    counted = np.array(rows, np.int64).reshape(len(rows), 3)
    return DailyRecord(sessions[counted[:, 0]], counted[:, 1], counted[:, 2])
