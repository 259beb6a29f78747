"""Why the range is as wide as it is, as numbers worked out by hand."""

import numpy as np
import pytest

from bellwether.core.types import Floats
from bellwether.forecasting.explain import explain, moved, usual_probability_of_growth


def zigzag(moves: int, size: float = 0.01) -> Floats:
    """Closes that go up and down by the same log return, `moves` times."""
    closes: Floats = 100 * np.exp(np.r_[0.0, np.cumsum(size * np.tile([1, -1], moves)[:moves])])
    return closes


def test_an_even_zigzag_is_as_lively_as_usual() -> None:
    facts = explain(moved(zigzag(600)), 17.2, 0.08, 0.1, None)
    assert facts.volatility == pytest.approx(0.01 * np.sqrt(252))
    assert facts.usual_volatility == pytest.approx(0.01 * np.sqrt(252), rel=1e-3)
    assert facts.market_volatility == pytest.approx(0.172)
    assert facts.width_against_baseline == pytest.approx(0.8)
    assert facts.record is None


@pytest.mark.parametrize(("closes", "known"), [(252, False), (253, True)])
def test_what_is_usual_takes_a_whole_year(closes: int, known: bool) -> None:
    facts = explain(moved(zigzag(closes - 1)), None, 0.1, 0.1, None)
    assert (facts.usual_volatility is not None) is known
    assert facts.market_volatility is None


@pytest.mark.parametrize(("closes", "known"), [(21, False), (22, True)])
def test_the_last_month_takes_a_whole_month(closes: int, known: bool) -> None:
    assert (explain(moved(zigzag(closes - 1)), None, 0.1, 0.1, None).recent_return is not None) is known


def test_the_last_month_is_measured_over_21_sessions() -> None:
    closes = np.r_[np.full(30, 50.0), np.linspace(100, 110, 22)]
    assert explain(moved(closes), None, 0.1, 0.1, None).recent_return == pytest.approx(np.log(1.1))


def test_only_the_last_year_counts_as_usual() -> None:
    wild_once = np.r_[zigzag(300, 0.2), zigzag(252, 0.01)[1:]]
    facts = explain(moved(wild_once), None, 0.1, 0.1, None)
    assert facts.usual_volatility == pytest.approx(0.01 * np.sqrt(252), rel=1e-3)


def test_a_baseline_without_width_is_compared_with_nothing() -> None:
    assert explain(moved(zigzag(300)), None, 0.1, 0.0, None).width_against_baseline == 1.0


def test_the_usual_share_of_rises_counts_every_past_stretch() -> None:
    assert usual_probability_of_growth(np.linspace(1, 2, 400), 10) == 1.0
    assert usual_probability_of_growth(np.linspace(2, 1, 400), 10) == 0.0
    assert usual_probability_of_growth(zigzag(399), 1) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("horizon", [1, 10, 63])
def test_the_usual_share_of_rises_takes_a_year_of_stretches(horizon: int) -> None:
    rising = np.linspace(1, 2, 252 + horizon)
    assert usual_probability_of_growth(rising, horizon) == 1.0
    assert usual_probability_of_growth(rising[1:], horizon) is None
