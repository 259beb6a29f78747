"""Faults put into made-up tables, through the real yfinance: the same range as without them, or a reason for none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bellwether.core.errors import DamagedAnswer, DoubtfulBars, NoPrices
from bellwether.core.types import CLOSE, Q10, Q90, Bars, Floats, ForecastInputs, Origin
from bellwether.forecasting.forecaster import make_outlook
from bellwether.market.scale import comparable
from bellwether.market.yahoo.price_repair import MOST_DIVIDENDS, repaired
from bellwether.market.yahoo.source import YahooSource
from tests.support.yahoo_damage import PRICES, chart_of, made_up_table, scaled, told, with_adjusted
from tests.support.yahoo_server import YahooServer

END = date(2026, 11, 20)
SESSIONS = 300
WIDER = 0.02  #: by how much a range made of a repaired table may be wider or narrower than the right one


@pytest.fixture(scope="module")
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        yield server


@pytest.fixture(scope="module")
def source(server: YahooServer) -> YahooSource:
    return YahooSource(base_url=server.base_url)


def bars_of(server: YahooServer, source: YahooSource, table: pd.DataFrame, symbol: str = "MADE", **meta: Any) -> Bars:
    """What comes of a table, with what is known of it."""
    server.add_chart(symbol, chart_of(symbol, table, **meta))
    came = source.fetch(symbol, END - timedelta(days=2000), END, 60).repaired()
    return replace(came.bars, origin=Origin("yahoo", True, "", came.instrument, came.doubtful))


def widths(bars: Bars) -> Floats:
    """Of the plain rule's 8-in-10 range at every horizon, as log. Raises DoubtfulBars."""
    origin = bars.origin
    assert origin is not None
    assert origin.instrument is not None
    outlook = make_outlook(
        ForecastInputs(origin.instrument, comparable(bars).bars, (None, None), "yahoo", "", None), None
    )
    return outlook.log_returns[:, Q90] - outlook.log_returns[:, Q10]


# ---- splits

RATIOS = (2.0, 3.0, 1.5, 4.0, 7.0, 10.0, 20.0, 0.5, 0.1, 0.05, 0.4406)


def lacking(table: pd.DataFrame, where: str, split: int, ratio: float, stretch: int) -> pd.DataFrame:
    """A table with prices of before the row `split` not, not everywhere, or twice adjusted."""
    first = max(0, split - stretch)
    return {
        "everywhere": lambda: scaled(table, slice(0, split), ratio),
        "twice": lambda: scaled(table, slice(0, split), 1 / ratio),
        "in a stretch": lambda: scaled(table, slice(first, split), ratio),
        "on one day": lambda: scaled(table, [split - 1], ratio),
        "in the adjusted close": lambda: scaled(table, slice(0, split), ratio, ["Adj Close"]),
        "in the quoted prices": lambda: scaled(table, slice(0, split), ratio, PRICES),
        "nowhere": lambda: table,
    }[where]()


