"""Scores of quantile forecasts: one pure function each, no state.

Arrays are (n, L): n forecasts, L quantile levels, in any common unit (log returns here).
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from bellwether.types import LEVELS, Floats


def pinball_loss(outcomes: Floats, quantiles: Floats, levels: Sequence[float] = LEVELS) -> Floats:
    """Mean pinball loss over the levels, one value per forecast: (n,), (n, L) -> (n,).

    Koenker and Bassett (1978): rho_a(u) = max(a u, (a - 1) u) with u = outcome - quantile.
    """
    error = outcomes[:, None] - quantiles
    alpha = np.asarray(levels)
    loss: Floats = np.maximum(alpha * error, (alpha - 1) * error).mean(axis=1)
    return loss


def coverage(outcomes: Floats, low: Floats, high: Floats) -> float:
    """Share of outcomes inside [low, high]; all (n,)."""
    return float(np.mean((outcomes >= low) & (outcomes <= high)))


def skill(loss: float, baseline_loss: float) -> float:
    """`1 - loss / baseline_loss`: 0 is no better than the baseline, negative is worse."""
    return 1.0 - loss / baseline_loss


def brier_score(probabilities: Floats, happened: Floats) -> float:
    """Mean squared distance between a probability and what happened (0 or 1), Brier (1950); both (n,)."""
    return float(np.mean(np.square(probabilities - happened)))


def probability_above_zero(quantiles: Floats, levels: Sequence[float] = LEVELS) -> Floats:
    """Probability that the outcome is above zero, read off the quantiles: (n, L) -> (n,).

    Between the levels, and beyond the outermost two, the quantile is taken as linear in the normal score
    of its level, which is exact for a Gaussian. Where the quantiles do not rise (a price that never moves) it is
    undecided: 0.5.
    """
    scores = np.array([NormalDist().inv_cdf(level) for level in levels])
    n, last = quantiles.shape[0], quantiles.shape[1] - 2
    left = np.clip((quantiles <= 0).sum(axis=1) - 1, 0, last)  # the stretch between levels that holds zero
    rows = np.arange(n)
    q0, q1 = quantiles[rows, left], quantiles[rows, left + 1]
    rise = q1 - q0
    flat = rise <= 0
    score = scores[left] - q0 / np.where(flat, 1.0, rise) * (scores[left + 1] - scores[left])
    normal = NormalDist()
    probability = np.array([1.0 - normal.cdf(float(s)) for s in score])
    sure = np.where(q0 > 0, 1.0, np.where(q0 < 0, 0.0, 0.5))
    result: Floats = np.where(flat, sure, probability)
    return result
