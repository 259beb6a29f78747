"""How much wider ranges of growth are made, by how those of companies that have just reported held. Pure.

    quantiles, what came -> misses -> those known in the days before a cutoff -> x by horizon -> quantiles stretched e^x

A miss is the outcome's distance from the median in halves of the 80 % range on its side: 1 at the end of the range. The
factor that would have held eight of ten of the misses is drawn towards 1 where few are known, says nothing where fewer
than FEWEST are, and a share of it is served. In a storm those who report first tell it, and the ranges of whoever
reports after them are wider. Ranges are never narrowed: on the spans where the constants were chosen that cost more
than it gained. Nothing but reports is needed: whoever has them has the numbers.
"""

from datetime import date

import numpy as np
import numpy.typing as npt

from bellwether.core.calibration import ReportWidth, WidthRule
from bellwether.core.types import Q10, Q50, Q90, Floats

Days = npt.NDArray[np.datetime64]
FEWEST = 6  #: reports; of fewer, a single spoilt one has a say in where eight of ten end
_HELD = 0.8  #: share of outcomes that the range is to hold
_LEAST_MISS = 0.05  #: keeps the logarithm finite
DIGITS = 2  #: of x, after the point: a hundredth of a range


def misses(quantiles: Floats, outcomes: Floats) -> Floats:
    """(n, horizons, levels), (n, horizons) -> (n, horizons); NaN where the outcome is."""
    middle = quantiles[:, :, Q50]
    off = outcomes - middle
    half = np.where(off > 0, quantiles[:, :, Q90] - middle, middle - quantiles[:, :, Q10])
    missed: Floats = np.abs(off) / np.maximum(half, 1e-9)
    return missed


def width_before(day: date, known: Days, missed: Floats, rule: WidthRule) -> ReportWidth:
    """What the misses (n, horizons) say that became known, (n, horizons), in the days before `day`, not on it."""
    cutoff = np.datetime64(day, "D")
    recent = (known < cutoff) & (known >= cutoff - np.timedelta64(rule.days, "D")) & np.isfinite(missed)
    counts = recent.sum(axis=0)
    x = []
    for at, count in enumerate(counts):
        if count < FEWEST:
            x.append(0.0)
            continue
        log_factor = np.log(max(float(np.quantile(missed[recent[:, at], at], _HELD)), _LEAST_MISS))
        learned = rule.strength[at] * count / (count + rule.drawn_in) * log_factor
        x.append(round(float(np.clip(learned, 0.0, rule.most)), DIGITS))
    return ReportWidth(day, tuple(counts.tolist()), tuple(x))


def widened(quantiles: Floats, x: Floats) -> Floats:
    """(..., horizons, levels), (..., horizons) -> each level's distance from the median times e^x."""
    middle = quantiles[..., Q50 : Q50 + 1]
    stretched: Floats = middle + np.exp(x)[..., None] * (quantiles - middle)
    return stretched
