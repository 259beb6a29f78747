"""One settled forecast as a row of numbers whose sums are all that a score needs.

Losses are in the plain rule's standard deviations, as in training: its 80 % range divided by that of a Gaussian.
"""

from statistics import NormalDist

import numpy as np

from bellwether.core.types import LEVELS, Q05, Q10, Q50, Q90, Q95, Floats
from bellwether.forecasting.metrics import pinball_loss, probability_above_zero
from bellwether.track_record.ledger.ledger_table import LedgerNumbers

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
    "stretched",  #: whether its evening stretched the range
    "unstretched_inside_80",  #: of the range as it would have been otherwise
)
OF_EVENINGS = 2  #: the last columns, which records from before ranges were stretched lack
FIRST_BELOW = COLUMNS.index("below_5")
_GAUSSIAN_80 = 2 * NormalDist().inv_cdf(0.9)


def scored(outcome: Floats, of: LedgerNumbers) -> Floats:
    """Each forecast's numbers, (n, len(COLUMNS)), from its outcome (n,), a cumulative log return, and its row.

    The chance of a rise that counts is the one that was told, else the quantiles' own; where the usual chance is not
    known the plain rule's counts.
    """
    quantiles, baseline = of.log_returns, of.baseline
    scale = (baseline[:, Q90] - baseline[:, Q10]) / _GAUSSIAN_80
    rose = (outcome > 0).astype(np.float64)
    chance = np.where(np.isfinite(of.told), of.told, probability_above_zero(quantiles))
    usual = np.where(np.isfinite(of.usual), of.usual, probability_above_zero(baseline))
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
            np.isfinite(of.stretched),
            _inside(outcome, _unstretched(of), Q10, Q90),
        ]
    )
    return numbers


def with_evenings(sums: Floats) -> Floats:
    """Sums (n, columns) of a record from before ranges were stretched, with what it lacks: they held as they were."""
    if sums.shape[1] != len(COLUMNS) - OF_EVENINGS:
        return sums
    return np.column_stack([sums, np.zeros(len(sums)), sums[:, COLUMNS.index("inside_80")]])


def _unstretched(of: LedgerNumbers) -> Floats:
    """The quantiles (n, levels) before their evening stretched them, all from the median by one factor.

    Exact at the model's heads; between them it is the 80 % range's own factor, and nearly that of the others.
    """
    factor = np.where(np.isfinite(of.stretched), of.stretched, 1.0)[:, None]
    middle = of.log_returns[:, Q50 : Q50 + 1]
    # what was not stretched stays what it was to the bit
    before: Floats = np.where(factor == 1, of.log_returns, middle + (of.log_returns - middle) / factor)
    return before


def miss_distance(outcome: Floats, quantiles: Floats) -> Floats:
    """How far each outcome (n,) lies outside the 90 % range of (n, levels), in widths of the 80 % range; 0 inside."""
    outside = np.maximum(quantiles[:, Q05] - outcome, outcome - quantiles[:, Q95])
    width = quantiles[:, Q90] - quantiles[:, Q10]
    distance: Floats = np.maximum(outside, 0) / np.where(width > 0, width, np.inf)
    return distance


def _inside(outcome: Floats, quantiles: Floats, low: int, high: int) -> Floats:
    inside = (outcome >= quantiles[:, low]) & (outcome <= quantiles[:, high])
    return inside.astype(np.float64)
