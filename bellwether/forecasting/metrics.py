"""Scores of quantile forecasts: one pure function each, no state.

Arrays are (n, L): n forecasts, L quantile levels, in any common unit (log returns here).
"""

from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import numpy as np

from bellwether.core.types import LEVELS, Floats

_NORMAL = NormalDist()


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


@cache
def _normal_scores(levels: tuple[float, ...]) -> list[float]:
    return [_NORMAL.inv_cdf(level) for level in levels]


def probability_above_zero(quantiles: Floats, levels: Sequence[float] = LEVELS) -> Floats:
    """Probability that the outcome is above zero, read off the quantiles: (n, L) -> (n,).

    Between the levels, and beyond the outermost two, the quantile is taken as linear in the normal score
    of its level, which is exact for a Gaussian. Where the quantiles do not rise (a price that never moves) it is
    undecided: 0.5.
    """
    scores = _normal_scores(tuple(levels))
    return np.array([_above_zero(row, scores) for row in quantiles.tolist()])


def _above_zero(row: list[float], scores: list[float]) -> float:
    """One forecast's probability. Plain floats: for a handful of numbers arrays cost ten times as much."""
    left = max(0, min(sum(quantile <= 0 for quantile in row) - 1, len(row) - 2))  # the stretch that holds zero
    start, rise = row[left], row[left + 1] - row[left]
    if rise <= 0:
        return 1.0 if start > 0 else 0.0 if start < 0 else 0.5
    return 1.0 - _NORMAL.cdf(scores[left] - start / rise * (scores[left + 1] - scores[left]))
