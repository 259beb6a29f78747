"""A sequential test over all symbols: are the model's losses greater than the plain rule's? By t statistics of weeks.

Symbols move together, so the mean difference of loss of a week's forecasts is one observation. For each span of LIMITS,
from a quarter to two years back, t = mean / (standard deviation / sqrt(n)) of its weeks; the model is worse once t
reaches the span's limit. Each span is given the best week for the model in two years besides: a model whose ranges are
too wide loses a little in every calm week and wins it back in one storm, and a calm span alone looks like a steady
loss. Beyond one session outcomes overlap: there OVERLAP horizons are one observation.

The limits are calibrated by simulation on made-up markets of one kind and checked on three others and on real prices:
see `benchmarks/silence.py` and docs/track-record.md. They hold the chance of a false alarm under 5 % a year for a model
that over decades is as good as the rule, also where it is the worse one for months. Only the latest weeks count, so a
model that was good for years and then breaks is found about as soon as a new one.

Sources: Diebold and Mariano (1995, JBES 13), the t statistic of a mean difference of loss; Chu, Stinchcombe and White
(1996, Econometrica 64), limits under which it may be looked at again and again.
"""

import numpy as np

from bellwether.core.types import Floats, Ints

LIMITS = {12: 6.8, 24: 4.8, 52: 3.4, 104: 2.7}  #: weeks of a span -> the t statistic that suffices
WEEK = 5  #: sessions
OVERLAP = 4  #: horizons in one observation beyond one session ahead
_SMALLEST_ERROR, _LARGEST_T = 1e-12, 1e3


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
        parts = shares(difference / count)
        now = max(now, float(parts[-1]))
        enough = np.flatnonzero(parts >= 1)
        if len(enough):
            day = int(days[(enough[0] + 1) * size - 1])
            first = day if first is None else min(first, day)
    return now, first


def shares(weeks: Floats) -> Floats:
    """After each week, the largest share of a limit that is reached: (n,) -> (n,); 0 while no span is full."""
    parts = np.zeros(len(weeks))
    for end in range(min(LIMITS), len(weeks) + 1):
        best = weeks[max(0, end - max(LIMITS)) : end].min()
        parts[end - 1] = max(
            _t_statistic(weeks[end - span : end], best) / limit for span, limit in LIMITS.items() if span <= end
        )
    return parts


def _t_statistic(weeks: Floats, best: float) -> float:
    """Of the mean of some weeks; the model's best week is one of them, or added."""
    if best < weeks.min():
        weeks = np.append(weeks, best)
    error = weeks.std(ddof=1) / np.sqrt(len(weeks))
    return float(np.clip(weeks.mean() / max(error, _SMALLEST_ERROR), -_LARGEST_T, _LARGEST_T))
