"""Bars as the arrays the graph reads: padded at the front, aligned by day, never from the future."""

from datetime import date

import numpy as np
import pytest

from bellwether.core.types import Bars, Sessions
from bellwether.forecasting.inputs import CARRY_DAYS, align_closes, model_inputs
from tests.conftest import MakeBars


def series(days: list[str], closes: list[float]) -> Bars:
    values = np.repeat(np.array(closes)[:, None], 5, axis=1)
    return Bars("^MADE", np.array(days, dtype="datetime64[D]"), values, np.array(closes))


def days(*texts: str) -> Sessions:
    return np.array(texts, dtype="datetime64[D]")


def test_a_window_holds_the_newest_bars_in_order(make_bars: MakeBars) -> None:
    bars = make_bars(600)
    window, market = model_inputs(bars, (bars, None), 504)
    assert window.shape == (1, 504, 5)
    assert market.shape == (1, 504, 2)
    assert window.dtype == market.dtype == np.float32
    assert np.array_equal(window[0], bars.values[-504:].astype(np.float32))
    assert np.array_equal(market[0, :, 0], bars.closes[-504:].astype(np.float32))
    assert not market[0, :, 1].any()


def test_short_history_leaves_zeros_at_the_front(make_bars: MakeBars) -> None:
    bars = make_bars(64)
    window, market = model_inputs(bars, (make_bars(600, symbol="^MADE"), None), 504)
    assert not window[0, :440].any()
    assert not market[0, :440].any()
    assert np.array_equal(window[0, 440:], bars.values.astype(np.float32))
    assert (market[0, 440:, 0] > 0).all()


@pytest.mark.parametrize("sessions", [503, 504, 505])
def test_a_window_is_full_or_not_by_one(make_bars: MakeBars, sessions: int) -> None:
    window, _ = model_inputs(make_bars(sessions), (None, None), 504)
    assert (window[0, :, 3] > 0).sum() == min(sessions, 504)
    assert window[0, -1, 3] == np.float32(make_bars(sessions).closes[-1])


def test_nothing_the_model_reads_is_changed_in_the_bars(make_bars: MakeBars) -> None:
    bars = make_bars(600)
    before = bars.values.copy()
    window, _ = model_inputs(bars, (bars, bars), 504)
    window[:] = -1
    assert np.array_equal(bars.values, before)


def test_a_market_series_stands_still_on_days_it_does_not_trade() -> None:
    index = series(["2021-12-01", "2021-12-03"], [10.0, 11.0])
    aligned = align_closes(days("2021-11-30", "2021-12-01", "2021-12-02", "2021-12-03", "2021-12-04"), index)
    assert aligned.tolist() == [0.0, 10.0, 10.0, 11.0, 11.0]


def test_a_market_series_is_not_carried_for_ever() -> None:
    index = series(["2021-12-01"], [10.0])
    last = np.datetime64("2021-12-01") + CARRY_DAYS
    assert align_closes(np.array([last, last + 1]), index).tolist() == [10.0, 0.0]


def test_a_market_value_from_a_later_day_is_never_read(make_bars: MakeBars) -> None:
    bars = make_bars(600)
    early = bars.until(date(2021, 6, 30))
    assert early is not None
    future = Bars(bars.symbol, bars.sessions, bars.values.copy(), bars.quoted_closes)
    future.values[bars.sessions > np.datetime64("2021-06-30")] *= 7
    expected = model_inputs(early, (early, None), 504)
    for ours, theirs in zip(model_inputs(early, (future, None), 504), expected, strict=True):
        assert np.array_equal(ours, theirs)


def test_a_market_series_from_long_ago_is_not_known(make_bars: MakeBars) -> None:
    old = make_bars(600, end=date(2015, 1, 2))
    _, market = model_inputs(make_bars(600), (old, old), 504)
    assert not market.any()
