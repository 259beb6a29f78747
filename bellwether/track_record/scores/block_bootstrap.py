"""How sure is a mean over forecasts? Dates are the sample, never rows.

Stocks move together on a day and outcomes overlap from day to day, so rows are summed by week, and
intervals come from drawing blocks of neighbouring weeks with replacement.

Source: circular block bootstrap, Politis and Romano (1992).
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Floats

BLOCK = 13  #: weeks: a quarter, no shorter than the longest horizon
FEWEST_BLOCKS = 4  #: a year: fewer quarters say nothing about how quarters differ
RESAMPLES = 2000

Weeks = npt.NDArray[np.int64]  #: (n,) the week of each row, any numbering
Statistic = Callable[[Floats], Floats]  #: (resamples, k) sums -> (resamples,) values


def by_week(week: Weeks, *values: Floats) -> Floats:
    """Sums of each of `values` (n,) over the rows of a week: (weeks, len(values)), in order of time."""
    _, place = np.unique(week, return_inverse=True)
    return np.stack([np.bincount(place, value) for value in values], axis=1)


def block_draws(rng: np.random.Generator, times: int, block: int) -> Floats:
    """How often each time is drawn in each resample, (RESAMPLES, times): blocks that may wrap around the end."""
    starts = rng.integers(times, size=(RESAMPLES, -(-times // block)))
    drawn = (starts[:, :, None] + np.arange(block)).reshape(RESAMPLES, -1) % times
    drawn += times * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=RESAMPLES * times).reshape(RESAMPLES, times)
    return counts.astype(np.float64)


@lru_cache(maxsize=32)
def draws(weeks: int, block: int = BLOCK) -> Floats:
    """How often each week is drawn in each resample, (RESAMPLES, weeks), the same every time."""
    return block_draws(np.random.default_rng(0), weeks, block)


def interval(sums: Floats, statistic: Statistic, block: int = BLOCK) -> list[float] | None:
    """95 % interval of a statistic of weekly sums (weeks, k); None where there are too few weeks to say anything."""
    if len(sums) < FEWEST_BLOCKS * block:
        return None
    return middle_95(statistic(draws(len(sums), block) @ sums))


def middle_95(values: Floats) -> list[float]:
    """Between which the middle 95 % of the finite values of resamples lie."""
    low, high = np.quantile(values[np.isfinite(values)], [0.025, 0.975])
    return [float(low), float(high)]


def skill_interval(loss: Floats, baseline_loss: Floats, week: Weeks) -> list[float] | None:
    """95 % interval of the skill `1 - loss / baseline_loss`; all (n,)."""
    return interval(by_week(week, loss, baseline_loss), lambda totals: 1 - totals[:, 0] / totals[:, 1])


def mean_interval(values: Floats, week: Weeks, block: int = BLOCK) -> list[float] | None:
    """95 % interval of a mean over rows; both (n,)."""
    return interval(by_week(week, values, np.ones(len(values))), lambda totals: totals[:, 0] / totals[:, 1], block)
