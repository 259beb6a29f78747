"""What becomes of the recorded tables with faults: measured through yfinance and a local server, as docs tell it.

python -m tests.support.yahoo_faults     prints the table for docs/market-data.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import click
import numpy as np
import pandas as pd

from bellwether.core.errors import UnusableBars
from bellwether.core.types import Q10, Q90, Bars, Floats, ForecastInputs, Origin
from bellwether.forecasting.forecaster import make_outlook
from bellwether.market.provider import Fetched
from bellwether.market.scale import comparable
from bellwether.market.yahoo.source import YahooSource
from tests.support.data import DATA
from tests.support.yahoo_damage import Pair, chart_of, pairs
from tests.support.yahoo_server import YahooServer

FOLDER = DATA / "yahoo_faults"
SAME = 1e-3  #: log: two daily moves that differ by less are the same
HORIZON = 10


@dataclass(frozen=True)
class Measured:
    """One pair: how far its daily moves are off, and what is said of it."""

    pair: Pair
    given: float  #: the largest difference of a daily move from the right one, as log, where nothing is repaired
    left: float  #: the same after our repair; NaN where nothing is answered
    reason: str  #: why there is no answer; empty where there is one
    range_off: float  #: width of the 8-in-10 range against that of the right table, less 1; NaN where either has none

    @property
    def repaired(self) -> bool:
        """Whether nothing of the fault is left."""
        return self.left < SAME

    @property
    def outcome(self) -> str:
        """In a word, for the table."""
        if self.reason and not self.repaired:
            return "silent"
        if not self.repaired:
            return "OFF"
        return "untouched" if self.given < SAME else "repaired"

    @property
    def row(self) -> str:
        """The row of the table in docs."""
        given = "right" if self.given < SAME else f"a day's move off by {_share(self.given)}"
        after = {"repaired": "repaired", "untouched": "untouched", "silent": "silent"}.get(self.outcome, "OFF")
        why = self.reason or "answers"
        return f"| {self.pair.symbol} | {self.pair.fault} | {given} | {after} | {why} |"


def _share(log: float) -> str:
    if not np.isfinite(log):
        return "more than can be said"
    times = np.exp(log)
    if times < 2:
        return f"{times - 1:.1%}"
    return f"{times:.3g} times" if times < 10 else f"{round(times):,} times"


def measure_all() -> Iterator[Measured]:
    """Every recorded pair."""
    with YahooServer() as server:
        source = YahooSource(base_url=server.base_url)
        for pair in pairs(FOLDER):
            yield measure(pair, server, source)


def measure(pair: Pair, server: YahooServer, source: YahooSource) -> Measured:
    """One pair, asked for through yfinance."""
    server.add_chart(pair.symbol, chart_of(pair.symbol, pair.bad))
    first, last = (pair.bad.index[at].date() for at in (0, -1))
    came = source.fetch(pair.symbol, first, last + timedelta(days=1), 5).repaired()
    given, right = (_adjusted(table, came.bars) for table in (pair.bad, pair.right))
    bars = replace(came.bars, origin=Origin("yahoo", True, "", came.instrument, came.doubtful))
    left, reason, width = np.nan, "", np.nan
    try:
        bars = comparable(bars).bars
        left = _off(bars.closes, right[-len(bars) :])
        width = _width(bars, came)
    except UnusableBars as problem:
        reason = str(problem)
    known = replace(came.bars, values=came.bars.values.copy())
    known.values[:, 3] = right
    try:
        right_width = _width(known, came)
    except UnusableBars:
        right_width = np.nan
    return Measured(pair, _off(given, right), left, reason, width / right_width - 1)


def _adjusted(table: pd.DataFrame, bars: Bars) -> Floats:
    """The adjusted closes of a table on the sessions of some bars: days without a price are none."""
    closes = table["Adj Close"].reindex(pd.DatetimeIndex(bars.sessions)).to_numpy(np.float64)
    return np.where(np.isfinite(closes) & (closes > 0), closes, np.nan)


def _off(closes: Floats, right: Floats) -> float:
    """The largest difference between two series' daily moves, as log; a move that cannot be read is infinitely off."""
    ours, theirs = np.diff(np.log(closes)), np.diff(np.log(right))
    off = np.abs(ours - theirs)
    return float(np.where(np.isfinite(off), off, np.inf).max())


def _width(bars: Bars, came: Fetched) -> float:
    """Width of the plain rule's 8-in-10 range, as log: it follows from the daily moves alone."""
    known = ForecastInputs(came.instrument, bars, (None, None), "yahoo", "", None)
    row = make_outlook(known, None).log_returns[HORIZON - 1]
    return float(row[Q90] - row[Q10])


HEAD = "| symbol | fault | as given | after repair | then |\n|---|---|---|---|---|"


def table() -> str:
    """The table for docs."""
    return "\n".join([HEAD, *(one.row for one in measure_all())])


if __name__ == "__main__":
    click.echo(table())
