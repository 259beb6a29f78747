"""One settled forecast as a row of numbers whose sums are all that a score needs.

Losses are in the plain rule's standard deviations, as in training: its 80 % range divided by that of a Gaussian.
"""

from statistics import NormalDist

import numpy as np

from bellwether.core.types import LEVELS, Q05, Q10, Q90, Q95, Floats
from bellwether.forecasting.metrics import pinball_loss, probability_above_zero

COLUMNS = (
    "forecasts",
    "loss",
    "baseline_loss",
    "inside_80",
    "inside_90",
    "baseline_inside_80",
    "baseline_inside_90",
    "brier",
    "usual_brier",
    "rises",
    "span",  #: the most by which the two losses could have differed
    *(f"below_{round(level * 100)}" for level in LEVELS),
)
FIRST_BELOW = COLUMNS.index("below_5")
_GAUSSIAN_80 = 2 * NormalDist().inv_cdf(0.9)


def scored(outcome: Floats, quantiles: Floats, baseline: Floats, usual: Floats) -> Floats:
    """Each forecast's numbers, (n, len(COLUMNS)).

    `outcome` (n,) and both sets of quantiles (n, levels) are cumulative log returns; `usual` (n,) is the usual chance
    of a rise, NaN where it is not known: then the plain rule's counts.
    """
    scale = (baseline[:, Q90] - baseline[:, Q10]) / _GAUSSIAN_80
    rose = (outcome > 0).astype(np.float64)
    chance, plain = probability_above_zero(quantiles), probability_above_zero(baseline)
    usual = np.where(np.isfinite(usual), usual, plain)
    # a level's loss changes by at most max(a, 1 - a) for each unit by which its quantile does
    steepest = np.maximum(LEVELS, 1 - np.array(LEVELS))
    numbers: Floats = np.column_stack(
        [
            np.ones(len(outcome)),
            pinball_loss(outcome, quantiles) / scale,
            pinball_loss(outcome, baseline) / scale,
            _inside(outcome, quantiles, Q10, Q90),
            _inside(outcome, quantiles, Q05, Q95),
            _inside(outcome, baseline, Q10, Q90),
            _inside(outcome, baseline, Q05, Q95),
            np.square(chance - rose),
            np.square(usual - rose),
            rose,
            (np.abs(quantiles - baseline) * steepest).mean(axis=1) / scale,
            outcome[:, None] <= quantiles,
        ]
    )
    return numbers


def miss_distance(outcome: Floats, quantiles: Floats) -> Floats:
    """How far each outcome (n,) lies outside the 90 % range of (n, levels), in widths of the 80 % range; 0 inside."""
    outside = np.maximum(quantiles[:, Q05] - outcome, outcome - quantiles[:, Q95])
    width = quantiles[:, Q90] - quantiles[:, Q10]
    distance: Floats = np.maximum(outside, 0) / np.where(width > 0, width, np.inf)
    return distance


def _inside(outcome: Floats, quantiles: Floats, low: int, high: int) -> Floats:
    inside = (outcome >= quantiles[:, low]) & (outcome <= quantiles[:, high])
    return inside.astype(np.float64)
