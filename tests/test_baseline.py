"""The plain volatility rule, and the horizons between the heads."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bellwether.core.types import HEADS, LEVELS, MAX_HORIZON, Q50, Q90, Floats
from bellwether.forecasting.baseline import all_horizons, gaussian_quantiles, head_quantiles
from bellwether.market.returns import ewma_volatility, log_returns

SHAPE = (len(HEADS), len(LEVELS))
CENTER = Q50
AT_HEADS = arrays(np.float64, SHAPE, elements=st.floats(-1, 1, width=32)).map(lambda heads: np.sort(heads, axis=1))


@settings(deadline=None)
@given(AT_HEADS)
def test_quantiles_that_do_not_cross_at_the_heads_never_cross_between_them(at_heads: Floats) -> None:
    assert (np.diff(all_horizons(at_heads), axis=1) >= -1e-12).all()


@settings(deadline=None)
@given(arrays(np.float64, SHAPE, elements=st.floats(0, 0.25, width=32)), st.floats(-0.1, 0.1))
def test_the_range_widens_at_every_step_when_it_widens_from_head_to_head(growth: Floats, center: float) -> None:
    outward = np.cumsum(growth, axis=0)  # every head at least as wide as the one before
    at_heads = center + np.cumsum(outward, axis=1)
    filled = all_horizons(at_heads)
    for low, high in ((0, 6), (1, 5), (2, 4)):
        assert (np.diff(filled[:, high] - filled[:, low]) >= -1e-12).all()


@settings(deadline=None)
@given(AT_HEADS)
def test_the_heads_themselves_are_kept(at_heads: Floats) -> None:
    filled = all_horizons(at_heads)
    assert filled.shape == (MAX_HORIZON, len(LEVELS))
    assert filled[[head - 1 for head in HEADS]] == pytest.approx(at_heads, abs=1e-12)


@settings(deadline=None)
@given(AT_HEADS)
def test_every_horizon_lies_between_its_two_heads(at_heads: Floats) -> None:
    filled = all_horizons(at_heads)
    for before, after, left, right in zip(HEADS, HEADS[1:], at_heads, at_heads[1:], strict=False):
        between = filled[before - 1 : after]
        assert (between >= np.minimum(left, right) - 1e-12).all()
        assert (between <= np.maximum(left, right) + 1e-12).all()


def test_a_random_walk_is_filled_in_exactly() -> None:
    filled = all_horizons(head_quantiles(0.01, gaussian_quantiles()))
    expected = 0.01 * np.sqrt(np.arange(1, MAX_HORIZON + 1))[:, None] * gaussian_quantiles()[0]
    assert filled == pytest.approx(expected, rel=1e-12)


def test_gaussian_quantiles_are_those_of_the_normal_distribution() -> None:
    quantiles = gaussian_quantiles()
    assert quantiles.shape == SHAPE
    assert quantiles[3] == pytest.approx([NormalDist().inv_cdf(level) for level in LEVELS])
    assert quantiles[:, CENTER] == pytest.approx(0)


def test_the_baseline_grows_with_the_root_of_time() -> None:
    quantiles = head_quantiles(0.02, np.ones(SHAPE))
    assert quantiles[:, 0] == pytest.approx(0.02 * np.sqrt(HEADS))


def test_log_returns_add_up() -> None:
    closes = np.array([100.0, 110.0, 99.0, 120.0])
    assert log_returns(closes).sum() == pytest.approx(np.log(1.2))
    assert len(log_returns(closes)) == 3


def test_log_returns_of_float32_prices_are_taken_in_float64() -> None:
    closes = np.array([100.0, 100.01], np.float32)
    assert log_returns(closes).dtype == np.float64


def test_equal_moves_have_their_own_size_as_volatility() -> None:
    assert ewma_volatility(np.array([0.02, -0.02] * 50)) == pytest.approx(0.02)


def test_the_weights_fall_by_six_percent_a_session() -> None:
    first, second = np.array([0.1, 0.0]), np.array([0.0, 0.1])
    assert (ewma_volatility(first) / ewma_volatility(second)) ** 2 == pytest.approx(0.94)


def test_one_return_is_its_own_volatility() -> None:
    assert ewma_volatility(np.array([-0.03])) == pytest.approx(0.03)


def test_it_refuses_the_volatility_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one return"):
        ewma_volatility(np.array([]))


@settings(deadline=None)
@given(arrays(np.float64, st.integers(1, 600), elements=st.floats(-0.5, 0.5, width=32)))
def test_a_volatility_is_never_above_the_largest_move(returns: Floats) -> None:
    volatility = ewma_volatility(returns)
    assert 0 <= volatility <= np.abs(returns).max() + 1e-12


@pytest.mark.parametrize(
    ("report_ahead", "narrower"),
    [(0, []), (1, []), (2, []), (4, [2, 3]), (5, [2, 3, 4]), (6, []), (9, [6, 7, 8]), (11, []), (14, [11, 12, 13])],
)
def test_what_ends_before_a_report_is_not_widened_by_the_head_behind_it(report_ahead: int, narrower: list[int]) -> None:
    at_heads = head_quantiles(0.01, gaussian_quantiles())
    as_told = all_horizons(at_heads)
    at_heads[[head >= report_ahead > 0 for head in HEADS]] *= 1.5
    mixed, filled = all_horizons(at_heads), all_horizons(at_heads, report_ahead)
    before = np.array(narrower, int) - 1
    others = np.setdiff1d(np.arange(MAX_HORIZON), before)
    assert filled[before] == pytest.approx(as_told[before]), "as a random walk from the head before it"
    assert (filled[others] == mixed[others]).all()
    assert (np.diff(filled[:, Q90]) > 0).all()


def test_a_report_that_narrows_the_head_behind_it_widens_nothing_before() -> None:
    at_heads = head_quantiles(0.01, gaussian_quantiles())
    at_heads[2:] *= 0.9
    assert (all_horizons(at_heads, 8) == all_horizons(at_heads)).all()
