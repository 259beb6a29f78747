"""The files of the sample market made again: prices from tables, days of reports from what may be embedded."""

from importlib.resources import files
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from bellwether.market.sample import SampleProvider
from tests.support.sample import SAMPLE_LAST
from training.sample_prices import packed
from training.sample_reports import sample_rows


def price_tables() -> list[pd.DataFrame]:
    """All of the sample as training reads prices: in two tables, the second one up to its end."""
    market, parts = SampleProvider(), []
    for instrument in market.universe():
        bars = market.bars(instrument.symbol, SAMPLE_LAST)
        part = pd.DataFrame(bars.values, columns=["open", "high", "low", "close", "volume"])
        parts.append(part.assign(symbol=instrument.symbol, date=bars.sessions))
    whole = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=1)  # nothing leans on the order of rows
    early = whole["date"] < "2022-01-01"
    return [whole[early], whole[~early]]


def test_its_prices_made_again_from_tables_are_the_same() -> None:
    made = packed(price_tables())
    with np.load(BytesIO((files("bellwether.market") / "data" / "sample_prices.npz").read_bytes())) as shipped:
        assert set(made) == set(shipped.files)
        for name in shipped.files:
            assert made[name].dtype == shipped[name].dtype
            assert np.array_equal(made[name], shipped[name]), name


def test_tables_that_do_not_make_a_whole_market_are_refused() -> None:
    early, late = price_tables()
    with pytest.raises(ValueError, match="The tables end on 2021-12-31; the sample market ends on 2024-03-08"):
        packed([early])
    with pytest.raises(ValueError, match="KO does not have one whole bar of each session since its first"):
        packed([early, late[(late["symbol"] != "KO") | (late["date"] != "2023-05-02")]])
    with pytest.raises(ValueError, match="KO does not"):
        packed([early, late, late[(late["symbol"] == "KO") & (late["date"] == "2023-05-02")]])
    with pytest.raises(ValueError, match="KO does not"):
        packed([early, late.assign(high=late["high"].where(late["symbol"] != "KO"))])


def test_only_days_of_reports_that_may_be_embedded_are() -> None:
    rows = [
        ("MSFT", "2024-03-08", "amc", "yahoo"),
        ("AAPL", "2024-02-01", "amc", "yahoo"),
        ("AAPL", "2023-11-02", "", "yahoo"),
        ("AAPL", "2023-08-03", "amc", "8-K+yahoo"),  # an 8-K's day is under no licence, nor is one that it confirms
        ("AAPL", "2023-05-04", "amc", "8-K"),
        ("MSFT", "2024-03-11", "amc", "yahoo"),  # after the last session
        ("NOPE", "2024-02-01", "amc", "yahoo"),
    ]
    table = pd.DataFrame(rows, columns=["symbol", "date", "time_of_day", "source"])
    assert sample_rows(table).to_numpy().tolist() == [
        ["AAPL", "2023-11-02", ""],
        ["AAPL", "2024-02-01", "amc"],
        ["MSFT", "2024-03-08", "amc"],
    ]
