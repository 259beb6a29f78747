"""All symbols in one long array, so that any window of bars is one contiguous slice.

Each symbol is preceded by CONTEXT_LENGTH - 1 rows of zeros: a window that begins before the first bar reads zeros
there, which is exactly what the graph expects of a short history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.core.types import HEADS, MARKET_SERIES, MAX_HORIZON, Bars, Floats, Sessions
from bellwether.forecasting.inputs import Float32s, align_closes
from bellwether.market.file import frame_to_bars, read_prices
from bellwether.market.returns import DECAY

CONTEXT_LENGTH = 504  #: two years: the longest feature looks back 502 sessions
MIN_HISTORY = 64  #: a quarter: below this the volatility itself is a guess
MAX_VOLUME = 1e15  #: keeps a nonsensical volume finite in float32

Answer = Callable[[Float32s, Float32s], Floats]  # bars (b, T, 5), market (b, T, k) -> (b, heads, levels)
Rows = npt.NDArray[np.intp]  #: positions in the panel; a cutoff is one row


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Every bar of every symbol, (n, ...) arrays with rows of padding between the symbols."""

    symbols: tuple[str, ...]
    symbol: npt.NDArray[np.int32]  #: (n,) index into `symbols`, -1 in the padding
    sessions: Sessions  #: (n,) datetime64[D], NaT in the padding
    history: npt.NDArray[np.int32]  #: (n,) bars of this symbol known at this row, 0 in the padding
    closes: Floats  #: (n,) float64, NaN in the padding
    volatility: Floats  #: (n,) daily EWMA volatility of the returns up to this row, NaN where there are none
    bars: Float32s  #: (n, 5)
    market: Float32s  #: (n, len(MARKET_SERIES)), 0 where not known

    def rows_between(self, first: str, last: str) -> Rows:
        """Rows with a session from `first` to `last` (both included) and at least MIN_HISTORY bars."""
        inside = (self.sessions >= np.datetime64(first)) & (self.sessions <= np.datetime64(last))
        return np.flatnonzero(inside & (self.history >= MIN_HISTORY))

    def windows(self, rows: Rows) -> tuple[Float32s, Float32s]:
        """What the graph reads at these cutoffs: (b, CONTEXT_LENGTH, 5) and (b, CONTEXT_LENGTH, k), both copies."""
        return _windows(self.bars, rows), _windows(self.market, rows)

    def targets(self, rows: Rows, last: str) -> Floats:
        """Cumulative log returns over HEADS, (b, len(HEADS)); NaN where the outcome falls after the session `last`.

        This is the embargo: no outcome of one span reaches into the next.
        """
        ahead = rows[:, None] + np.array(HEADS)  # (b, heads); beyond a symbol's last bar lies padding
        known = self.sessions[ahead] <= np.datetime64(last)  # NaT compares false
        with np.errstate(invalid="ignore"):
            moves: Floats = np.log(self.closes[ahead]) - np.log(self.closes[rows])[:, None]
        return np.where(known, moves, np.nan)

    def deviations(self, rows: Rows) -> Floats:
        """One standard deviation of the outcomes by EWMA: volatility times sqrt(horizon), (b, len(HEADS))."""
        deviation: Floats = self.volatility[rows][:, None] * np.sqrt(np.array(HEADS))
        return deviation

    def every(self, rows: Rows, stride: int) -> Rows:
        """The first of `rows` of each symbol and each `stride`-th one after it."""
        symbol = self.symbol[rows]
        starts = np.flatnonzero(np.r_[True, symbol[1:] != symbol[:-1]]) if len(rows) else np.array([], np.intp)
        place = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
        chosen: Rows = rows[place % stride == 0]
        return chosen


def read_series(files: Sequence[Path]) -> tuple[dict[str, Bars], int]:
    """Bars by symbol from price files, and how many rows were dropped for lack of a date or a positive close.

    Whatever is mended here is mended row by row, so no bar can change what another one says.
    """
    frame = read_prices(files)
    usable = frame["date"].notna() & (frame["close"] > 0) & np.isfinite(frame["close"])
    frame["volume"] = frame["volume"].fillna(0).clip(0, MAX_VOLUME)
    series = {str(symbol): frame_to_bars(str(symbol), rows) for symbol, rows in frame[usable].groupby("symbol")}
    if not series:
        raise MarketDataError("The price files hold no usable row.")
    return series, int((~usable).sum())


def load_panel(files: Sequence[Path]) -> Panel:
    """Read prices for scoring; says what was dropped and what is lacking."""
    series, dropped = read_series(files)
    if dropped:
        print(f"notice: {dropped} rows without a date or a positive close were dropped")
    for name in missing_market(series):
        print(f"notice: the prices lack {name}; the model reads 0 for it, as it was trained to, and answers less well")
    return build_panel(series)


def missing_market(series: dict[str, Bars]) -> tuple[str, ...]:
    """The market series that the prices lack."""
    return tuple(name for name in MARKET_SERIES if name not in series)


def build_panel(series: dict[str, Bars]) -> Panel:
    """Lay all symbols out one after the other. Market series the prices lack stay 0."""
    lead = CONTEXT_LENGTH - 1
    size = sum(lead + len(bars) for bars in series.values()) + MAX_HORIZON  # targets may look past the end
    panel = Panel(
        symbols=tuple(series),
        symbol=np.full(size, -1, np.int32),
        sessions=np.full(size, np.datetime64("NaT"), "datetime64[D]"),
        history=np.zeros(size, np.int32),
        closes=np.full(size, np.nan),
        volatility=np.full(size, np.nan),
        bars=np.zeros((size, 5), np.float32),
        market=np.zeros((size, len(MARKET_SERIES)), np.float32),
    )
    end = 0
    for number, bars in enumerate(series.values()):
        start, end = end + lead, end + lead + len(bars)
        panel.symbol[start:end] = number
        panel.sessions[start:end] = bars.sessions
        panel.history[start:end] = np.arange(1, len(bars) + 1)
        panel.closes[start:end] = bars.closes
        panel.volatility[start:end] = volatility_path(bars.closes)
        panel.bars[start:end] = bars.values
        for column, name in enumerate(MARKET_SERIES):
            if name in series:
                panel.market[start:end, column] = align_closes(bars.sessions, series[name])
    return panel


def volatility_path(closes: Floats) -> Floats:
    """`baseline.ewma_volatility` at every session at once: (n,) -> (n,), NaN at the first."""
    squares = pd.Series(np.square(np.diff(np.log(closes))))
    path = np.sqrt(squares.ewm(alpha=1 - DECAY, adjust=True).mean().to_numpy())
    return np.concatenate([[np.nan], path])


def _windows(values: Float32s, rows: Rows) -> Float32s:
    """(n, k) and (b,) cutoffs -> (b, CONTEXT_LENGTH, k): the slices that end at the cutoffs."""
    n, k = values.shape
    step, item = values.strides
    shape = (n - CONTEXT_LENGTH + 1, CONTEXT_LENGTH, k)
    view = np.lib.stride_tricks.as_strided(values, shape, (step, step, item), writeable=False)
    windows: Float32s = view[rows - (CONTEXT_LENGTH - 1)]
    return windows
