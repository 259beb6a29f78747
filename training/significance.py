"""Is a difference between two forecasters more than luck? Dates are the sample, never rows.

Intervals are `bellwether.track_record.scores.block_bootstrap`'s, the same that live forecasts are judged by.

Sources: Diebold and Mariano (1995) with the long-run variance of Newey and West (1987) and the small-sample correction
of Harvey, Leybourne and Newbold (1997).
"""

from statistics import NormalDist

import numpy as np

from bellwether.core.types import Floats
from bellwether.track_record.scores.block_bootstrap import BLOCK, FEWEST_BLOCKS


def diebold_mariano(gain: Floats, overlap: int) -> tuple[float, float] | None:
    """The statistic and its two-sided p-value for loss differences summed by week (weeks,), in order of time.

    `gain` is baseline minus model: a positive statistic speaks for the model. `overlap` is for how many weeks outcomes
    reach into each other. None where there are too few weeks or no difference at all.
    """
    weeks = len(gain)
    if weeks < FEWEST_BLOCKS * BLOCK:
        return None
    lags = max(overlap, int(0.75 * weeks ** (1 / 3)))
    centred = gain - gain.mean()
    variance = np.mean(centred**2)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * np.sum(centred[lag:] * centred[:-lag]) / weeks
    if variance <= 0:
        return None
    correction = np.sqrt((weeks + 1 - 2 * overlap + overlap * (overlap - 1) / weeks) / weeks)
    statistic = float(correction * gain.mean() / np.sqrt(variance / weeks))
    return statistic, 2 * NormalDist().cdf(-abs(statistic))
