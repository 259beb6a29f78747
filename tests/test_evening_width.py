"""The numbers by which ranges are stretched: learned from how yesterday's ranges held today."""

import numpy as np
import pytest

from bellwether.core.types import HEADS, Q10, Q50, Q90
from bellwether.forecasting import evening_width

LEVEL_SCORES = np.array([-1.645, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.645])


def normal(stocks: int, volatility: float) -> np.ndarray:
    """Quantiles of normal returns without drift, (stocks, heads, levels)."""
    spread = volatility * np.sqrt(np.array(HEADS))[:, None] * LEVEL_SCORES
    return np.tile(spread, (stocks, 1, 1))


def after(volatility: float, evenings: int, stocks: int = 200) -> np.ndarray:
    """The numbers after evenings on which returns have `volatility` while .01 is forecast."""
    rng, x = np.random.default_rng(0), evening_width.start()
    for _ in range(evenings):
        x = evening_width.step(x, normal(stocks, 0.01), rng.normal(0, volatility, stocks))
    return x


@pytest.mark.sqlite
def test_ranges_widen_in_a_storm_and_narrow_in_a_calm() -> None:
    assert (np.exp(after(0.02, 60)) > 1.3).all()
    assert (np.exp(after(0.005, 60)) < 0.95).all()
    assert np.exp(after(0.01, 200)) == pytest.approx(1, abs=0.06)


@pytest.mark.sqlite
def test_a_storm_that_is_over_is_forgotten() -> None:
    x = after(0.02, 60)
    for _ in range(evening_width.REPLAYED):
        x = evening_width.step(x, normal(200, 0.01), np.random.default_rng(1).normal(0, 0.01, 200))
    assert np.abs(x).max() < 0.1


@pytest.mark.sqlite
def test_few_stocks_move_the_numbers_less_and_none_not_at_all() -> None:
    start, wide = evening_width.start(), np.full(1, 1.0)
    alone = evening_width.step(start, normal(1, 0.01), wide)
    many = evening_width.step(start, normal(100, 0.01), np.full(100, 1.0))
    assert (alone > 0).all() and (alone < many).all()
    assert evening_width.step(many, normal(0, 0.01), np.empty(0)) is many


@pytest.mark.sqlite
def test_the_numbers_stay_within_bounds() -> None:
    x = evening_width.start()
    for _ in range(500):
        x = evening_width.step(x, normal(100, 0.01), np.full(100, 1.0))
    assert x == pytest.approx(0.70)


@pytest.mark.sqlite
def test_stretching_leaves_the_median_and_the_order() -> None:
    quantiles = normal(3, 0.01) + 0.002
    wider = evening_width.widened(quantiles, np.full(len(HEADS), np.log(1.2)))
    assert wider[..., Q50] == pytest.approx(quantiles[..., Q50])
    assert wider[..., Q90] - wider[..., Q10] == pytest.approx(1.2 * (quantiles[..., Q90] - quantiles[..., Q10]))
    assert (np.diff(wider, axis=-1) > 0).all()
