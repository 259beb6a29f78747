"""How often the test of silence is wrong, and how soon it is right: years of made-up markets with models whose skill is
known, and the years of the sample market, whose prices were real.

    python -m benchmarks.silence [YEARS OF EACH]

A market has shares that move together, in calm and wild phases; the plain rule is calibrated to it. A model is the rule
with its ranges changed. The limits were chosen on the first kind of market; the others are there to check them. Models
of equal skill must fall silent in fewer than one year in twenty; one that is 5 % worse should be silent within 60
sessions.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from bellwether.core.config import load_settings
from bellwether.core.types import LEVELS, Q10, Q90, Floats
from bellwether.forecasting.metrics import pinball_loss
from bellwether.market.returns import DECAY
from bellwether.services import build_services
from bellwether.track_record.demotion.sequential_test import HORIZONS, gate_status
from bellwether.track_record.scores.columns import COLUMNS
from bellwether.track_record.scores.score_table import ScoreTable, table_of
from bellwether.track_record.scores.types import GateState

SHARE_COUNT, YEAR, BURN_IN = 100, 252, 120
_STEEPEST = np.maximum(LEVELS, 1 - np.array(LEVELS))
Change = Callable[[np.random.Generator, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Kind:
    """How a market's volatility moves."""

    memory: float  #: of the logarithm of volatility, from session to session
    unrest: float  #: standard deviation of what comes to it each session
    shocks: float = 0.0  #: chance a session that it becomes two and a half times as large
    tails: float = 5.0  #: degrees of freedom of Student's t


KINDS = {
    "phases of weeks": Kind(0.97, 0.1),  # on which the limits were chosen
    "phases of months": Kind(0.99, 0.08),
    "shocks": Kind(0.96, 0.05, shocks=1 / 200, tails=3),
    "no phases": Kind(0.0, 0.0),
}
FIRST_KIND = next(iter(KINDS.values()))


@dataclass(frozen=True)
class Market:
    """Made-up daily log returns (sessions, shares) and their EWMA volatility up to each session."""

    returns: Floats
    volatility: Floats


def make_market(rng: np.random.Generator, sessions: int, kind: Kind) -> Market:
    """Shares with a common factor, fat tails, and phases of volatility."""
    total = sessions + BURN_IN + max(HORIZONS)
    pushed = rng.normal(0, kind.unrest, total) + np.log(2.5) * (rng.random(total) < kind.shocks)
    phase = np.zeros(total)
    for at in range(1, total):
        phase[at] = kind.memory * phase[at - 1] + pushed[at]
    common = rng.standard_t(kind.tails, total)[:, None] * 0.6
    own = rng.standard_t(kind.tails, (total, SHARE_COUNT)) * 0.8
    returns = 0.01 * np.exp(phase)[:, None] * (common + own) * np.exp(rng.normal(0, 0.3, SHARE_COUNT))
    return with_volatility(returns)


def with_volatility(returns: Floats) -> Market:
    """A market of these returns, (sessions, shares), without those that it needs to begin."""
    variance = np.empty_like(returns)
    variance[0] = returns[:20].var(axis=0)
    for at in range(1, len(returns)):
        variance[at] = DECAY * variance[at - 1] + (1 - DECAY) * returns[at] ** 2
    return Market(returns[BURN_IN:], np.sqrt(variance[BURN_IN:]))


def real_market() -> Market:
    """The shares of the sample market that it knows from its first day to its last."""
    services = build_services(load_settings(market={"source": "sample"}))
    known = [services.provider.bars(instrument.symbol, date.max) for instrument in services.universe]
    longest = max(len(bars) for bars in known)
    closes = np.stack([bars.closes for bars in known if len(bars) == longest], axis=1)
    return with_volatility(np.diff(np.log(closes), axis=0))


def outcomes_of(market: Market, horizon: int, sessions: int) -> Floats:
    """Log returns from each session over the next `horizon`, (sessions, shares)."""
    grown = np.vstack([np.zeros(market.returns.shape[1]), np.cumsum(market.returns, axis=0)])
    return grown[horizon + 1 : horizon + 1 + sessions] - grown[1 : 1 + sessions]


def shapes(market: Market) -> dict[int, Floats]:
    """The plain rule's standardised quantiles at each horizon, as the market has them over all of its years."""
    sessions = len(market.returns) - max(HORIZONS) - 1
    found = {}
    for horizon in HORIZONS:
        told = outcomes_of(market, horizon, sessions) / market.volatility[:sessions] / np.sqrt(horizon)
        found[horizon] = np.quantile(told, LEVELS)
    return found


def shapes_of(kind: Kind) -> dict[int, Floats]:
    """From ten years of training."""
    return shapes(make_market(np.random.default_rng(0), 10 * YEAR, kind))


def table_for(rng: np.random.Generator, market: Market, shape: dict[int, Floats], change: Change) -> ScoreTable:
    """What the ledger's sums would be: `change` gives the factors on the model's and the rule's ranges."""
    sessions = len(market.returns) - max(HORIZONS) - 1
    sigma = market.volatility[:sessions]
    shares = sigma.shape[1]
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
        sums.append(rows.reshape(sessions, shares, len(COLUMNS)).sum(axis=1))
        keys += [("made-up", 1, horizon, day, shares, 0) for day in range(sessions)]
    return table_of(keys, np.concatenate(sums))


