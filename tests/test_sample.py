"""The embedded sample market is what it says it is, and nobody can scribble on it."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from bellwether.core.errors import BadDate, UnknownSymbol
from bellwether.core.types import CLOSE, HIGH, LOW, MARKET_SERIES, OPEN, to_date
from bellwether.market.calendar import is_session
from bellwether.market.sample import SampleProvider
from tests.support.data import DATA

END = date(2021, 12, 31)
SYMBOLS = tuple(instrument.symbol for instrument in SampleProvider().universe())


def test_it_has_forty_companies_and_two_indices() -> None:
    assert len(set(SYMBOLS)) == 42
    assert set(MARKET_SERIES) <= set(SYMBOLS)
    assert all(instrument.name and instrument.currency == "USD" for instrument in SampleProvider().universe())


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_symbol_has_sound_bars_to_the_end_of_2021(symbol: str) -> None:
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
    assert all(is_session("XNYS", to_date(session)) for session in bars.sessions[-300:])


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
    assert "Sample data, ends 31 December 2021" in provider.note


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
