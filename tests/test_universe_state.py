"""How the whole universe moved on a day, in two numbers."""

import numpy as np
import pytest

from bellwether.market.universe_state import FEWEST, daily_state, is_stock, standardised_moves


@pytest.mark.sqlite
def test_a_move_is_measured_by_the_volatility_of_the_session_before() -> None:
    returns = np.random.default_rng(0).normal(0, 0.01, 300)
    returns[-1] = 0.05
    closes = 100 * np.exp(np.cumsum(np.r_[0, returns]))
    weights = 0.94 ** np.arange(299)[::-1]
    volatility = np.sqrt(np.sum(weights * returns[:-1] ** 2) / weights.sum())
    assert standardised_moves(closes)[-1] == pytest.approx(0.05 / (volatility + 1e-4))


@pytest.mark.sqlite
def test_nothing_later_changes_a_move() -> None:
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, 300)))
    other = closes.copy()
    other[200:] *= np.random.default_rng(1).uniform(0.5, 2, 100)
    assert standardised_moves(closes)[:200].tobytes() == standardised_moves(other)[:200].tobytes()


@pytest.mark.sqlite
def test_a_move_is_limited_and_unknown_at_first() -> None:
    closes = np.r_[100 + np.sin(np.arange(60)), 5000.0]
    moves = standardised_moves(closes)
    assert np.isnan(moves[:6]).all() and moves[-1] == 8


@pytest.mark.sqlite
def test_the_state_is_how_much_and_how_far_apart_stocks_moved() -> None:
    moves = np.array([1.0, -1.0, 2.0, -2.0, 0.0, np.nan])
    (state,) = daily_state(np.zeros(6, np.intp), moves, 1)
    assert state == pytest.approx([1.2, np.std(moves[:5])])


@pytest.mark.sqlite
def test_too_few_stocks_say_nothing() -> None:
    few = FEWEST - 1
    assert (daily_state(np.zeros(few, np.intp), np.ones(few), 2) == 0).all()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("symbol", "counts"),
    [("AAPL", True), ("BRK-B", True), ("7203.T", True), ("^GSPC", False), ("BTC-USD", False), ("GC=F", False)],
)
def test_indices_futures_and_coins_are_no_stocks(symbol: str, counts: bool) -> None:
    assert is_stock(symbol) is counts
