"""GARCH(1,1) with Student-t shocks, one per symbol, refitted each calendar year on that symbol's own past.

    returns to 31 December -> arch: mu, omega, alpha, beta, nu -> variance day by day -> simulated h-session quantiles

Bollerslev (1987). The parameters of a year are fitted on the ten years before it; within the year only the variance
moves on, with each day's return. The distribution of a sum of h days has no closed form: it is simulated once per fit
for several starting variances and read in between.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from tqdm import tqdm

from bellwether.core.types import HEADS, LEVELS, MAX_HORIZON, Floats
from training.baselines import gaussian
from training.panel import Panel, Rows

LONGEST = 2520  # returns to fit on: ten years
FEWEST = 500  # below two years the parameters are noise; the row gets the Gaussian EWMA instead
PATHS = 4000  # simulated; the model is symmetric, so each counts twice
RATIOS = np.geomspace(0.1, 20, 9)  # starting variance against the long-run one
PERSISTENCE = 0.9995  # alpha + beta at most: beyond, there is no long-run variance


@dataclass(frozen=True, slots=True)
class Garch:
    """Parameters for returns in percent."""

    mu: float
    omega: float
    alpha: float
    beta: float
    nu: float

    @property
    def long_run(self) -> float:
        """The unconditional variance."""
        return self.omega / (1 - self.alpha - self.beta)

    def next_variances(self, returns: Floats) -> Floats:
        """The variance of the return after each of `returns` (n,), in percent squared: (n,)."""
        shocks = self.omega + self.alpha * (returns - self.mu) ** 2
        start = float(np.var(returns[:250]))
        path, _ = lfilter([1.0], [1.0, -self.beta], shocks, zi=[self.beta * start])
        variances: Floats = path
        return variances


def quantiles(panel: Panel, rows: Rows) -> tuple[Floats, int]:
    """Quantiles of cumulative log returns, (b, heads, levels), and how many rows had too short a past."""
    answers, short = gaussian(panel, rows), 0
    years = panel.sessions[rows].astype("datetime64[Y]")
    jobs = sorted(set(zip(panel.symbol[rows].tolist(), years.tolist(), strict=True)))
    for symbol, year in tqdm(jobs, desc="GARCH", unit="fit", mininterval=0.5):
        chosen = np.flatnonzero((panel.symbol[rows] == symbol) & (years == np.datetime64(year, "Y")))
        bars = np.flatnonzero(panel.symbol == symbol)
        returns = 100 * np.diff(np.log(panel.closes[bars]))
        known = int((panel.sessions[bars] < np.datetime64(year, "Y")).sum()) - 1  # returns before the year
        past = returns[max(0, known - LONGEST) : max(0, known)]
        garch = fit(past) if len(past) >= FEWEST else None
        if garch is None:
            short += len(chosen)
            continue
        last = rows[chosen] - bars[0] - 1  # the return that ends at each cutoff
        first = max(0, known - LONGEST)
        variance = garch.next_variances(returns[first : last.max() + 1])[last - first]
        answers[chosen] = ahead(garch, variance) / 100
    return answers, short


def fit(returns: Floats) -> Garch | None:
    """Maximum likelihood by `arch`, returns in percent; None where they do not move or nothing sensible is found."""
    from arch import arch_model

    if np.std(returns) < 0.01:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about convergence: what comes out is checked below
        fitted = arch_model(returns, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False).fit(
            disp="off", show_warning=False
        )
    mu, omega, alpha, beta, nu = (float(value) for value in fitted.params.to_numpy())
    if not np.isfinite([mu, omega, alpha, beta, nu]).all() or omega <= 0:
        return None
    excess = max(1.0, (alpha + beta) / PERSISTENCE)
    return Garch(mu, omega, alpha / excess, beta / excess, max(nu, 2.1))


def ahead(garch: Garch, variance: Floats) -> Floats:
    """Quantiles in percent from next-day variances: (b,) -> (b, heads, levels)."""
    persistence = garch.alpha + garch.beta
    steps = np.array(HEADS, np.float64)
    grown = (1 - persistence**steps) / (1 - persistence)  # sum of persistence^k over the days ahead
    total = garch.long_run * steps + (variance[:, None] - garch.long_run) * grown  # (b, heads)
    at = np.interp(np.log(variance / garch.long_run), np.log(RATIOS), np.arange(len(RATIOS)))
    low = np.minimum(at.astype(int), len(RATIOS) - 2)
    part = (at - low)[:, None, None]
    table = shapes(garch)  # (ratios, heads, levels)
    shape = table[low] * (1 - part) + table[low + 1] * part
    answer: Floats = garch.mu * steps[:, None] + np.sqrt(total)[:, :, None] * shape
    return answer


def shapes(garch: Garch) -> Floats:
    """Standardised quantiles of the sum over h days for each starting variance, (len(RATIOS), heads, levels)."""
    rng = np.random.default_rng(0)
    shocks = rng.standard_t(garch.nu, (MAX_HORIZON, PATHS)) * np.sqrt((garch.nu - 2) / garch.nu)
    persistence = garch.alpha + garch.beta
    variance = np.repeat(RATIOS[:, None], PATHS, axis=1)  # (ratios, paths), in units of the long-run variance
    total, quantiles = np.zeros_like(variance), []
    for step in range(1, MAX_HORIZON + 1):
        moves = np.sqrt(variance) * shocks[step - 1]
        total += moves
        variance = (1 - persistence) + garch.alpha * moves**2 + garch.beta * variance
        if step in HEADS:
            grown = (1 - persistence**step) / (1 - persistence)
            deviation = np.sqrt(step + (RATIOS - 1) * grown)
            sides = np.abs(2 * np.array(LEVELS) - 1)  # both tails at once: P(|x| < q_a) = 2a - 1
            outer = np.quantile(np.abs(total), sides, axis=1).T / deviation[:, None]
            quantiles.append(outer * np.sign(np.array(LEVELS) - 0.5))
    return np.stack(quantiles, axis=1)
