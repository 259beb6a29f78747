"""The chance of a rise: what a model says of it, drawn towards the usual share, for hardly more can be known of it.

    p = usual share + weight (the model's chance - usual share)         weight: what of it has proved true, by head
    and a session ahead half of by how much the symbol's own share of up days differs, drawn in likewise

Where the weight is 0 the usual share is all that is said.
"""

from functools import lru_cache

import numpy as np

from bellwether.core.calibration import Rises
from bellwether.core.types import Floats, Ints
from bellwether.forecasting.baseline import all_horizons

MOST_DAYS = 1260  #: of a symbol that count, five years
_OWN = (0.5, 0.0, 0.0, 0.0, 0.0)  #: weight of the symbol's own share of up days at the heads
_DRAWN_IN = 1000  #: days that count as if the share were the usual one


def up_days(closes: Floats) -> tuple[float, int]:
    """The share of a symbol's last days on which it rose, and how many days these are; 0 of 0 without any."""
    steps = np.diff(closes[-MOST_DAYS - 1 :])
    return (float((steps > 0).mean()), len(steps)) if len(steps) else (0.0, 0)


def chance_of_rise(
    own: Floats, rises: Rises, horizon: int, share: float | Floats = 0.0, days: int | Ints = 0
) -> Floats:
    """The chances to tell, (n,), from the model's own and the symbols' `up_days`."""
    usual, weight, of_days = (_at(numbers, horizon) for numbers in (rises.usual, rises.weight, _OWN))
    drawn = np.asarray(days) / (np.asarray(days) + _DRAWN_IN)
    told: Floats = np.clip(usual + weight * (own - usual) + of_days * drawn * (share - rises.usual[0]), 0.0, 1.0)
    return told


def says_more_than_usual(rises: Rises, horizon: int) -> bool:
    """Whether anything but the usual share is told this far ahead."""
    return _at(rises.weight, horizon) > 0 or _at(_OWN, horizon) > 0


@lru_cache(maxsize=1024)  # of a model's few numbers the same are asked for by every forecast
def _at(numbers: tuple[float, ...], horizon: int) -> float:
    """A number at a horizon, from those at the heads."""
    return float(all_horizons(np.array(numbers)[:, None])[horizon - 1, 0])
