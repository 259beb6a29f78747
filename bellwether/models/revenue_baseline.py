"""The plain rule for growth: what growth over a year usually does after such growths, pooled over all companies.

An autoregression by quantiles: each quantile is linear in the last LAGS growths. It is what the model must beat, and
what answers where the model must not.
"""

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Floats
from bellwether.models.quarters import A_YEAR, REVENUE

LAGS = 8  #: growths read, the newest first
LIMIT = 1.5  #: of log growth; a merger beyond it must not run away


def lagged_growth(windows: npt.NDArray[np.float32]) -> Floats:
    """The last LAGS log growths over a year, newest first, 0 where not known: (n, T, 2) -> (n, LAGS)."""
    revenue = windows[:, -LAGS - A_YEAR :, REVENUE].astype(np.float64)
    known = revenue > 0
    level = np.log(np.where(known, revenue, 1.0))
    growth = np.clip(level[:, A_YEAR:] - level[:, :-A_YEAR], -LIMIT, LIMIT)
    found: Floats = np.where(known[:, A_YEAR:] & known[:, :-A_YEAR], growth, 0.0)[:, ::-1]
    return found


def plain_quantiles(windows: npt.NDArray[np.float32], coefficients: Floats) -> Floats:
    """Quantiles of log growth, (n, horizons, levels), of windows (n, T, 2).

    `coefficients` are (horizons, 1 + LAGS, levels), the constant first.
    """
    lags = lagged_growth(windows)
    inputs = np.concatenate([np.ones((len(lags), 1)), lags], axis=1)
    ordered: Floats = np.sort(np.einsum("nk,hkl->nhl", inputs, coefficients), axis=2)
    return ordered
