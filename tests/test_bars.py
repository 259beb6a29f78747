"""May the model answer from these bars? Every way in which prices go wrong has its own answer."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.core.errors import UnusableBars
from bellwether.core.types import CLOSE, HIGH, LOW, OPEN, VOLUME, Bars, Floats, Problem, to_date
from bellwether.market.bars import check_order, find_problem, mended, usable_closes
from bellwether.market.scale import FEWEST_CLOSES, comparable
from tests.conftest import MakeBars

LIMITS: dict[str, Any] = {
    "expected": None,
    "min_history": 64,
    "context_length": 504,
    "volatility_range": (0.002, 0.2),
    "max_abs_return": 1.0,
}

Change = Callable[[Floats], None]


def changed(bars: Bars, change: Change) -> Bars:
    values = bars.values.copy()
    change(values)
    return Bars(bars.symbol, bars.sessions, values, values[:, CLOSE].copy())


def rows(bars: Bars, keep: Any) -> Bars:
    return Bars(bars.symbol, bars.sessions[keep], bars.values[keep], bars.quoted_closes[keep])


def put(row: int, column: int | slice, value: float) -> Change:
    def change(values: Floats) -> None:
        values[row, column] = value

    return change


def scale_after(row: int, factor: float) -> Change:
    def change(values: Floats) -> None:
        values[row:, :VOLUME] *= factor

    return change


def stand_still(sessions: int) -> Change:
    def change(values: Floats) -> None:
        values[-sessions:, :VOLUME] = values[-sessions, CLOSE]

    return change


PRICES = slice(OPEN, VOLUME)


def test_it_finds_no_problem_in_sound_bars(make_bars: MakeBars) -> None:
    assert find_problem(make_bars(), **LIMITS) is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (put(-5, PRICES, -3.0), Problem.BROKEN),
        (put(-5, PRICES, 0.0), Problem.BROKEN),
        (put(-5, CLOSE, np.nan), Problem.BROKEN),
        (put(-5, CLOSE, np.inf), Problem.BROKEN),
        (put(-5, OPEN, np.nan), Problem.BROKEN),
        (put(-5, OPEN, 0.0), Problem.BROKEN),
        (put(-5, HIGH, 1.0), Problem.BROKEN),  # the high below the close
        (put(-5, LOW, 1e6), Problem.BROKEN),  # the low above it
        (put(-5, VOLUME, -1.0), Problem.BROKEN),
        (put(-1, LOW, -1.0), Problem.BROKEN),
        (put(-63, CLOSE, np.nan), Problem.BROKEN),  # the oldest bar that counts as recent
        (scale_after(-10, 4.0), Problem.EXTREME),  # a split that was not adjusted
        (scale_after(-10, 0.1), Problem.EXTREME),
        (scale_after(-1, 3.0), Problem.EXTREME),
        (stand_still(80), Problem.FLAT),
    ],
)
def test_each_kind_of_bad_bar_has_its_own_problem(make_bars: MakeBars, change: Change, problem: Problem) -> None:
    assert find_problem(changed(make_bars(), change), **LIMITS) is problem


@pytest.mark.parametrize(
    "change",
    [
        put(-5, VOLUME, 0.0),  # an index has no volume
        put(-5, LOW, 1e-3),
        put(-5, HIGH, 1e3),
        scale_after(-520, 4.0),  # before anything the model reads
    ],
)
def test_it_does_not_mind_what_real_sources_do(make_bars: MakeBars, change: Change) -> None:
    assert find_problem(changed(make_bars(), change), **LIMITS) is None


def test_a_hair_of_rounding_between_the_prices_is_no_broken_bar(make_bars: MakeBars) -> None:
    bars = make_bars()
    close = bars.closes[-5]
    flat_day = changed(bars, lambda values: values.__setitem__((-5, [OPEN, HIGH, LOW]), close * 0.9995))
    assert find_problem(flat_day, **LIMITS) is None


@pytest.mark.parametrize(
    ("sessions", "problem"), [(63, Problem.TOO_SHORT), (64, None), (FEWEST_CLOSES, Problem.TOO_SHORT)]
)
def test_short_history_silences_the_model(make_bars: MakeBars, sessions: int, problem: Problem | None) -> None:
    assert find_problem(make_bars(sessions), **LIMITS) is problem


@pytest.mark.parametrize("sessions", [1, 2, FEWEST_CLOSES - 1])
def test_it_refuses_to_say_anything_from_less_than_a_month(make_bars: MakeBars, sessions: int) -> None:
    with pytest.raises(UnusableBars, match=f"of MADE I have {sessions}"):
        find_problem(make_bars(sessions), **LIMITS)


@pytest.mark.parametrize(("late", "problem"), [(0, None), (7, None), (8, Problem.STALE), (4000, Problem.STALE)])
def test_old_prices_of_a_live_market_are_stale(make_bars: MakeBars, late: int, problem: Problem | None) -> None:
    bars = make_bars()
    assert find_problem(bars, **LIMITS | {"expected": bars.cutoff + timedelta(days=late)}) is problem


@pytest.mark.parametrize(("missing", "problem"), [(5, None), (9, None), (11, Problem.GAP), (40, Problem.GAP)])
def test_a_hole_in_the_recent_prices_is_a_gap(make_bars: MakeBars, missing: int, problem: Problem | None) -> None:
    bars = make_bars()
    keep = np.r_[0 : 600 - 20 - missing, 580:600]
    assert find_problem(rows(bars, keep), **LIMITS) is problem


def test_an_old_hole_is_none_of_the_models_business(make_bars: MakeBars) -> None:
    assert find_problem(rows(make_bars(), np.r_[0:200, 300:600]), **LIMITS) is None


@pytest.mark.parametrize(
    "order",
    [
        np.r_[0:590, 591, 590, 592:600],
        np.r_[0:590, 590, 590:600],
        np.r_[599:-1:-1],
        np.r_[0, 0:600],
    ],
    ids=["swapped", "doubled", "newest first", "doubled at the front"],
)
def test_it_refuses_bars_out_of_order(make_bars: MakeBars, order: Any) -> None:
    with pytest.raises(UnusableBars, match="out of order or doubled"):
        find_problem(rows(make_bars(), order), **LIMITS)


def test_it_refuses_no_bars_at_all(make_bars: MakeBars) -> None:
    with pytest.raises(UnusableBars, match="no prices of MADE"):
        check_order(rows(make_bars(), slice(0, 0)))


@pytest.mark.parametrize("value", [np.nan, 0.0, -1.0, np.inf, -np.inf])
def test_it_refuses_a_newest_price_that_is_none(make_bars: MakeBars, value: float) -> None:
    with pytest.raises(UnusableBars, match="newest price of MADE"):
        find_problem(changed(make_bars(), put(-1, CLOSE, value)), **LIMITS)


def test_it_refuses_a_price_that_never_moved(make_bars: MakeBars) -> None:
    with pytest.raises(UnusableBars, match="never moved"):
        find_problem(changed(make_bars(), stand_still(600)), **LIMITS)


@pytest.mark.parametrize("value", [np.nan, 0.0, -1.0, np.inf])
def test_usable_closes_leave_out_the_impossible_ones(make_bars: MakeBars, value: float) -> None:
    bars = changed(make_bars(), put(-300, CLOSE, value))
    closes = usable_closes(bars)
    assert len(closes) == 599
    assert np.isfinite(closes).all() and (closes > 0).all()


def test_too_many_broken_closes_leave_the_model_too_little(make_bars: MakeBars) -> None:
    def only_sixty_are_left(values: Floats) -> None:
        values[:540, CLOSE] = np.nan

    assert find_problem(changed(make_bars(), only_sixty_are_left), **LIMITS) is not None


def test_a_price_can_be_tiny_or_huge(make_bars: MakeBars) -> None:
    for factor in (1e-6, 1e6):
        scaled = changed(make_bars(), scale_after(0, factor))
        assert find_problem(scaled, **LIMITS) is None


def test_until_cuts_off_the_future_and_nothing_else(make_bars: MakeBars) -> None:
    bars = make_bars()
    end = to_date(bars.sessions[-11])
    cut = bars.until(end)
    assert cut is not None
    assert cut.cutoff == end
    assert len(cut) == 590
    assert np.array_equal(cut.values, bars.values[:-10])
    weekend = bars.until(date(2021, 12, 26))
    assert weekend is not None
    assert weekend.cutoff == date(2021, 12, 24)
    assert bars.until(bars.cutoff) is bars
    assert bars.until(date(1970, 1, 1)) is None
    assert bars.until(date(1, 1, 1)) is None


def test_a_quoted_close_has_no_float32_digits(make_bars: MakeBars) -> None:
    bars = make_bars(30)
    bars.quoted_closes[-1] = np.float64(np.float32(177.57))
    assert bars.quoted_close == 177.57


def test_bars_of_nothing_but_one_session_are_still_bars(make_bars: MakeBars) -> None:
    one = make_bars(1)
    assert len(one) == 1
    assert isinstance(one.cutoff, date)
    assert one.sessions.dtype == np.dtype("datetime64[D]")


@pytest.mark.parametrize(
    ("price", "problem"), [(1e-8, Problem.EXTREME), (1e-5, None), (7e5, None), (1e10, Problem.EXTREME)]
)
def test_a_price_beyond_single_precision_silences_the_model(
    make_bars: MakeBars, price: float, problem: Problem | None
) -> None:
    bars = make_bars()
    scaled = changed(bars, lambda values: values.__imul__([*[price / bars.closes[-1]] * 4, 1]))
    assert find_problem(scaled, **LIMITS) is problem


@pytest.mark.parametrize(("ago", "problem"), [(1, Problem.EXTREME), (250, Problem.EXTREME), (510, None)])
def test_a_jump_silences_the_model_for_as_long_as_it_reads_it(
    make_bars: MakeBars, ago: int, problem: Problem | None
) -> None:
    bars = make_bars()
    jumped = changed(bars, lambda values: values.__setitem__((slice(-ago, None), slice(0, 4)), values[-ago:, :4] * 4))
    assert find_problem(jumped, **LIMITS) is problem


# ---- laws that hold for whatever a source may send

PRICE = st.one_of(st.floats(1e-3, 1e5), st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf, 1e-300, 1e300]))


@st.composite
def any_bars(draw: st.DrawFn) -> Bars:
    """A sound walk into which some arbitrary values were put."""
    count = draw(st.integers(1, 120))
    random = np.random.default_rng(draw(st.integers(0, 2**16)))
    closes = 100 * np.exp(np.cumsum(random.normal(0, 0.02, count)))
    values = np.column_stack([closes, closes * 1.01, closes * 0.99, closes, np.full(count, 1e6)])
    for row, column, value in draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, VOLUME), PRICE), max_size=5)
    ):
        values[row, column] = value
    sessions = np.datetime64("2021-01-04") + np.cumsum(
        draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))
    )
    return Bars("MADE", sessions, values, values[:, CLOSE].copy())


@given(any_bars())
def test_what_may_be_answered_from_is_finite_and_in_order(bars: Bars) -> None:
    try:
        problem = find_problem(bars, **LIMITS)
        whole = mended(bars)
    except UnusableBars as error:
        assert "MADE" in str(error)  # nothing can be said, in a sentence
        return
    assert np.isfinite(whole.values).all()
    assert (whole.values[:, : CLOSE + 1] > 0).all()
    assert (np.diff(whole.sessions).astype(int) > 0).all()
    assert whole.cutoff == bars.cutoff
    if problem is None:  # then nothing recent was mended at all
        assert np.array_equal(whole.last(21).values, bars.last(21).values)


@given(any_bars())
def test_mending_twice_is_mending_once(bars: Bars) -> None:
    try:
        once = mended(bars)
    except UnusableBars:
        return
    assert np.array_equal(mended(once).values, once.values)


@given(st.integers(200, 400), st.data())
def test_a_change_of_unit_is_found_wherever_it_is(count: int, data: st.DataObject) -> None:
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(count).normal(0, 0.02, count)))
    at, factor = data.draw(st.integers(1, count - 1)), data.draw(st.sampled_from([0.01, 100.0]))
    closes[at:] *= factor
    bars = Bars("MADE", np.datetime64("2021-01-04") + np.arange(count), np.column_stack([closes] * 5), closes)
    if count - at < FEWEST_CLOSES:
        with pytest.raises(UnusableBars, match="jump a hundredfold"):
            comparable(bars)
    else:
        assert comparable(bars).bars.quoted_closes.tolist() == closes[at:].tolist()


@given(any_bars())
def test_bars_of_one_scale_stay_whole(bars: Bars) -> None:
    prices = np.column_stack([bars.values[:, :VOLUME], bars.quoted_closes])
    if np.isfinite(prices).all() and prices.min() > 0 and prices.max() < 1.6 * prices.min():
        assert comparable(bars).bars is bars


@pytest.mark.parametrize("factor", [4.0, 10.0, 0.1, 1000.0], ids=["split", "tenfold", "reverse split", "thousandfold"])
def test_other_jumps_are_no_change_of_unit(make_bars: MakeBars, factor: float) -> None:
    bars = changed(make_bars(), scale_after(-100, factor))
    assert comparable(bars).bars is bars
