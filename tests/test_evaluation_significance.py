"""Intervals and tests of skill, on made-up series whose answers are known."""

import numpy as np
import pytest

from bellwether.core.types import Floats
from bellwether.track_record.scores.block_bootstrap import (
    BLOCK,
    RESAMPLES,
    by_week,
    draws,
    interval,
    mean_interval,
    skill_interval,
)
from training.scores import diebold_mariano


def test_weeks_are_drawn_in_blocks_that_wrap_around() -> None:
    drawn = draws(60)
    assert drawn.shape == (RESAMPLES, 60)
    assert (drawn.sum(axis=1) == 5 * BLOCK).all()
    steps = np.abs(np.diff(drawn, axis=1, append=drawn[:, :1])).sum(axis=1)
    assert (steps <= 2 * 5).all(), "five blocks have ten ends"
    assert abs(drawn.mean(axis=0) / drawn.mean() - 1).max() < 0.1, "every week is as likely"


def test_sums_by_week_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    week, value = rng.integers(100, 130, 500), rng.normal(size=500)
    order = rng.permutation(500)
    sums = by_week(week, value, np.ones(500))
    np.testing.assert_allclose(sums, by_week(week[order], value[order], np.ones(500)))
    assert sums[3, 0] == pytest.approx(value[week == 103].sum())


def test_the_interval_of_a_mean_is_the_textbooks_where_weeks_are_independent() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 1300)
    low, high = mean_interval(values, np.arange(1300)) or (0, 0)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(1300), rel=0.15)


def test_the_interval_widens_where_neighbouring_weeks_agree() -> None:
    rng = np.random.default_rng(2)
    alone = rng.normal(size=520)
    together = np.convolve(rng.normal(size=525), np.ones(6) / np.sqrt(6), mode="valid")  # same variance, memory of 5
    widths = [np.ptp(mean_interval(values, np.arange(520)) or (0, 0)) for values in (alone, together)]
    assert widths[1] > 1.6 * widths[0]


def test_copies_of_a_week_are_one_observation() -> None:
    rng = np.random.default_rng(3)
    loss = 1 + rng.normal(0, 0.1, 156)
    once = skill_interval(0.98 * loss, loss + rng.normal(0, 0.05, 156), np.arange(156))
    rng = np.random.default_rng(3)
    loss = 1 + rng.normal(0, 0.1, 156)
    other = loss + rng.normal(0, 0.05, 156)
    many = skill_interval(np.repeat(0.98 * loss, 9), np.repeat(other, 9), np.repeat(np.arange(156), 9))
    assert once == pytest.approx(many)


def test_less_than_a_year_has_no_interval_and_no_test() -> None:
    assert interval(np.ones((51, 2)), lambda totals: totals[:, 0]) is None
    assert diebold_mariano(np.random.default_rng(0).normal(size=51), 1) is None


def newey_west(gain: Floats, lags: int) -> float:
    """The variance of the mean, by loops."""
    n, mean = len(gain), float(np.mean(gain))
    total = sum((value - mean) ** 2 for value in gain) / n
    for lag in range(1, lags + 1):
        covariance = sum((gain[t] - mean) * (gain[t - lag] - mean) for t in range(lag, n)) / n
        total += 2 * (1 - lag / (lags + 1)) * covariance
    return float(total / n)


def test_diebold_mariano_agrees_with_a_naive_computation() -> None:
    gain = np.random.default_rng(4).normal(0.2, 1, 150)
    found = diebold_mariano(gain, 5)
    correction = np.sqrt((150 + 1 - 10 + 5 * 4 / 150) / 150)
    assert found is not None
    assert found[0] == pytest.approx(correction * gain.mean() / np.sqrt(newey_west(gain, 5)))
    assert diebold_mariano(-gain, 5) == pytest.approx((-found[0], found[1]))


def test_diebold_mariano_seldom_sees_a_difference_that_is_not_there() -> None:
    rng = np.random.default_rng(5)
    series = [np.convolve(rng.normal(size=159), np.ones(4), mode="valid") for _ in range(400)]
    found = [test[1] < 0.05 for gain in series if (test := diebold_mariano(gain, 4))]
    assert 0.03 < np.mean(found) < 0.16  # a little above 5 %, as is known of small samples
    seen = [test[1] < 0.05 for gain in series if (test := diebold_mariano(gain + 1.0, 4))]
    assert np.mean(seen) > 0.8


def test_no_difference_at_all_is_no_test() -> None:
    assert diebold_mariano(np.zeros(100), 1) is None
