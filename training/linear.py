"""Linear quantile regression with a penalty: the opponent that shows what recurrence is worth.

    inputs (b, k) -> standardised and kept within +-5 -> a_l + B_l x per horizon and level, sorted over the levels

Koenker and Bassett (1978) with the pinball loss smoothed by a logistic kernel (Fernandes, Guerre and Horta, 2021), so
that L-BFGS can minimise it. The L2 penalty knows what is hard to learn: the part of B that shifts all levels alike
(direction) and inputs equal for all symbols on a date (few independent observations) are held back more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from bellwether.core.types import HEADS, LEVELS, Floats
from bellwether.forecasting.metrics import pinball_loss

SMOOTHING = 0.05  # width of the kernel, in EWMA standard deviations: far less than the steps between levels
PENALTIES = (0.1, 0.01, 0.003, 0.001, 0.0003)  # tried from the strongest on, each from the last one's weights
SHIFT_PENALTY = 30.0  # times the penalty, as for the network's median
MARKET_PENALTY = 10.0  # times the penalty, as in the network's skip
STEPS = 60  # of L-BFGS per penalty and horizon
CLIP = 5.0  # standard deviations: what was never met must not run away


@dataclass(frozen=True, slots=True, eq=False)
class LinearQuantiles:
    """A fitted model: standardised quantiles are linear in standardised inputs."""

    mean: Floats  #: (k,)
    deviation: Floats  #: (k,)
    weights: Floats  #: (heads, k + 1, levels), the last row is the constant
    penalty: float
    tried: tuple[tuple[float, float], ...]  #: penalty and mean validation loss of each

    @property
    def how(self) -> str:
        """How it was chosen."""
        return f"L2 {self.penalty:g} chosen on validation among {len(self.tried)}."

    def __call__(self, x: Floats) -> Floats:
        """Standardised quantiles that do not cross: (b, k) -> (b, heads, levels)."""
        z = scaled(x, self.mean, self.deviation)
        quantiles = np.stack([z @ weights for weights in self.weights.astype(np.float32)], axis=1)
        ordered: Floats = np.sort(quantiles, axis=2).astype(np.float64)
        return ordered


def scaled(x: Floats, mean: Floats, deviation: Floats) -> Floats:
    """(b, k) -> float32 (b, k + 1): standardised, clipped, and a column of ones."""
    z = np.ones((len(x), x.shape[1] + 1), np.float32)
    z[:, :-1] = np.clip((x - mean) / deviation, -CLIP, CLIP)
    return z


def fit(
    x: Floats, y: Floats, valid_x: Floats, valid_y: Floats, market: Sequence[bool], judged: Sequence[int]
) -> LinearQuantiles:
    """Fit on training rows x (b, k), y (b, heads), both without validation rows; NaN in y is left out.

    The penalty is the one with the smallest mean validation loss over the horizons `judged`. `market` (k,) marks inputs
    that are equal for all symbols on a date.
    """
    mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 0.05)
    z, valid_z = scaled(x, mean, deviation), scaled(valid_x, mean, deviation)
    factors = np.append(np.where(market, MARKET_PENALTY, 1.0), 0.0)  # (k + 1,), none on the constant
    starts = [_start(y[:, head], z.shape[1]) for head in range(len(HEADS))]
    best: tuple[float, float, Floats] | None = None
    tried = []
    for penalty in PENALTIES:
        starts = [_minimise(z, y[:, head], penalty * factors, starts[head]) for head in range(len(HEADS))]
        weights = np.stack([start @ MIX for start in starts])
        losses = []
        for head, horizon in enumerate(HEADS):
            known = np.isfinite(valid_y[:, head])
            if horizon in judged:
                quantiles = np.sort(valid_z[known] @ weights[head].astype(np.float32), axis=1)
                losses.append(float(pinball_loss(valid_y[known, head], quantiles).mean()))
        loss = float(np.mean(losses))
        tried.append((penalty, loss))
        if best is None or loss < best[0]:
            best = (loss, penalty, weights)
    assert best is not None
    return LinearQuantiles(mean, deviation, best[2], best[1], tuple(tried))


def _mix() -> Floats:
    """(parts, levels): weights are parts @ MIX. The parts shift all levels, spread them, and move each alone."""
    scores = [NormalDist().inv_cdf(level) for level in LEVELS]
    return np.array([[1.0] * len(LEVELS), scores, *np.eye(len(LEVELS)).tolist()])


MIX = _mix()
PART_PENALTY = np.array([SHIFT_PENALTY, 1.0] + [3.0] * len(LEVELS))


def _start(y: Floats, inputs: int) -> Floats:
    """Parts (inputs, parts) that answer the plain quantiles of y whatever the inputs."""
    parts = np.zeros((inputs, len(MIX)))
    parts[-1, 2:] = np.nanquantile(y, LEVELS)
    return parts


def _minimise(z: Floats, y: Floats, penalties: Floats, start: Floats) -> Floats:
    """The parts (k + 1, parts) that minimise smoothed pinball loss plus penalties (k + 1,) for one horizon."""
    known = np.isfinite(y)
    z, y = z[known], y[known].astype(np.float32)
    levels = np.array(LEVELS, np.float32)
    strength = penalties[:, None] * PART_PENALTY

    def loss(flat: Floats) -> tuple[float, Floats]:
        parts = flat.reshape(start.shape)
        error = y[:, None] - z @ (parts @ MIX).astype(np.float32)  # (b, levels)
        below = expit(error / -SMOOTHING)  # 1 where the outcome lies below the quantile
        # a u + s log(1 + exp(-u / s)), written so that it does not overflow
        smooth = levels * error + SMOOTHING * np.logaddexp(0, error / -SMOOTHING)
        gradient = z.T @ ((below - levels) / np.float32(len(y) * len(LEVELS)))  # (k + 1, levels)
        value = float(smooth.mean(dtype=np.float64)) + float(np.sum(strength * parts**2))
        return value, (gradient @ MIX.T + 2 * strength * parts).ravel()

    fitted = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    parts: Floats = fitted.x.reshape(start.shape)
    return parts
