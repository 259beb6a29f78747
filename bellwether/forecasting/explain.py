"""Why the range is as wide as it is, as numbers. `bellwether.forecasting.sentences` makes sentences of them."""

from collections.abc import Collection

import numpy as np

from bellwether.core.types import Explanation, Floats, Record
from bellwether.market.returns import TRADING_DAYS, ewma_volatility, moves

RECENT = 21  #: sessions in "the last month"


def explain(
    closes: Floats,
    vix: float | None,
    width: float,
    baseline_width: float,
    record: Record | None,
    doubtful: Collection[int] = (),
) -> Explanation:
    """Describe the state of one symbol.

    `closes` (n,) adjusted, n >= 2; `vix` in percent as quoted; the widths are of the 80 % ranges, in log returns;
    moves into the `doubtful` rows are no part of its volatility.
    """
    returns = moves(closes, TRADING_DAYS + 1, doubtful)
    year = np.sqrt(TRADING_DAYS)
    usual = float(np.std(returns)) * year if len(closes) > TRADING_DAYS else None
    recent = float(np.log(closes[-1] / closes[-1 - RECENT])) if len(closes) > RECENT else None
    return Explanation(
        volatility=ewma_volatility(returns) * float(year),
        usual_volatility=float(usual) if usual is not None else None,
        market_volatility=vix / 100 if vix else None,
        recent_return=recent,
        width_against_baseline=width / baseline_width if baseline_width > 0 else 1.0,
        record=record,
    )


def usual_probability_of_growth(closes: Floats, horizon: int) -> float | None:
    """The share of past stretches of `horizon` sessions that ended higher; None below a year of stretches."""
    if len(closes) < TRADING_DAYS + horizon:
        return None
    return float(np.mean(closes[horizon:] > closes[:-horizon]))
