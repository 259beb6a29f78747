"""Scores and probabilities, against values worked out by hand and against the normal distribution."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.core.types import LEVELS, Floats
from bellwether.forecasting.metrics import brier_score, coverage, pinball_loss, probability_above_zero, skill

SMALL = st.floats(-2, 2, allow_nan=False).map(lambda value: round(value, 6))
STEPS = st.lists(st.floats(1e-4, 0.5), min_size=len(LEVELS) - 1, max_size=len(LEVELS) - 1)


def rising(start: float, steps: list[float]) -> Floats:
    return np.array([np.cumsum([start, *steps])])


@settings(deadline=None)
@given(st.floats(-3, 3), st.floats(1e-3, 1))
def test_the_probability_of_growth_is_exact_for_a_gaussian(mean: float, deviation: float) -> None:
    normal = NormalDist(mean * deviation, deviation)
    quantiles = np.array([[normal.inv_cdf(level) for level in LEVELS]])
    assert probability_above_zero(quantiles)[0] == pytest.approx(1 - normal.cdf(0), abs=1e-9)


@settings(deadline=None)
@given(SMALL, STEPS)
def test_the_probability_of_growth_is_a_probability(start: float, steps: list[float]) -> None:
    (probability,) = probability_above_zero(rising(start, steps))
    assert 0 <= probability <= 1


@settings(deadline=None)
@given(SMALL, STEPS, st.floats(0, 1))
def test_a_better_outlook_never_lowers_the_probability_of_growth(start: float, steps: list[float], up: float) -> None:
    before = rising(start, steps)
    worse, better = probability_above_zero(np.vstack([before, before + up]))
    assert better >= worse - 1e-12


@settings(deadline=None)
@given(SMALL, STEPS)
def test_rise_and_fall_share_the_whole_probability(start: float, steps: list[float]) -> None:
    quantiles = rising(start, steps)
    rise, fall = probability_above_zero(np.vstack([quantiles, -quantiles[:, ::-1]]))
    assert rise + fall == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("at", range(len(LEVELS)))
def test_a_quantile_at_zero_gives_its_own_level(at: int) -> None:
    quantiles = np.arange(len(LEVELS), dtype=float) - at
    assert probability_above_zero(quantiles[None])[0] == pytest.approx(1 - LEVELS[at], abs=1e-9)


def test_the_probability_agrees_with_the_quantiles_around_zero() -> None:
    quantiles = np.array([[-0.3, -0.2, -0.1, 0.05, 0.1, 0.2, 0.3]])
    assert 0.5 < probability_above_zero(quantiles)[0] < 0.75


@pytest.mark.parametrize(("value", "probability"), [(0.0, 0.5), (0.1, 1.0), (-0.1, 0.0)])
def test_a_price_that_never_moves_is_undecided(value: float, probability: float) -> None:
    assert probability_above_zero(np.full((1, len(LEVELS)), value))[0] == probability


def test_many_forecasts_are_scored_each_by_itself() -> None:
    random = np.random.default_rng(3)
    quantiles = np.sort(random.normal(size=(50, len(LEVELS))), axis=1)
    together = probability_above_zero(quantiles)
    assert together.tolist() == [probability_above_zero(row[None])[0] for row in quantiles]


@pytest.mark.parametrize(
    ("outcome", "loss"),
    [(0.0, 0.0), (1.0, 0.9), (-1.0, 0.1)],
)
def test_the_pinball_loss_weighs_both_sides_by_the_level(outcome: float, loss: float) -> None:
    assert pinball_loss(np.array([outcome]), np.array([[0.0]]), [0.9])[0] == pytest.approx(loss)


def test_the_pinball_loss_at_the_median_is_half_the_absolute_error() -> None:
    outcomes = np.array([-2.0, 0.5, 3.0])
    assert pinball_loss(outcomes, np.zeros((3, 1)), [0.5]) == pytest.approx(np.abs(outcomes) / 2)


def test_the_true_quantile_has_the_smallest_pinball_loss() -> None:
    outcomes = np.random.default_rng(5).normal(size=20_000)
    losses = [pinball_loss(outcomes, np.full((len(outcomes), 1), guess), [0.9]).mean() for guess in (0.8, 1.2816, 1.8)]
    assert losses[1] == min(losses)


def test_coverage_counts_the_ends_as_inside() -> None:
    outcomes = np.array([0.0, 1.0, 2.0, 3.0])
    assert coverage(outcomes, np.full(4, 1.0), np.full(4, 2.0)) == 0.5


@pytest.mark.parametrize(("loss", "baseline", "gained"), [(1.0, 1.0, 0.0), (0.9, 1.0, 0.1), (1.2, 1.0, -0.2)])
def test_skill_is_negative_when_the_baseline_wins(loss: float, baseline: float, gained: float) -> None:
    assert skill(loss, baseline) == pytest.approx(gained)


def test_the_brier_score_of_a_coin_is_a_quarter() -> None:
    assert brier_score(np.array([0.5, 0.5]), np.array([0.0, 1.0])) == 0.25
    assert brier_score(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0.0
