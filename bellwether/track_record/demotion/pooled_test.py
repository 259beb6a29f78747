"""Is a model worse over all symbols, or did it only have a bad season? Means of weeks, beside how unevenly they came.

Stocks move together, so a week over all symbols is one observation: the mean difference of loss of its forecasts. Over
the last quarter, half year, year and two years the mean of the weeks is divided by its standard error; the shorter the
span, the more is needed. To each span the one week is added that spoke most for the model in two years: a model whose
ranges are too wide loses a little in every calm week and wins it all back in one storm, so that a calm span alone looks
like a steady loss. At longer horizons outcomes overlap, and four horizons are what a week is at one session.

The limits were found by trying on made-up markets of one kind and checked on three others and on prices that were
real: see `benchmarks/silence.py` and docs/track-record.md. They hold the chance of silencing a model that is as good as
the rule over decades under 5 % a year, also where it is the worse one for months. Only the latest weeks count, so a
model that was good for years and breaks is found about as soon as a new one.
"""

import numpy as np

from bellwether.core.types import Floats, Ints

LIMITS = {12: 6.8, 24: 4.8, 52: 3.4, 104: 2.7}  #: weeks -> standard errors above zero from which on it is enough
WEEK = 5  #: sessions
OVERLAP = 4  #: horizons in what stands for a week beyond one session ahead
_LEAST, _MOST = 1e-12, 1e3  #: a standard error that divides, and how many of them are told


def evidence(daily: dict[int, tuple[Ints, Floats]]) -> tuple[float, int | None]:
    """The evidence that differences of loss are above 0, and the first day on which it reached 1; None if on none.

    `daily` holds by horizon the days (n,) and (n, 3): forecasts, the sum of their differences, and a third that is not
    used. The evidence is the largest share of a limit that is reached now, 0 before the first quarter is full.
    """
    now, first = 0.0, None
    for horizon, (days, sums) in daily.items():
        size = WEEK if horizon == 1 else OVERLAP * horizon
        weeks = len(days) // size
        if weeks < min(LIMITS):
            continue
        count, difference = sums[: weeks * size, :2].reshape(weeks, size, 2).sum(axis=1).T
        reached = shares(difference / count)
        now = max(now, float(reached[-1]))
        enough = np.flatnonzero(reached >= 1)
        if len(enough):
            day = int(days[(enough[0] + 1) * size - 1])
            first = day if first is None else min(first, day)
    return now, first


def shares(weeks: Floats) -> Floats:
    """After each week, the largest share of a limit that is reached: (n,) -> (n,); 0 while no span is full."""
    found = np.zeros(len(weeks))
    for end in range(min(LIMITS), len(weeks) + 1):
        best = weeks[max(0, end - max(LIMITS)) : end].min()
        found[end - 1] = max(
            _errors_above_zero(weeks[end - span : end], best) / limit for span, limit in LIMITS.items() if span <= end
        )
    return found


def _errors_above_zero(weeks: Floats, best: float) -> float:
    """The mean of some weeks in standard errors; the model's best week is one of them, or added."""
    if best < weeks.min():
        weeks = np.append(weeks, best)
    error = weeks.std(ddof=1) / np.sqrt(len(weeks))
    return float(np.clip(weeks.mean() / max(error, _LEAST), -_MOST, _MOST))
