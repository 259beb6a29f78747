"""The range of a list: the pure part, joined margins and shrunk correlations."""

import numpy as np
import pytest

from bellwether.core.types import LEVELS, Q10, Q90, Floats
from bellwether.forecasting.baseline import gaussian_quantiles
from bellwether.forecasting.joint import correlations_of, historical_growths, joint_range, overlapping

DAILY = 0.01
KEPT = (-0.033034, -0.024697, -0.012592, 0.000284, 0.013794, 0.026345, 0.03388)


def _margins(*deviations: float) -> Floats:
    return np.outer(deviations, gaussian_quantiles()[0])


def _returns(correlation: float, n: int, sessions: int = 252) -> Floats:
    rng = np.random.default_rng(1)
    common = rng.normal(size=(sessions, 1))
    own = rng.normal(size=(sessions, n))
    answer: Floats = DAILY * (np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
    return answer


def test_the_same_inputs_have_the_same_answer_to_the_last_digit() -> None:
    margins, together = _margins(0.03, 0.05, 0.02), correlations_of(_returns(0.4, 3))
    assert joint_range(["A", "B", "C"], margins, together) == joint_range(["A", "B", "C"], margins, together)
    # kept: an answer that changes with a version of NumPy, or with a processor, would differ from it
    assert joint_range(["A", "B", "C"], margins, np.eye(3)).growths == KEPT


def test_the_order_of_the_symbols_does_not_matter() -> None:
    margins, together = _margins(0.03, 0.05, 0.02), correlations_of(_returns(0.4, 3))
    turned = [2, 0, 1]
    one = joint_range(["A", "B", "C"], margins, together)
    other = joint_range(["C", "A", "B"], margins[turned], together[np.ix_(turned, turned)])
    assert other.growths == one.growths
    assert other.shares == tuple(one.shares[at] for at in turned)


def test_a_list_of_one_has_its_own_range() -> None:
    margins = _margins(0.03)
    made = joint_range(["A"], margins, np.eye(1))
    assert made.growths == pytest.approx(np.expm1(margins[0]), abs=1e-6)
    assert made.shares == (1.0,)


def test_symbols_that_move_as_one_have_the_range_of_each_and_independent_ones_a_narrower() -> None:
    margins = _margins(0.04, 0.04, 0.04, 0.04)
    as_one = joint_range(list("ABCD"), margins, np.full((4, 4), 0.999) + 0.001 * np.eye(4))
    apart = joint_range(list("ABCD"), margins, np.eye(4))
    own = np.expm1(margins[0])
    assert as_one.growths == pytest.approx(own, rel=0.03, abs=5e-4)
    width = (apart.growths[Q90] - apart.growths[Q10]) / (own[Q90] - own[Q10])
    assert width == pytest.approx(0.5, abs=0.03)  # 1 / sqrt(4)


def test_shares_of_the_loss_sum_to_the_whole_and_a_hedge_has_less_than_nothing() -> None:
    together = np.array([[1, 0.5, -0.8], [0.5, 1, -0.6], [-0.8, -0.6, 1]])
    made = joint_range(["A", "B", "C"], _margins(0.08, 0.03, 0.02), together)
    assert sum(made.shares) == pytest.approx(1, abs=1e-5)
    assert made.shares[0] > made.shares[1] > 0 > made.shares[2]
    assert made.expected_loss > 0


def test_nobody_carries_a_loss_where_even_the_worst_tenth_gains() -> None:
    made = joint_range(["A", "B"], _margins(0.001, 0.001) + 0.1, np.eye(2))
    assert made.expected_loss < 0
    assert made.shares == ()


def test_correlations_are_drawn_to_their_mean_and_can_be_simulated() -> None:
    returns = _returns(0.5, 20, sessions=80)
    shrunk, sample = correlations_of(returns), np.corrcoef(returns.T)
    apart = ~np.eye(20, dtype=bool)
    assert shrunk[apart].std() < 0.5 * sample[apart].std()
    assert shrunk[apart].mean() == pytest.approx(sample[apart].mean(), rel=0.01)
    assert np.linalg.eigvalsh(shrunk)[0] > 0


@pytest.mark.parametrize("damage", ["twice the same", "never moved"])
def test_correlations_of_odd_returns_can_be_simulated(damage: str) -> None:
    returns = _returns(0.3, 3)
    returns[:, 2] = returns[:, 1] if damage == "twice the same" else 0.0
    shrunk = correlations_of(returns)
    assert np.linalg.eigvalsh(shrunk)[0] > 0
    assert np.isfinite(joint_range(["A", "B", "C"], _margins(0.03, 0.03, 0.03), shrunk).growths).all()


def test_the_plain_rule_holds_equal_parts_over_each_stretch() -> None:
    closes = np.array([[1.0, 10], [2, 10], [4, 10], [8, 10]])
    assert historical_growths(closes, 1) == pytest.approx([0.5] * len(LEVELS))  # (100 % + 0 %) / 2
    assert np.isnan(historical_growths(closes, 4)).all()


def test_returns_over_two_sessions_overlap() -> None:
    assert overlapping(np.array([[1.0], [2], [4]])).tolist() == [[3.0], [6.0]]
