"""The range of a list held in equal parts: each symbol's own range, joined by how they moved together in the last year.

daily log returns        | correlations       shrunk towards their mean
each symbol's quantiles  | its quantile function, at POINTS ranks
correlations             | orders             the same ranks of all symbols, as they come together
values in these orders   | mean over symbols  -> quantiles, and whose loss the worst tenth is

The ordering makes it a copula: a column of correlated draws gives ranks alone, and each rank takes the symbol's own
value at it (Iman and Conover, 1982; as "ensemble copula coupling" in Schefzik, Thorarinsdottir and Gneiting, 2013). So
every margin is exactly the range that was forecast of the symbol, whatever the copula. The draws are the same for
every list: Latin hypercubes of a counter-based generator with a fixed key, whose bits NumPy promises never to change.
Symbols are joined in the order of their names. So the same inputs have the same answer.

Pure; arrays are (n, ...) with a symbol in each row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from bellwether.core.types import LEVELS, Floats, Ints

POINTS = 4096  #: outcomes of all symbols together that are looked at
FREEDOM = 4  #: degrees of freedom of Student's t: how much likelier symbols fall together than a Gaussian copula says
YEAR = 252  #: sessions whose returns are correlated
TWO_YEARS = 504  #: sessions that the plain rule for a list looks back
FEWEST_RETURNS = 60  #: on sessions that all symbols share; with fewer nothing is said of how they move together
WORST = 0.1  #: share of the outcomes whose loss is parted among the symbols
DIGITS = 6  #: after the point, of what is told: the last bits of a sum may differ between two processors
_KEY = 20161130  #: of the generator; any would do, and none is better
_OWN = 0.001  #: of each symbol's variance that is nobody else's: two classes of a share stay apart
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class JointRange:
    """What a list held in equal parts may do, as simple returns."""

    growths: tuple[float, ...]  #: at LEVELS
    expected_loss: float  #: mean loss of the list in the worst tenth of its outcomes; negative where even that gains
    #: of `expected_loss`, by symbol: component expected shortfall (Tasche, 1999), they sum to 1; negative where a
    #: symbol gains when the list falls most; empty where the worst tenth is no loss
    shares: tuple[float, ...]


def joint_range(symbols: Sequence[str], quantiles: Floats, correlations: Floats) -> JointRange:
    """The range of a list from each symbol's range and their correlations.

    `quantiles` (n, len(LEVELS)) are cumulative log returns at the horizon, `correlations` (n, n). A single symbol has
    its own quantiles.
    """
    order = np.array(sorted(range(len(symbols)), key=lambda at: symbols[at]))
    growths = np.expm1(_values(quantiles[order]))  # (n, POINTS), each row rising
    if len(symbols) > 1:
        growths = np.take_along_axis(growths, _ranks(correlations[np.ix_(order, order)]), axis=1)
    of_list = growths.mean(axis=0)
    is_one = len(symbols) == 1
    at_levels = np.expm1(quantiles[0]) if is_one else np.quantile(of_list, LEVELS, method="hazen")
    worst = np.argsort(of_list, kind="stable")[: round(WORST * POINTS)]
    losses = -growths[:, worst].mean(axis=1) / len(symbols)
    loss = float(losses.sum())
    shares = np.empty(len(symbols))
    shares[order] = losses
    return JointRange(
        tuple(np.round(at_levels, DIGITS).tolist()),
        round(loss, DIGITS),
        tuple(np.round(shares / loss, DIGITS).tolist()) if loss > 0 else (),
    )


def correlations_of(returns: Floats) -> Floats:
    """Correlations (n, n) of returns (sessions, n), shrunk towards all being the same.

    The weight of the mean correlation is the one that is best in expectation: Ledoit and Wolf, "Honey, I shrunk the
    sample covariance matrix" (2004), appendix B, on returns divided by their standard deviation. A symbol that never
    moved has correlation 0 with the others.
    """
    count, n = returns.shape
    centred = returns - returns.mean(axis=0)
    deviation = np.sqrt(np.square(centred).mean(axis=0))
    x: Floats = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0)
    sample: Floats = x.T @ x / count
    np.fill_diagonal(sample, 1.0)
    if n < 2:
        return sample
    apart = ~np.eye(n, dtype=bool)
    mean = float(sample[apart].mean())
    target = np.where(apart, mean, 1.0)
    squares = np.square(x)
    of_pairs = squares.T @ squares / count - np.square(sample)  # variance of each product
    with_own = (squares * x).T @ x / count - sample  # (i, j): of i's square with the product of i and j
    linked = float(np.trace(of_pairs) + mean * with_own[apart].sum())
    distance = float(np.square(sample - target).sum())
    weight = (float(of_pairs.sum()) - linked) / distance / count if distance > 1e-12 else 0.0
    weight = min(1.0, max(0.0, weight))
    shrunk: Floats = (1 - _OWN) * (weight * target + (1 - weight) * sample) + _OWN * np.eye(n)
    return shrunk


def historical_growths(closes: Floats, horizon: int) -> Floats:
    """The plain rule for a list: what it did over every stretch of `horizon` sessions, quantiles at LEVELS.

    `closes` (sessions, n) on sessions that all symbols share, of as many as are to count; bought in equal parts when a
    stretch begins and held (historical simulation). NaN where there is no stretch.
    """
    if len(closes) <= horizon:
        return np.full(len(LEVELS), np.nan)
    growths = (closes[horizon:] / closes[:-horizon]).mean(axis=1) - 1
    levels: Floats = np.quantile(growths, LEVELS, method="hazen")
    return levels


def overlapping(returns: Floats) -> Floats:
    """Returns over two sessions, of returns over one: (sessions, n) -> (sessions - 1, n).

    What exchanges that close at different hours answer on two days of theirs falls into one then.
    """
    summed: Floats = returns[1:] + returns[:-1]
    return summed


def _values(quantiles: Floats) -> Floats:
    """Each symbol's quantile function at the middle of POINTS equal ranks: (n, len(LEVELS)) -> (n, POINTS), rising.

    Between the levels, and beyond the outermost two, linear in the normal score, as `metrics.probability_above_zero`
    reads it.
    """
    _scores, left, rest = _places()
    start = quantiles[:, left]
    values: Floats = start + (quantiles[:, left + 1] - start) * rest
    return values


@cache
def _places() -> tuple[Floats, Ints, Floats]:
    """Of each rank its normal score, the level to its left, and how far between the two it lies."""
    scores = np.array([_NORMAL.inv_cdf((rank + 0.5) / POINTS) for rank in range(POINTS)])
    knots = np.array([_NORMAL.inv_cdf(level) for level in LEVELS])
    left = np.clip(np.searchsorted(knots, scores, side="right") - 1, 0, len(LEVELS) - 2)
    return scores, left, (scores - knots[left]) / (knots[left + 1] - knots[left])


def _ranks(correlations: Floats) -> Ints:
    """Which rank each symbol has in each of POINTS outcomes, (n, POINTS), by Student's t copula."""
    n = len(correlations)
    draws = _draws(n) * _common()
    joined = np.linalg.cholesky(correlations) @ draws
    ranks = np.empty((n, POINTS), np.int64)
    np.put_along_axis(ranks, np.argsort(joined, axis=1, kind="stable"), np.arange(POINTS)[None, :], axis=1)
    return ranks


@cache
def _column(number: int) -> Floats:
    """Normal scores in a random order, the same for a number for ever: one dimension of a Latin hypercube."""
    bits = np.random.Philox(key=_KEY + number).random_raw(POINTS)
    column: Floats = _places()[0][np.argsort(bits, kind="stable")]
    return column


def _draws(n: int) -> Floats:
    return np.stack([_column(FREEDOM + number) for number in range(n)])


@cache
def _common() -> Floats:
    """What the draws of all symbols are multiplied by in each outcome: a storm is a storm for everybody."""
    squares = np.square(np.stack([_column(number) for number in range(FREEDOM)])).sum(axis=0)
    common: Floats = np.sqrt(FREEDOM / squares)
    return common
