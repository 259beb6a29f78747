"""How often the test of silence is wrong, and how soon it is right: years of made-up markets with models whose skill is
known.

    python -m benchmarks.silence

A market has shares that move together, in calm and wild phases; the plain rule is calibrated to it. A model is the rule
with its ranges changed. Models of equal skill must fall silent in fewer than one year in twenty; one that is 5 % worse
should be silent within 60 sessions.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bellwether.forecasting.baseline import DECAY
from bellwether.forecasting.metrics import pinball_loss
from bellwether.scoring.silence import SHARES, standing_of
from bellwether.scoring.sums import COLUMNS, Q10, Q90
from bellwether.scoring.table import Table, table_of
from bellwether.scoring.types import Standing
from bellwether.types import LEVELS, Floats

SHARE_COUNT, YEAR, BURN_IN = 100, 252, 120
_STEEPEST = np.maximum(LEVELS, 1 - np.array(LEVELS))
Change = Callable[[np.random.Generator, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Market:
    """Made-up daily log returns (sessions, shares) and their EWMA volatility up to each session."""

    returns: Floats
    volatility: Floats


def make_market(rng: np.random.Generator, sessions: int) -> Market:
    """Shares with a common factor, fat tails, and phases of volatility that last for months."""
    total = sessions + BURN_IN + max(SHARES)
    phase = np.empty(total)
    phase[0] = 0.0
    for at in range(1, total):
        phase[at] = 0.97 * phase[at - 1] + rng.normal(0, 0.1)
    common = rng.standard_t(5, total)[:, None] * 0.6
    own = rng.standard_t(5, (total, SHARE_COUNT)) * 0.8
    returns = 0.01 * np.exp(phase)[:, None] * (common + own) * np.exp(rng.normal(0, 0.3, SHARE_COUNT))
    variance = np.empty_like(returns)
    variance[0] = returns[0] ** 2 + 1e-6
    for at in range(1, total):
        variance[at] = DECAY * variance[at - 1] + (1 - DECAY) * returns[at] ** 2
    return Market(returns[BURN_IN:], np.sqrt(variance[BURN_IN:]))


def outcomes_of(market: Market, horizon: int, sessions: int) -> Floats:
    """Log returns from each session over the next `horizon`, (sessions, shares)."""
    grown = np.vstack([np.zeros(SHARE_COUNT), np.cumsum(market.returns, axis=0)])
    return grown[horizon + 1 : horizon + 1 + sessions] - grown[1 : 1 + sessions]


def shapes(rng: np.random.Generator) -> dict[int, Floats]:
    """The plain rule's standardised quantiles at each horizon, from ten years of training."""
    market = make_market(rng, 10 * YEAR)
    found = {}
    for horizon in SHARES:
        told = outcomes_of(market, horizon, 10 * YEAR) / market.volatility[: 10 * YEAR] / np.sqrt(horizon)
        found[horizon] = np.quantile(told, LEVELS)
    return found


def table_for(rng: np.random.Generator, shape: dict[int, Floats], change: Change, sessions: int) -> Table:
    """What the ledger's sums would be: `change` gives the factors on the model's and the rule's ranges."""
    market = make_market(rng, sessions)
    sigma = market.volatility[:sessions]
    own, plain = change(rng, sigma)
    keys: list[tuple[str, int, int, int, int, int]] = []
    sums = []
    for horizon, standard in shape.items():
        came = outcomes_of(market, horizon, sessions)
        width = sigma * np.sqrt(horizon)
        quantiles = ((width * own)[..., None] * standard).reshape(-1, len(LEVELS))
        baseline = ((width * plain)[..., None] * standard).reshape(-1, len(LEVELS))
        scale = (baseline[:, Q90] - baseline[:, Q10]) / (standard[Q90] - standard[Q10])
        rows = np.zeros((len(scale), len(COLUMNS)))
        rows[:, COLUMNS.index("forecasts")] = 1
        rows[:, COLUMNS.index("loss")] = pinball_loss(came.ravel(), quantiles) / scale
        rows[:, COLUMNS.index("baseline_loss")] = pinball_loss(came.ravel(), baseline) / scale
        rows[:, COLUMNS.index("span")] = (np.abs(quantiles - baseline) * _STEEPEST).mean(axis=1) / scale
        sums.append(rows.reshape(sessions, SHARE_COUNT, len(COLUMNS)).sum(axis=1))
        keys += [("made-up", 1, horizon, day, SHARE_COUNT, 0) for day in range(sessions)]
    return table_of(keys, np.concatenate(sums))


