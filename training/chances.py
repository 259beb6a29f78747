"""The chances of a rise over a panel, as the service would have told them."""

import numpy as np

from bellwether.core.calibration import Rises
from bellwether.core.types import HEADS, Floats, Ints
from bellwether.forecasting.metrics import probability_above_zero
from bellwether.forecasting.rises import MOST_DAYS, chance_of_rise
from training.panel import Panel, Rows


def told_chances(rises: Rises | None, panel: Panel, rows: Rows, quantiles: Floats) -> Floats:
    """One chance for each of these cutoffs and heads, (b, heads), from the quantiles (b, heads, levels)."""
    own: Floats = probability_above_zero(quantiles.reshape(-1, quantiles.shape[2])).reshape(quantiles.shape[:2])
    if rises is None:
        return own
    share, days = up_days_of(panel, rows)
    told = [chance_of_rise(own[:, head], rises, horizon, share, days) for head, horizon in enumerate(HEADS)]
    chances: Floats = np.stack(told, axis=1)
    return chances


def up_days_of(panel: Panel, rows: Rows) -> tuple[Floats, Ints]:
    """`rises.up_days` at each of these cutoffs, (b,) and (b,)."""
    with np.errstate(invalid="ignore"):
        rose = np.r_[0, np.cumsum(np.diff(panel.closes) > 0)]  # up to each row; into a symbol's first one nothing is
    days = np.minimum(panel.history[rows] - 1, MOST_DAYS).astype(np.int64)
    share: Floats = (rose[rows] - rose[rows - days]) / np.maximum(days, 1)
    return share, days
