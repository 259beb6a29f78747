"""What the network learns from: outcomes, and the volatility of the days up to them."""

from datetime import date

import numpy as np
import pytest

from bellwether.core.types import CLOSE, HEADS, HIGH, LOW, OPEN, Bars
from bellwether.market.sample import SampleProvider
from training.panel import CONTEXT_LENGTH, MIN_HISTORY, Panel, build_panel
from training.windows import Blanks, batches, changing_universes, spread_truth, truth, variance_path

LAST = "2015-12-31"


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Two companies of the sample market."""
    return build_panel({symbol: SampleProvider().bars(symbol, date(2021, 12, 31)) for symbol in ("AAPL", "XOM")})


def made_up(values: np.ndarray) -> Panel:
    """A panel of one symbol with these bars."""
    sessions = np.datetime64("2010-01-04") + np.arange(len(values))
    return build_panel({"MADE": Bars("MADE", sessions, values, values[:, CLOSE])})


def test_the_spread_is_zero_when_the_days_ahead_are_as_wild_as_those_before() -> None:
    closes = 100 * np.exp(0.01 * (np.arange(400) % 2))  # up and down by 1 % each day
    values = np.column_stack([closes, closes, closes, closes, np.ones(400)])  # no range: squared returns are used
    panel = made_up(values)
    spread = spread_truth(panel, variance_path(panel), np.flatnonzero(panel.history == 300), LAST)
    np.testing.assert_allclose(spread[0, :, 0], np.log(1.02) / 2, atol=1e-4)  # the floor of .02 and nothing else
    assert (spread[0, :, 1] == 1).all()


def test_a_days_variance_is_its_gap_and_its_range() -> None:
    values = np.tile([100.0, 102.0, 100.0, 100.0, 1.0], (300, 1))
    values[200:, [OPEN, HIGH, LOW, CLOSE]] *= 1.1  # one gap of 10 %
    panel = made_up(values)
    daily = np.diff(variance_path(panel))[-250 - 63 : -63]
    by_range = np.log(1.02) ** 2 / (4 * np.log(2))
    np.testing.assert_allclose(np.sort(daily)[[0, -1]], [by_range, by_range + np.log(1.1) ** 2], rtol=1e-5)


def test_no_outcome_and_no_volatility_reaches_beyond_the_span(panel: Panel) -> None:
    rows = panel.rows_between("2015-06-01", LAST)
    outcome, spread = truth(panel, rows, LAST), spread_truth(panel, variance_path(panel), rows, LAST)
    late = panel.sessions > np.datetime64(LAST)
    bars, closes = panel.bars.copy(), panel.closes.copy()
    panel.bars[late] *= 3
    panel.closes[late] *= 3
    try:
        np.testing.assert_array_equal(truth(panel, rows, LAST), outcome)
        np.testing.assert_array_equal(spread_truth(panel, variance_path(panel), rows, LAST), spread)
    finally:
        panel.bars[:], panel.closes[:] = bars, closes
    for head, horizon in enumerate(HEADS):
        known = spread[:, head, 1] > 0
        assert (panel.sessions[rows[known] + horizon] <= np.datetime64(LAST)).all()
        np.testing.assert_array_equal(known, outcome[:, head, 1] > 0)


def test_the_same_seed_draws_the_same_batches(panel: Panel) -> None:
    rows = panel.rows_between("2012-01-01", LAST)
    first, second = (
        list(
            batches(
                *(panel, rows, lambda drawn: truth(panel, drawn, LAST), 16, 2),
                *(np.random.default_rng(3), Blanks(), changing_universes(panel, np.random.default_rng(4))),
            )
        )
        for _ in range(2)
    )
    for (inputs, answer), (others, other) in zip(first, second, strict=True):
        for left, right in zip((*inputs, answer), (*others, other), strict=True):
            np.testing.assert_array_equal(left, right)
    assert first[0][0][0].shape == (16, CONTEXT_LENGTH, 5)
    assert (first[0][0][0][:, -MIN_HISTORY:, CLOSE] > 0).all()


def test_a_report_that_became_known_only_after_it_came_is_no_mark_in_any_window() -> None:
    bars = SampleProvider().bars("AAPL", date(2021, 12, 31))
    days = np.array(["2020-04-30", "2020-07-30", "2020-10-29"], "datetime64[D]")
    told_on = np.array(["NaT", "2020-09-10", "2020-10-01"], "datetime64[D]")
    panel = build_panel({"AAPL": bars}, {"AAPL": (days, told_on)})
    assert panel.sessions[panel.reported > 0].tolist() == [date(2020, 4, 30), date(2020, 10, 29)]
