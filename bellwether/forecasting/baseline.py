"""The plain volatility rule that every forecast is shown and scored against.

RiskMetrics (J.P. Morgan, 1996, section 5.2): variance is an exponentially weighted mean of squared daily
returns with decay .94; over h sessions the standard deviation grows with sqrt(h). The shape of the distribution is
either Gaussian or, better, the quantiles of returns divided by that volatility, measured on training data (filtered
historical simulation, Barone-Adesi et al., 1999).
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from bellwether.core.types import HEADS, LEVELS, MAX_HORIZON, Q10, Q90, Floats


def gaussian_quantiles() -> Floats:
    """Standardised quantiles of the normal distribution, (len(HEADS), len(LEVELS))."""
    row = [NormalDist().inv_cdf(level) for level in LEVELS]
    return np.array([row] * len(HEADS))


def head_quantiles(volatility: float, standardised: Floats, heads: Sequence[int] = HEADS) -> Floats:
    """Quantiles of cumulative log returns at the heads: (heads, levels) from standardised ones of that shape."""
    scale = volatility * np.sqrt(np.array(heads, dtype=np.float64))
    quantiles: Floats = scale[:, None] * standardised
    return quantiles


def _mixing_weights() -> Floats:
    """How much of each head goes into each horizon, (MAX_HORIZON, len(HEADS)): linear in sqrt(h), rows sum to 1."""
    steps = np.sqrt(np.arange(1, MAX_HORIZON + 1, dtype=np.float64))
    knots = np.sqrt(np.array(HEADS, dtype=np.float64))
    return np.stack([np.interp(steps, knots, unit) for unit in np.eye(len(HEADS))], axis=1)


_WEIGHTS = _mixing_weights()


def all_horizons(at_heads: Floats, report_ahead: int = 0) -> Floats:
    """Fill the horizons between the heads: (len(HEADS), L) -> (MAX_HORIZON, L); row h - 1 is horizon h.

    Each level is interpolated linearly in sqrt(h), the way a random walk's quantiles grow. Neighbouring heads are mixed
    with the same weight at every level, so quantiles that do not cross at the heads do not cross between them, and
    where the range widens from head to head it widens at every step between.

    A head that a company's report widens must not widen what ends before that report. With `report_ahead`, the number
    of sessions until it at the earliest (0: none is known), horizons between the head before it and the report grow as
    a random walk from that head, where that is narrower than the mixture.
    """
    filled: Floats = _WEIGHTS @ at_heads
    before = [head for head in HEADS if head < report_ahead]
    if before and report_ahead <= MAX_HORIZON:
        head = before[-1]
        horizons = np.arange(head + 1, report_ahead)
        grown = filled[head - 1] * np.sqrt(horizons / head)[:, None]
        narrower = _width(grown) < _width(filled[horizons - 1])
        filled[horizons - 1] = np.where(narrower[:, None], grown, filled[horizons - 1])
    return filled


def _width(quantiles: Floats) -> Floats:
    width: Floats = quantiles[:, Q90] - quantiles[:, Q10]
    return width