# each example costs two answers of a server: one that fails is shown as it came up, not made smaller for minutes
@settings(
    deadline=None,
    max_examples=30,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# yfinance passes over the fall at which this stretch begins
@example(where="in a stretch", ratio=0.4406, back=1, late=0, stretch=43, daily=0.006, seed=754)
@given(
    where=st.sampled_from(
        [
            "everywhere",
            "twice",
            "in a stretch",
            "on one day",
            "in the adjusted close",
            "in the quoted prices",
            "nowhere",
        ]
    ),
    ratio=st.sampled_from(RATIOS),
    back=st.integers(1, 150),
    late=st.integers(-2, 2),
    stretch=st.integers(2, 100),
    daily=st.sampled_from([0.006, 0.015, 0.03]),
    seed=st.integers(0, 1000),
)
def test_a_told_split_that_is_missing_from_prices_leaves_the_range_as_it_was_or_none(
    server: YahooServer, source: YahooSource, where: str, ratio: float, back: int, late: int, stretch: int,
    daily: float, seed: int,
) -> None:  # fmt: skip
    right = made_up_table(SESSIONS, last=END, seed=seed, daily=daily)
    split = SESSIONS - back
    begins = min(max(split + late, 1), SESSIONS - 1)
    damaged = lacking(told(right, split, ratio), where, begins, ratio, stretch)
    wanted = widths(bars_of(server, source, right))
    try:
        got = widths(bars_of(server, source, damaged))
    except DoubtfulBars as silent:
        assert where != "nowhere"
        assert "split" in str(silent)
        return
    assert float(np.abs(got / wanted - 1).max()) < WIDER


@pytest.mark.parametrize("ratio", [4.0, 0.1, 1.5])
@pytest.mark.parametrize("back", [1, 2, 40])
@pytest.mark.parametrize("dividends", [1.0, None], ids=["in new shares", "in old shares"])
def test_a_plain_split_is_put_into_all_prices_and_the_volume(
    server: YahooServer, source: YahooSource, ratio: float, back: int, dividends: float | None
) -> None:
    right = made_up_table(SESSIONS, last=END)
    split = SESSIONS - back
    damaged = scaled(told(right, split, ratio), slice(0, split), ratio)
    damaged = scaled(damaged, slice(0, split), dividends or ratio, ["Dividends"])
    bars = bars_of(server, source, damaged)
    whole = bars_of(server, source, right)
    assert np.allclose(bars.values, whole.values, rtol=1e-4)
    assert np.allclose(bars.quoted_closes, whole.quoted_closes, rtol=1e-4)
    assert bars.origin is not None
    assert bars.origin.doubtful is None


def test_a_small_ratio_that_may_as_well_be_a_move_is_silent_and_says_why(
    server: YahooServer, source: YahooSource
) -> None:
    split = SESSIONS - 2
    damaged = scaled(told(made_up_table(SESSIONS, last=END, daily=0.012), split, 1.05), slice(0, split), 1.05)
    bars = bars_of(server, source, damaged)
    assert bars.origin is not None
    assert bars.origin.doubtful == damaged.index[split].date()
    with pytest.raises(DoubtfulBars, match=r"There was a split of MADE about .* and it is not clear whether"):
        comparable(bars)


@pytest.mark.parametrize("fall", [0.5, 0.25, 0.9])
def test_a_real_fall_is_never_put_right(server: YahooServer, source: YahooSource, fall: float) -> None:
    """Nobody told of a split: prices stay what they are, and where it looks like one the model is silent."""
    right = made_up_table(SESSIONS, last=END)
    crash = scaled(right, slice(SESSIONS - 30, SESSIONS), fall, [*PRICES, "Adj Close"])
    bars = bars_of(server, source, crash)
    assert np.allclose(bars.quoted_closes, crash["Close"], rtol=1e-9)


@pytest.mark.parametrize("daily", [0.015, 0.03])
@pytest.mark.parametrize(
    ("ratio", "told_back", "move", "move_back"),
    [
        (0.25, 5, 0.25, 100),
        (0.25, 5, 0.26, 60),
        (0.1, 3, 0.1, 120),
        (0.2, 5, 0.2, 30),
        (1.5, 5, 1.5, 100),
        (1.5, 5, 0.667, 150),
        (2.0, 5, 0.5, 20),
        (3.0, 40, 1 / 3, 80),
        (2.0, 200, 2.0, 230),
        (1.5, 6, 0.667, 3),
        (1.25, 6, 0.8, 3),
        (2.0, 40, 0.5, 36),
        (4.0, 40, 0.25, 43),
        (0.25, 30, 4.0, 26),
    ],
)
@pytest.mark.parametrize("is_whole", [True, False], ids=["split in prices", "split missing from them"])
def test_a_real_move_of_a_told_splits_ratio_is_never_taken_out(
    server: YahooServer, source: YahooSource, daily: float, ratio: float, told_back: int, move: float, move_back: int,
    is_whole: bool,
) -> None:  # fmt: skip
    split, moved = SESSIONS - told_back, SESSIONS - move_back
    crash = scaled(made_up_table(SESSIONS, last=END, daily=daily), slice(moved, SESSIONS), move, [*PRICES, "Adj Close"])
    damaged = told(crash, split, ratio)
    if not is_whole:
        damaged = scaled(damaged, slice(0, split), ratio)
    bars = bars_of(server, source, damaged)
    assert bars.origin is not None
    doubtful = bars.origin.doubtful
    wanted = np.log(crash["Close"].to_numpy())
    got = np.log(bars.quoted_closes)
    since = 0 if doubtful is None else int(np.searchsorted(bars.sessions, np.datetime64(doubtful)))
    assert np.allclose(np.diff(got[since:]), np.diff(wanted[since:]), atol=1e-4)
    if is_whole:
        assert np.allclose(got, wanted, atol=1e-9)
        assert (doubtful is None) == (abs(moved - split) > 10)


def test_a_move_far_from_a_told_split_that_was_taken_back_is_no_stretch_of_damage(
    server: YahooServer, source: YahooSource
) -> None:
    """A price that doubles and halves again a month later did so, though a split of two for one comes later."""
    doubled = scaled(
        made_up_table(SESSIONS, last=END), slice(SESSIONS - 90, SESSIONS - 70), 2.0, [*PRICES, "Adj Close"]
    )
    bars = bars_of(server, source, told(doubled, SESSIONS - 15, 2.0))
    assert np.allclose(bars.quoted_closes, doubled["Close"], rtol=1e-9)
    assert bars.origin is not None
    assert bars.origin.doubtful is None


@pytest.mark.parametrize("stretch", [1, 3, 30])
def test_a_step_in_only_one_of_quoted_and_adjusted_closes_is_no_move_however_far_off(
    server: YahooServer, source: YahooSource, stretch: int
) -> None:
    right = told(made_up_table(SESSIONS, last=END), SESSIONS - 20, 4.0)
    wanted = bars_of(server, source, right)
    bars = bars_of(server, source, scaled(right, slice(SESSIONS - 90, SESSIONS - 90 + stretch), 4.0, ["Adj Close"]))
    assert np.allclose(bars.closes, wanted.closes, rtol=2e-3)


# ---- dividends and gains


def _without_adjustment(table: pd.DataFrame) -> pd.DataFrame:
    """The newest dividend is told, and missing from the adjusted close."""
    at = int(np.flatnonzero(table["Dividends"])[-1])
    factor = 1 - table["Dividends"].iloc[at] / table["Close"].iloc[at - 1]
    return scaled(table, slice(0, at), 1 / factor, ["Adj Close"])


def _hundredfold(table: pd.DataFrame) -> pd.DataFrame:
    """The newest dividend is a hundred times too big, in the adjusted close too."""
    at = int(np.flatnonzero(table["Dividends"])[-1])
    share = table["Dividends"].iloc[at] / table["Close"].iloc[at - 1]
    table = scaled(table, slice(0, at), (1 - 100 * share) / (1 - share), ["Adj Close"])
    table.iloc[at, table.columns.get_loc("Dividends")] *= 100
    return table


def _yearly(table: pd.DataFrame, share: float) -> pd.DataFrame:
    """A table with one dividend of this share of the price."""
    at = SESSIONS - 40
    before = table["Close"].iloc[at - 1]
    table = table.copy()
    table["Dividends"] = 0.0
    table["Adj Close"] = table["Close"]
    table = scaled(table, slice(at, SESSIONS), 1 - share, [*PRICES, "Adj Close"])
    table.iloc[at, table.columns.get_loc("Dividends")] = share * before
    return scaled(table, slice(0, at), 1 - share, ["Adj Close"])


@pytest.mark.parametrize(("damage", "share"), [(_without_adjustment, 0.05), (_hundredfold, 0.006)])
def test_a_dividend_that_is_missing_or_of_the_wrong_size_is_put_right(
    server: YahooServer, source: YahooSource, damage: Any, share: float
) -> None:
    right = _yearly(made_up_table(SESSIONS, last=END, daily=0.01), share)
    wanted = bars_of(server, source, right)
    damaged = damage(right)
    assert np.abs(np.diff(np.log(damaged["Adj Close"])) - np.diff(np.log(wanted.closes))).max() > 0.04
    bars = bars_of(server, source, damaged)
    assert np.allclose(bars.closes, wanted.closes, rtol=2e-3)


def test_capital_gains_that_are_counted_twice_are_put_right(server: YahooServer, source: YahooSource) -> None:
    right = made_up_table(SESSIONS, last=END, daily=0.004)
    right["Dividends"], right["Capital Gains"], right["Adj Close"] = 0.0, 0.0, right["Close"]
    at, before = SESSIONS - 40, right["Close"].iloc[SESSIONS - 41]
    right = scaled(right, slice(at, SESSIONS), 0.92, [*PRICES, "Adj Close"])
    right.loc[right.index[at], ["Dividends", "Capital Gains"]] = 0.08 * before, 0.07 * before  # 0.07 in both
    twice = scaled(right, slice(0, at), 1 - 0.15, ["Adj Close"])
    right = scaled(right, slice(0, at), 0.92, ["Adj Close"])
    bars = bars_of(server, source, twice, "FUND")
    assert np.allclose(bars.closes, right["Adj Close"], rtol=1e-3)


# ---- where nothing is wrong


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("symbol", ["MADE", "MADE.L", "MADE.T"])
def test_nothing_is_changed_where_nothing_is_wrong(
    server: YahooServer, source: YahooSource, symbol: str, seed: int
) -> None:
    table = told(made_up_table(SESSIONS, last=END, seed=seed, daily=0.03), 100 + seed, 2.0)
    bars = bars_of(server, source, table, symbol)
    assert bars.quoted_closes.tolist() == table["Close"].tolist()
    assert np.allclose(bars.closes, table["Adj Close"], rtol=1e-12)
    assert bars.values[:, 4].tolist() == table["Volume"].tolist()
    assert comparable(bars).bars is bars


def test_a_repair_that_fails_leaves_the_prices_as_they_came() -> None:
    no_such_repairs = SimpleNamespace(
        ticker="MADE", _history_metadata={"currency": "USD", "exchangeTimezoneName": "America/New_York"}
    )
    table = told(made_up_table(60, last=END), 30, 1.0)
    same, doubtful = repaired(no_such_repairs, table)
    assert same.equals(table)
    assert doubtful is None


def test_only_the_newest_dividends_are_looked_at_however_many_there_are(
    server: YahooServer, source: YahooSource
) -> None:
    weekly = made_up_table(900, last=END, daily=0.01)
    weekly["Dividends"] = 0.0
    weekly.loc[weekly.index[5::5], "Dividends"] = 0.002 * weekly["Close"].to_numpy()[4:-1:5]
    weekly = with_adjusted(weekly)
    right = bars_of(server, source, weekly)
    bars = bars_of(server, source, _hundredfold(weekly))
    assert (weekly["Dividends"] != 0).sum() > MOST_DIVIDENDS
    assert np.allclose(bars.closes, right.closes, rtol=2e-3)


def test_a_repair_that_raises_is_damage_of_this_symbol_and_not_an_outage(
    server: YahooServer, source: YahooSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add_chart("MADE", chart_of("MADE", made_up_table(60, last=END)))
    came = source.fetch("MADE", END - timedelta(days=99), END, 5)

    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bellwether.market.yahoo.price_repair._sound_rows", fail)
    with pytest.raises(DamagedAnswer, match="sends prices of MADE that cannot be read"):
        came.repaired()


def test_a_yfinance_without_the_repairs_is_said_once_and_by_name(
    source: YahooSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert source.faults() == []
    monkeypatch.delattr("yfinance.scrapers.history.PriceHistory._fix_bad_div_adjust")
    assert "has no _fix_bad_div_adjust" in source.faults()[0]


# ---- broken closes


@pytest.mark.parametrize("close", [0.0, -3.0, np.nan])
@pytest.mark.parametrize("alone", [True, False], ids=["the close alone", "all prices"])
def test_a_broken_newest_close_is_a_bar_and_not_the_day_before(
    server: YahooServer, source: YahooSource, close: float, alone: bool
) -> None:
    table = made_up_table(SESSIONS, last=END)
    table.loc[table.index[-1], ["Close"] if alone else [*PRICES, "Adj Close"]] = close
    bars = bars_of(server, source, table)
    assert bars.cutoff == END
    with pytest.raises(DoubtfulBars, match="The newest price of MADE is missing or impossible; please try again later"):
        widths(bars)
    assert not bars.closes[-1] > 0
    assert np.isfinite(bars.values[:-1]).all()


def test_a_day_without_any_price_or_trade_is_no_session(server: YahooServer, source: YahooSource) -> None:
    table = made_up_table(SESSIONS, last=END)
    table.iloc[[-1, -9], :6] = np.nan
    bars = bars_of(server, source, table)
    assert len(bars) == SESSIONS - 2
    assert bars.cutoff < END
    assert (bars.values[:, CLOSE] > 0).all()


def test_a_table_without_one_sound_close_has_no_prices(server: YahooServer, source: YahooSource) -> None:
    table = made_up_table(30, last=END)
    table.loc[:, [*PRICES, "Adj Close"]] = 0.0
    with pytest.raises(NoPrices):
        bars_of(server, source, table)
