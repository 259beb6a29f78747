"""How much wider or narrower ranges are made, by how yesterday's ranges held today: five numbers, one per head.

    raw quantiles of all stocks a session ago, today's returns -> x (heads,), a step on from yesterday's
    quantiles, x -> the same, stretched by e^x about their median

A range of h sessions is set against the return of a single one, scaled to it, so that the numbers learn the next day
and not a month later. When markets move more than forecast, more returns than usual lie outside and x grows; each
evening it also falls back towards 0. Nothing but bars is needed: the numbers of an evening are those of a replay of the
last months from 0, so whoever has the bars has the numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from bellwether.core.calibration import EveningWidth
from bellwether.core.types import HEADS, Q10, Q50, Q90, Floats
from bellwether.forecasting.baseline import all_horizons

FEWEST = 1  #: stocks of which a forecast and the next return are known, for a step
REPLAYED = 63  #: sessions after which 2 % of where the numbers began are left
_STEP, _HOLD = 0.1, 0.94
_OUTSIDE = 0.19  #: share of returns outside that is usual: a day's tails are a little thinner than a range's
_DRAWN_IN = 3.0  #: stocks that count as if nothing had been learned
_LEAST, _MOST = -0.15, 0.70
DIGITS = 4  #: of the numbers, after the point: .01 % of a width, and what is kept is what is served
_ROOTS = np.sqrt(np.array(HEADS, float))


def start() -> Floats:
    """No change, (heads,)."""
    return np.zeros(len(HEADS))


def step(x: Floats, quantiles: Floats, returns: Floats) -> Floats:
    """The numbers of this evening, (heads,), from those of the last one.

    `quantiles` (n, heads, levels) are the graph's own of the session before, as cumulative log returns, without any
    width of ours; `returns` (n,) are the log returns since.
    """
    n = len(returns)
    if n < FEWEST:
        return x
    learned = _HOLD * x + _STEP * n / (n + _DRAWN_IN) * (share_outside(x, quantiles, returns) - _OUTSIDE)
    limited: Floats = np.clip(learned, _LEAST, _MOST)
    return limited


def share_outside(x: Floats, quantiles: Floats, returns: Floats) -> Floats:
    """The share of returns, (heads,), outside the ranges of each head, stretched and scaled to one session."""
    horizons = np.array(HEADS, float)
    middle = quantiles[:, :, Q50] / horizons  # (n, heads), of one session
    stretch = np.exp(x) / _ROOTS
    low = middle - stretch * (quantiles[:, :, Q50] - quantiles[:, :, Q10])
    high = middle + stretch * (quantiles[:, :, Q90] - quantiles[:, :, Q50])
    share: Floats = ((returns[:, None] < low) | (returns[:, None] > high)).mean(axis=0)
    return share


@dataclass(frozen=True, slots=True)
class Learned:
    """What a replay has come to, and what its last session added."""

    x: tuple[float, ...]  #: by head, with DIGITS
    stocks: int  #: of the last session; 0 where nothing was known of it
    outside: tuple[float, ...]  #: their share outside, by head; empty without any


def replayed(evenings: Iterable[tuple[Floats, Floats]]) -> Learned:
    """The numbers after some evenings, from 0; of each what `step` reads, the oldest first."""
    nothing: Floats = np.empty(0)
    x, stocks, outside = start(), 0, nothing
    for quantiles, returns in evenings:
        stocks = len(returns)
        outside = share_outside(x, quantiles, returns) if stocks else nothing
        x = step(x, quantiles, returns)
    return Learned(tuple(np.round(x, DIGITS).tolist()), stocks, tuple(outside.tolist()))


def width_of(session: date, model: Learned, plain: Learned) -> EveningWidth:
    """What is served of an evening."""
    return EveningWidth(session, plain.stocks, model.x, plain.x)


def widened(quantiles: Floats, x: Floats) -> Floats:
    """(..., heads, levels), (..., heads) -> (..., heads, levels): each level's distance from the median times e^x."""
    middle = quantiles[..., Q50 : Q50 + 1]
    answer: Floats = middle + np.exp(x)[..., None] * (quantiles - middle)
    return answer


def stretch_at(horizon: int, log_returns: Floats, numbers: tuple[float, ...], report_ahead: int) -> float:
    """By which factor the 80 % range of this horizon was stretched; `log_returns` (MAX_HORIZON, levels) are so."""
    widths = log_returns[:, Q90] - log_returns[:, Q10]
    at_heads = np.zeros((len(HEADS), log_returns.shape[1]))
    at_heads[:, Q90] = widths[np.array(HEADS) - 1] * np.exp(-np.array(numbers))
    return float(widths[horizon - 1] / all_horizons(at_heads, report_ahead)[horizon - 1, Q90])
