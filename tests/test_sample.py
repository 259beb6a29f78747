"""The embedded sample market is what it says it is, and nobody can scribble on it."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from bellwether.core.errors import BadDate, UnknownSymbol
from bellwether.core.types import CLOSE, HIGH, LOW, MARKET_SERIES, OPEN, to_date
from bellwether.market.calendar import is_session, last_closed_session, session_after
from bellwether.market.sample import SampleProvider
from tests.support.data import DATA
from tests.support.sample import SAMPLE_BEFORE, SAMPLE_LAST, SAMPLE_NEXT_MORNING, SAMPLE_NIGHT, SAMPLE_NOTE

END = SAMPLE_LAST
SYMBOLS = tuple(instrument.symbol for instrument in SampleProvider().universe())


def test_it_has_forty_companies_and_two_indices() -> None:
    assert len(set(SYMBOLS)) == 42
    assert set(MARKET_SERIES) <= set(SYMBOLS)
    assert all(instrument.name and instrument.currency == "USD" for instrument in SampleProvider().universe())


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_symbol_has_sound_bars_to_the_end_of_the_sample(symbol: str) -> None:
    bars = SampleProvider().bars(symbol, date(2030, 1, 1))
    assert bars.cutoff == END
    assert bars.symbol == symbol
    assert len(bars) > 2000
    assert bars.values.dtype == np.float64
    assert np.isfinite(bars.values).all()
    assert (bars.values[:, : CLOSE + 1] > 0).all()
    assert (np.diff(bars.sessions).astype(int) > 0).all()
    assert (bars.values[:, HIGH] * 1.001 >= bars.values[:, [OPEN, CLOSE]].max(axis=1)).all()
    assert (bars.values[:, LOW] <= bars.values[:, [OPEN, CLOSE]].min(axis=1) * 1.001).all()
    assert np.array_equal(bars.quoted_closes, bars.closes)
    assert all(is_session("XNYS", to_date(session)) for session in bars.sessions[-900:])


def test_the_days_that_tests_lean_on_are_its_last_ones() -> None:
    assert session_after("XNYS", SAMPLE_LAST, -1) == SAMPLE_BEFORE
    assert last_closed_session("XNYS", SAMPLE_NIGHT) == last_closed_session("XNYS", SAMPLE_NEXT_MORNING) == SAMPLE_LAST


@pytest.mark.parametrize(
    ("symbol", "day"),
    [
        ("NVDA", "2021-07-20"),
        ("AMZN", "2022-06-06"),
        ("GOOGL", "2022-07-18"),
        ("TSLA", "2022-08-25"),
        ("WMT", "2024-02-26"),
        *((symbol, "2022-01-03") for symbol in SYMBOLS),  # the first day of the second table it was made from
    ],
)
def test_neither_a_split_nor_the_join_of_its_two_tables_leaves_a_step(symbol: str, day: str) -> None:
    bars = SampleProvider().bars(symbol, END)
    (at,) = np.flatnonzero(bars.sessions == np.datetime64(day))
    assert abs(np.log(bars.closes[at] / bars.closes[at - 1])) < 0.14
    assert abs(np.log(bars.values[at, OPEN] / bars.closes[at - 1])) < 0.09


def test_nobody_can_change_what_everybody_shares() -> None:
    bars = SampleProvider().bars("AAPL", END)
    early = SampleProvider().bars("AAPL", date(2015, 1, 2))
    for array in (bars.values, bars.sessions, bars.quoted_closes, early.values, early.sessions, bars.closes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_it_shows_nothing_after_the_day_asked_for() -> None:
    bars = SampleProvider().bars("AAPL", date(2020, 7, 4))  # a Saturday after a holiday
    assert bars.cutoff == date(2020, 7, 2)
    assert SampleProvider().bars("AAPL", date(2010, 1, 4)).cutoff == date(2010, 1, 4)


@pytest.mark.parametrize("end", [date(2010, 1, 3), date(1, 1, 1)])
def test_it_says_when_its_prices_begin(end: date) -> None:
    with pytest.raises(BadDate, match=f"AAPL begin on 2010-01-04; there are none up to {end}"):
        SampleProvider().bars("AAPL", end)


@pytest.mark.parametrize("symbol", ["NOPE", "aapl", "", "^", "AAPL/bars"])
def test_it_knows_no_other_symbol(symbol: str) -> None:
    with pytest.raises(UnknownSymbol, match="the sample market"):
        SampleProvider().bars(symbol, END)
    with pytest.raises(UnknownSymbol):
        SampleProvider().instrument(symbol)


def test_it_says_with_every_answer_that_it_is_a_sample() -> None:
    provider = SampleProvider()
    assert not provider.live
    assert SAMPLE_NOTE in provider.note


def test_each_year_of_each_company_equals_the_table_it_was_made_from() -> None:
    """The means hold every bar of a year: a price off by a hundredth of a percent moves one of them too far."""
    table = pd.read_csv(DATA / "sample_years.csv")
    assert set(table["symbol"]) == set(SYMBOLS) - set(MARKET_SERIES)
    for symbol, years in table.groupby("symbol"):
        bars = SampleProvider().bars(str(symbol), END)
        ours = pd.DataFrame(bars.values, columns=["open", "high", "low", "close", "volume"])
        ours = ours.groupby(bars.sessions.astype("datetime64[Y]").astype(int) + 1970).agg(
            sessions=("close", "size"),
            open=("open", "first"),
            high=("high", "max"),
            low=("low", "min"),
            close=("close", "last"),
            mean_open=("open", "mean"),
            mean_high=("high", "mean"),
            mean_low=("low", "mean"),
            mean_close=("close", "mean"),
            volume=("volume", "sum"),
        )
        assert list(ours.index) == list(years["year"])
        theirs = years.drop(columns=["symbol", "year"])
        assert list(theirs.columns) == list(ours.columns)
        assert np.allclose(ours, theirs, rtol=2e-7, atol=0)