def noise(own: float, plain: float) -> Change:
    """Ranges that are too wide or narrow at random, by so many logarithmic units."""

    def change(rng: np.random.Generator, sigma: Floats) -> tuple[Floats, Floats]:
        return np.exp(rng.normal(0, own, sigma.shape)), np.exp(rng.normal(0, plain, sigma.shape))

    return change


def factor(own: float, plain: float) -> Change:
    """Ranges that are always too wide or too narrow."""
    return lambda rng, sigma: (np.full(sigma.shape, own), np.full(sigma.shape, plain))


def breaking(before: Change, after: Change, at: int) -> Change:
    """One until a session, another from it on."""

    def change(rng: np.random.Generator, sigma: Floats) -> tuple[Floats, Floats]:
        late = (np.arange(len(sigma)) >= at)[:, None]
        first, second = before(rng, sigma), after(rng, sigma)
        return np.where(late, second[0], first[0]), np.where(late, second[1], first[1])

    return change


#: all but the first are equal over decades, but not in any one year: one of the two is worse for months
EQUAL: dict[str, Change] = {
    "both wrong at random": noise(0.25, 0.25),
    "a little narrow against a little wide": factor(0.93, 1.073),
    "a little wide against a little narrow": factor(1.08, 0.9236),
    "much too narrow against much too wide": factor(0.75, 1.295),
    "much too wide against much too narrow": factor(1.3, 0.7466),
}
#: 5 % more loss than the calibrated rule's
WORSE: dict[str, Change] = {
    "wrong at random": noise(0.395, 0.0),
    "always too narrow": factor(0.65, 1.0),
    "always too wide": factor(1.447, 1.0),
}
GOOD = noise(0.0, 0.24)  #: 2 % better


def silenced_on(table: ScoreTable, sessions: int, first: int = 60) -> int | None:
    """The session, from `first` on, on which the model fell silent for the first time; None when it did not.

    An outcome over h sessions is known h sessions later.
    """
    for last in range(first, sessions + 1, 5):
        known = table.take(table.day + table.horizon <= last)
        if gate_status(known, "made-up").standing is GateState.SILENCED:
            return last
    return None


def skill_of(table: ScoreTable) -> float:
    """1 - the loss at one session ahead / the rule's."""
    some = table.sums[table.horizon == 1]
    return float(1 - some[:, COLUMNS.index("loss")].sum() / some[:, COLUMNS.index("baseline_loss")].sum())


def years(
    change: Change, count: int, seed: int, shape: dict[int, Floats], kind: Kind = FIRST_KIND, sessions: int = YEAR
) -> tuple[list[int | None], float]:
    """On which session each of so many made-up stretches ended in silence, and the mean skill."""
    found: list[int | None] = []
    skills = []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        table = table_for(rng, make_market(rng, sessions, kind), shape, change)
        found.append(silenced_on(table, sessions))
        skills.append(skill_of(table))
    return found, float(np.mean(skills))


def real_years() -> tuple[int, int]:
    """In how many years of the sample market models of equal skill fell silent, each judged anew on what it knew of two
    years, and of how many."""
    market = real_market()
    shape = shapes(market)
    silent = tried = 0
    for change in EQUAL.values():
        table = table_for(np.random.default_rng(0), market, shape, change)
        for start in range(0, len(market.returns) - 2 * YEAR, YEAR):
            two = table.take((table.day >= start) & (table.day < start + 2 * YEAR))
            silent += silenced_on(two, start + 2 * YEAR, start + YEAR) is not None
            tried += 1
    return silent, tried


def main(count: int = 200) -> int:
    """Print every figure; exit status 1 when a promise does not hold."""
    missed = False
    for kind_name, kind in KINDS.items():
        shape = shapes_of(kind)
        for name, change in EQUAL.items():
            ends, skill = years(change, count, 1, shape, kind)
            share = sum(end is not None for end in ends) / count
            missed |= share >= 0.05
            print(f"{kind_name}: equal, {name} ({skill:+.1%}): silenced in {share:.1%} of {count} years", flush=True)
        for name, change in WORSE.items():
            ends, skill = years(change, count // 2, 2, shape, kind, 2 * YEAR)
            soon = sum(end is not None and end <= 60 for end in ends) / len(ends)
            late = [end if end is not None else np.inf for end in ends]
            missed |= name == "wrong at random" and float(np.median(late)) > 60
            told = f"silent within 60 sessions in {soon:.0%}, half after {np.median(late):.0f}"
            print(f"{kind_name}: worse, {name} ({skill:+.1%}): {told}, in two years {_share(ends):.0%}", flush=True)
    silent, tried = real_years()
    print(f"sample market, models of equal skill: silenced in {silent} of {tried} years")
    for name, change in WORSE.items():
        broken = breaking(GOOD, change, 2 * YEAR)
        ends, _ = years(broken, count // 4, 3, shapes_of(FIRST_KIND), sessions=4 * YEAR)
        late = [end - 2 * YEAR if end is not None else np.inf for end in ends]
        print(f"2 % better for two years, then {name}: half silent {np.median(late):.0f} sessions after", flush=True)
    return int(missed)


def _share(ends: list[int | None]) -> float:
    return sum(end is not None for end in ends) / len(ends)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