def noise(own: float, plain: float) -> Change:
    """Ranges that are too wide or narrow at random, by so many logarithmic units."""

    def change(rng: np.random.Generator, sigma: Floats) -> tuple[Floats, Floats]:
        return np.exp(rng.normal(0, own, sigma.shape)), np.exp(rng.normal(0, plain, sigma.shape))

    return change


def factor(own: float, plain: float) -> Change:
    """Ranges that are always too wide or too narrow."""
    return lambda rng, sigma: (np.full(sigma.shape, own), np.full(sigma.shape, plain))


EQUAL: dict[str, Change] = {"both wrong at random": noise(0.25, 0.25)}
#: equal over decades, but not in any one year: the narrower of the two is the worse one for months of rising volatility
EQUAL_IN_THE_LONG_RUN: dict[str, Change] = {
    "a little narrow against a little wide": factor(0.93, 1.08),
    "a little wide against a little narrow": factor(1.08, 0.93),
    "much too narrow against much too wide": factor(0.742, 1.3),
    "much too wide against much too narrow": factor(1.3, 0.742),
}
#: 5 % more loss than the calibrated rule's
WORSE: dict[str, Change] = {
    "wrong at random": noise(0.395, 0.0),
    "always too narrow": factor(0.655, 1.0),
    "always too wide": factor(1.46, 1.0),
}


def silenced_on(table: Table) -> int | None:
    """The session of the year on which the model fell silent for the first time; None when it did not.

    An outcome over h sessions is known h sessions later.
    """
    for last in range(5, YEAR + 1, 5):
        known = table.take(table.day + table.horizon <= last)
        if standing_of(known, "made-up").standing is Standing.SILENCED:
            return last
    return None


def skill_of(table: Table) -> float:
    """1 - the loss at one session ahead / the rule's."""
    some = table.sums[table.horizon == 1]
    return float(1 - some[:, COLUMNS.index("loss")].sum() / some[:, COLUMNS.index("baseline_loss")].sum())


def years(change: Change, count: int, seed: int, shape: dict[int, Floats]) -> tuple[list[int | None], float]:
    """On which session each of so many years ended in silence, and the mean skill."""
    found: list[int | None] = []
    skills = []
    for number in range(count):
        table = table_for(np.random.default_rng((seed, number)), shape, change, YEAR)
        found.append(silenced_on(table))
        skills.append(skill_of(table))
    return found, float(np.mean(skills))


def main(count: int = 200) -> int:
    """Print every figure; exit status 1 when a promise does not hold."""
    shape = shapes(np.random.default_rng(0))
    missed = False
    for name, change in (EQUAL | EQUAL_IN_THE_LONG_RUN).items():
        ends, skill = years(change, count, 1, shape)
        share = sum(end is not None for end in ends) / count
        missed |= name in EQUAL and share >= 0.05
        print(f"equal skill, {name} ({skill:+.1%}): silenced in {share:.1%} of {count} years", flush=True)
    for name, change in WORSE.items():
        ends, skill = years(change, count, 2, shape)
        soon = sum(end is not None and end <= 60 for end in ends) / count
        late = [end if end is not None else np.inf for end in ends]
        missed |= name == "wrong at random" and float(np.median(late)) > 60
        print(
            f"worse, {name} ({skill:+.1%}): silent within 60 sessions in {soon:.0%}, half after {np.median(late):.0f}"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
