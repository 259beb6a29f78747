"""The embedded sample market: 40 companies and two indices, 2010 to March 2024, so that everything works offline."""

from datetime import date
from functools import cache, lru_cache
from importlib.resources import as_file, files
from io import BytesIO
from typing import Any

import numpy as np

from bellwether.core.announcement import Announcement
from bellwether.core.errors import BadDate, UnknownSymbol
from bellwether.core.i18n.numbers import spoken_day
from bellwether.core.i18n.translate import said
from bellwether.core.types import CLOSE, SAMPLE, Bars, Instrument
from bellwether.market.kept_state import MOST_PARTS
from bellwether.market.symbols.universe import listed, near_symbols
from bellwether.market.universe_state import DailyState, StateBars

STATE_FILE = "sample_state.npz"
ENDS = date(2024, 3, 8)  #: the last session, for good


def open_source(_: object) -> "SampleProvider":
    """The sample market; nothing of it can be set."""
    return SampleProvider()


class SampleProvider:
    """Bars from the package itself. They end on 2024-03-08 for good, which every answer says."""

    name = "sample"
    live = False
    note: str = said("Sample data, ends {day}: to try Bellwether out, not today's market.", day=spoken_day(ENDS))

    def describe(self) -> str:
        """The market in words."""
        return said("the sample market")

    def instrument(self, symbol: str) -> Instrument:
        """Look a symbol up among the 42."""
        if symbol not in _symbols():
            raise UnknownSymbol(symbol, near_symbols(symbol, self.universe()), self.describe())
        return listed()[symbol]

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars up to and including `end`."""
        self.instrument(symbol)
        whole = _bars(symbol)
        bars = whole.until(end)
        if bars is None:
            raise BadDate(
                said(
                    "The sample market's prices of {symbol} begin on {first}; there are none up to {day}.",
                    symbol=symbol,
                    first=whole.sessions[0],
                    day=end,
                )
            )
        return bars

    def announcements(self, symbol: str) -> tuple[Announcement, ...]:
        """The days on which a company reported, of some of the 42."""
        return _reports().get(symbol, ())

    def universe_state(self, end: date) -> StateBars:
        """How the sample's stocks moved together up to a session: shipped, for it never changes."""
        return _state_until(min(end, ENDS))

    def universe(self) -> tuple[Instrument, ...]:
        """All 42 instruments."""
        return tuple(listed()[symbol] for symbol in _symbols())


@lru_cache(maxsize=MOST_PARTS)
def _state_until(end: date) -> StateBars:
    """The same objects for the same session: whoever compares them need not read them."""
    return tuple(None if series is None else series.until(end) for series in _state())


@cache
def _state() -> StateBars:
    """How the sample's stocks moved together; `sample_state` makes the file from the bars."""
    packed = (files("bellwether.market") / "data" / STATE_FILE).read_bytes()
    with np.load(BytesIO(packed)) as archive:
        return DailyState(
            archive["days"].astype("datetime64[D]"), archive["state"].astype(np.float64), archive["stocks"]
        ).as_series()


@cache
def _reports() -> dict[str, tuple[Announcement, ...]]:
    from bellwether.market.earnings.file import read_announcements  # most commands ask for none

    with as_file(files("bellwether.market") / "data" / "sample_reports.csv") as file:
        return read_announcements(file, SAMPLE)


@cache
def _archive() -> dict[str, Any]:
    """The arrays of the file, 2.5 MB: `symbols`, `days`, and of each symbol `begins` and `bars` as columns."""
    packed = (files("bellwether.market") / "data" / "sample_prices.npz").read_bytes()
    with np.load(BytesIO(packed)) as archive:
        return dict(archive)


@cache
def _symbols() -> dict[str, int]:
    """Which of the arrays' rows is whose."""
    return {str(symbol): row for row, symbol in enumerate(_archive()["symbols"])}


@cache
def _bars(symbol: str) -> Bars:
    """One symbol's bars, unpacked; all 42 at once would take 8 MB more."""
    archive, row = _archive(), _symbols()[symbol]
    listed_since = slice(int(archive["begins"][row]), None)
    values = archive["bars"][row, :, listed_since].astype(np.float64).T  # columns are read, rows are not
    sessions = archive["days"][listed_since].astype("datetime64[D]")
    return Bars(symbol, sessions, values, values[:, CLOSE]).sealed()
