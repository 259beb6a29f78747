"""Scores against naive computations, and no skill where there is nothing to know."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("scipy", reason="it comes with the training packages")

from bellwether.core.types import HEADS, LEVELS, Floats
from bellwether.forecasting.baseline import gaussian_quantiles
from training import scores
from training.scores import Sample

N = 600


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Sixty dates of ten symbols, at one horizon, a little wilder than the forecasts think."""
    rng = np.random.default_rng(0)
    place = np.repeat(np.arange(60), 10)
    return Sample(
        outcome=rng.normal(0.1, 1.2, N),
        scale=rng.uniform(0.01, 0.03, N),
        week=place,
        date=np.datetime64("2016-01-04") + 7 * place,
        head=np.full(N, HEADS.index(5)),
        climatology=np.full(N, 0.55),
        row=np.arange(N),
    )


@pytest.fixture(scope="module")
def quantiles() -> Floats:
    """Normal quantiles around a different median each, (N, levels)."""
    shift = np.random.default_rng(1).normal(0, 0.3, N)
    return gaussian_quantiles()[0] + shift[:, None]


def test_losses_and_coverage_are_what_loops_find(sample: Sample, quantiles: Floats) -> None:
    found = scores.score(sample, quantiles)
    losses = [
        level * (outcome - q) if outcome >= q else (1 - level) * (q - outcome)
        for outcome, row in zip(sample.outcome, quantiles, strict=True)
        for level, q in zip(LEVELS, row, strict=True)
    ]
    assert found["pinball"] == pytest.approx(np.mean(losses))
    assert found["crps"] == pytest.approx(2 * np.mean(losses))
    inside = [row[1] <= outcome <= row[5] for outcome, row in zip(sample.outcome, quantiles, strict=True)]
    assert found["coverage_80"] == pytest.approx(np.mean(inside))
    low, high = found["coverage_80_interval"]
    assert low < found["coverage_80"] < high
    assert found["width_80"] == pytest.approx(2 * 1.2816, abs=1e-3)


def test_the_chance_of_a_rise_is_scored_against_climatology(sample: Sample, quantiles: Floats) -> None:
    found = scores.score(sample, quantiles)
    rose = sample.outcome > 0
    assert found["brier_climatology"] == pytest.approx(np.mean((0.55 - rose) ** 2))
    assert found["brier_gain"] == pytest.approx(found["brier_climatology"] - found["brier"])
    chance = np.round(np.random.default_rng(2).uniform(size=N), 1)  # with ties
    pairs = [(a > b) + (a == b) / 2 for a, b in product(chance[rose], chance[~rose])]
    assert scores.auc(chance, rose.astype(float), sample.head) == pytest.approx(np.mean(pairs))
    low, high = scores.auc_interval(chance, rose.astype(float), sample.head, sample.week) or (0, 0)
    assert low < np.mean(pairs) < high
    assert scores.auc(chance, np.ones(N), sample.head) is None


def test_to_know_that_more_rises_come_with_more_time_is_no_skill() -> None:
    rng = np.random.default_rng(3)
    head = np.arange(4000) % 2
    rose = (rng.uniform(size=4000) < np.where(head, 0.8, 0.3)).astype(float)
    chance = np.where(head, 0.8, 0.3)
    assert scores.auc(chance, rose, np.zeros(4000, np.intp)) > 0.7
    assert scores.auc(chance, rose, head) == pytest.approx(0.5)
    assert scores.auc_interval(chance, rose, head, np.arange(4000) // 40) == pytest.approx([0.5, 0.5])


def test_rank_correlation_is_taken_across_symbols_date_by_date(sample: Sample, quantiles: Floats) -> None:
    found = scores.rank_ic(sample, quantiles[:, 3])["rank_ic"]
    frame = pd.DataFrame({"date": sample.date, "f": quantiles[:, 3] * sample.scale, "y": sample.outcome * sample.scale})
    naive = [day["f"].rank().corr(day["y"].rank()) for _, day in frame.groupby("date")]
    assert found == pytest.approx(np.mean(naive))
    assert scores.rank_ic(sample, sample.outcome)["rank_ic"] == pytest.approx(1)
    few = sample.take(np.arange(N) % 10 < 9)  # nine symbols a day
    assert scores.rank_ic(few, quantiles[few.row, 3])["rank_ic"] is None


def test_reliability_and_pit_count_outcomes(sample: Sample, quantiles: Floats) -> None:
    below = [one["observed"] for one in scores.reliability(sample.outcome, quantiles, sample.mean_interval)]
    assert below == pytest.approx([np.mean(sample.outcome <= quantiles[:, level]) for level in range(len(LEVELS))])
    bins = scores.pit(sample, quantiles)
    assert sum(one["observed"] for one in bins) == pytest.approx(1)
    assert np.cumsum([one["observed"] for one in bins])[:-1] == pytest.approx(below)


def test_skill_is_one_minus_the_ratio_of_losses(sample: Sample, quantiles: Floats) -> None:
    worse = quantiles + 1.0
    found = scores.against(sample, quantiles, worse)
    ratio = scores.score(sample, quantiles)["pinball"] / scores.score(sample, worse)["pinball"]
    assert found["skill"] == pytest.approx(1 - ratio)
    low, high = found["skill_interval"]
    assert 0 < low < found["skill"] < high
    assert found["diebold_mariano"] > 3 and found["p_value"] < 0.01
    even = scores.against(sample, quantiles, quantiles)
    assert even["skill"] == 0 and even["diebold_mariano"] is None


def test_forecasts_are_read_at_the_row_and_head_of_each_outcome(sample: Sample) -> None:
    forecasts = np.arange(N * len(HEADS) * len(LEVELS), dtype=float).reshape(N, len(HEADS), len(LEVELS))
    some = sample.take(np.arange(N) % 7 == 3)
    np.testing.assert_array_equal(some.of(forecasts)[0], forecasts[3, 1])
