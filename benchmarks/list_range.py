"""The joint range of a list of 20, from their ranges and a year of returns, against drawing as many numbers anew."""

import numpy as np

from bellwether.forecasting.baseline import gaussian_quantiles
from bellwether.forecasting.joint import POINTS, YEAR, correlations_of, joint_range
from benchmarks.timing import Comparison, compare, processor_time

SYMBOLS = 20
LIMIT = 10.0  #: times drawing and sorting as many normal numbers
CPU_LIMIT = 50.0  #: milliseconds of processor time


def measure() -> tuple[Comparison, float]:
    """One list, beside the draws and the sorting that any simulation of it needs; and milliseconds."""
    rng = np.random.default_rng(0)
    returns = 0.01 * (rng.normal(size=(YEAR, 1)) + rng.normal(size=(YEAR, SYMBOLS)))
    margins = np.outer(rng.uniform(0.02, 0.08, SYMBOLS), gaussian_quantiles()[0])
    symbols = [f"S{number:02}" for number in range(SYMBOLS)]

    def ours() -> object:
        return joint_range(symbols, margins, correlations_of(returns))

    def theirs() -> object:
        return np.sort(np.random.default_rng(1).normal(size=(SYMBOLS, POINTS)), axis=1)

    return compare(ours, theirs, rounds=30), 1e3 * processor_time(ours, rounds=20)
