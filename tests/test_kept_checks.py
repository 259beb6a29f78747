"""Bars that cannot change are checked once, and anything else about them is checked anew."""

import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

from bellwether.core.errors import DoubtfulBars
from bellwether.core.types import CLOSE, VOLUME, Bars, Origin, to_date
from bellwether.market.bars import mended
from bellwether.market.file import FileProvider
from bellwether.market.kept_checks import kept_with_bars
from bellwether.market.sample import SampleProvider
from bellwether.market.scale import index_levels, recent_comparable
from tests.conftest import MakeBars
from tests.support.sample import SAMPLE_LAST

LAST = SAMPLE_LAST


def counted() -> tuple[Callable[[Bars, int], float], list[int]]:
    """A check of bars, and the rows that it was asked about."""
    asked: list[int] = []

    @kept_with_bars
    def check(bars: Bars, row: int) -> float:
        asked.append(row)
        return float(bars.closes[row])

    return check, asked


def test_bars_that_cannot_change_are_checked_once(make_bars: MakeBars) -> None:
    bars, (check, asked) = make_bars().sealed(), counted()
    assert check(bars, 3) == check(bars, 3) == bars.closes[3]
    check(bars, 4)
    assert asked == [3, 4]


def test_bars_that_may_change_are_checked_every_time(make_bars: MakeBars) -> None:
    bars, (check, _) = make_bars(), counted()
    before = check(bars, 3)
    bars.values[3, CLOSE] *= 2
    assert check(bars, 3) == 2 * before


def test_other_bars_of_the_symbol_are_checked_anew(make_bars: MakeBars) -> None:
    bars, (check, asked) = make_bars().sealed(), counted()
    told = replace(bars, origin=Origin("yahoo", True, "", doubtful=LAST))
    for each in (bars, bars.part(slice(None)), bars.last(100), told):
        check(each, 3)
    assert asked == [3] * 4


def test_a_check_that_fails_is_made_again(make_bars: MakeBars) -> None:
    bars, asked = make_bars().sealed(), []

    @kept_with_bars
    def check(bars: Bars) -> None:
        asked.append(bars)
        raise DoubtfulBars("no")

    for _ in range(2):
        with pytest.raises(DoubtfulBars):
            check(bars)
    assert len(asked) == 2


def test_results_keep_no_bars_alive(make_bars: MakeBars) -> None:
    bars = make_bars(3000).sealed()
    assert index_levels(bars, 1.58) is bars
    recent = recent_comparable(bars, 2520).bars
    assert recent is recent_comparable(bars, 2520).bars
    assert np.array_equal(recent.values, bars.values[-2520:])
    there = ref(bars)
    del bars
    gc.collect()
    assert there() is None


def test_mended_bars_are_shared_and_cannot_be_changed(make_bars: MakeBars) -> None:
    bars = make_bars()
    bars.values[3, VOLUME] = np.nan
    whole = mended(bars.sealed())
    assert whole is mended(bars) and whole.values[3, VOLUME] == 0
    with pytest.raises(ValueError, match="read-only"):
        whole.values[3, CLOSE] = 1


def test_a_split_that_is_told_later_is_seen_at_once(make_bars: MakeBars) -> None:
    bars = make_bars(600).sealed()
    assert not recent_comparable(bars, 2520).is_cut
    doubtful = to_date(bars.sessions[300])
    told = recent_comparable(replace(bars, origin=Origin("yahoo", True, "", doubtful=doubtful)), 2520)
    assert told.is_cut
    assert len(told.bars) == 300


def test_markets_on_this_machine_hand_out_the_same_bars_again(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nAAPL,2021-12-30,1,1,1,1,9\nAAPL,2021-12-31,2,2,2,2,9\n")
    for market in (SampleProvider(), FileProvider([file])):
        assert market.bars("AAPL", LAST) is market.bars("AAPL", LAST)
        assert market.bars("AAPL", date(2021, 12, 30)).cutoff == date(2021, 12, 30)
