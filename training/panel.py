"""All symbols in one long array, so that any window of bars is one contiguous slice.

Each symbol is preceded by CONTEXT_LENGTH - 1 rows of zeros: a window that begins before the first bar reads zeros
there, which is exactly what the graph expects of a short history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.core.types import (
    HEADS,
    MARKET_SERIES,
    MAX_HORIZON,
    REPORT_ERRORS,
    STATE_SERIES,
    Bars,
    Floats,
    Sessions,
    to_date,
)
from bellwether.forecasting.inputs import CARRY_DAYS, Float32s, align_closes
from bellwether.market.calendar import sessions_after
from bellwether.market.earnings.file import read_report_days
from bellwether.market.earnings.report_days import chances, next_report, places
from bellwether.market.file import frame_to_bars, read_prices
from bellwether.market.returns import DECAY
from bellwether.market.symbols.universe import instrument_of
from bellwether.market.universe_state import daily_state, is_stock, standardised_moves

CONTEXT_LENGTH = 504  #: two years: the longest feature looks back 502 sessions
MIN_HISTORY = 64  #: a quarter: below this the volatility itself is a guess
FOLLOWING = 130  #: sessions after the last bar on which a report may be expected
NO_ERRORS = np.eye(1, len(REPORT_ERRORS), -REPORT_ERRORS[0])[0]  #: every report comes on the day that is predicted
MAX_VOLUME = 1e15  #: keeps a nonsensical volume finite in float32

Windows = tuple[Float32s, Float32s, Float32s]  #: bars (b, T, 5), market (b, T, k), calendar (b, T + AHEAD)
Answer = Callable[..., Floats]  # the parts of Windows -> (b, heads, levels)
ReportDays = dict[str, tuple[Sessions, Sessions]]  #: by symbol: days of reports, and when each was told (NaT: unknown)
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
    market: Float32s  #: (n, len(MARKET_SERIES) + len(STATE_SERIES)), 0 where not known
    day: npt.NDArray[np.int32]  #: (n,) which of the days of all symbols; the number of them in the padding
    moves: Float32s  #: (n,) standardised return of a stock, NaN elsewhere and where its volatility is not known
    reported: Float32s  #: (n,) 1 where the company reported on that session, else 0
    next_report: npt.NDArray[np.int16]  #: (n,) what is known of the next report, a row of `chances`
    chances: Float32s  #: (codes, AHEAD)

    def rows_between(self, first: str, last: str) -> Rows:
        """Rows with a session from `first` to `last` (both included) and at least MIN_HISTORY bars."""
        inside = (self.sessions >= np.datetime64(first)) & (self.sessions <= np.datetime64(last))
        return np.flatnonzero(inside & (self.history >= MIN_HISTORY))

    def windows(self, rows: Rows) -> Windows:
        """What the graph reads at these cutoffs, copies of it."""
        return *self.prices(rows), self.calendar(rows)

    def prices(self, rows: Rows) -> tuple[Float32s, Float32s]:
        """The first two of `windows`."""
        return _windows(self.bars, rows), _windows(self.market, rows)

    def calendar(self, rows: Rows) -> Float32s:
        """(b, CONTEXT_LENGTH + AHEAD): reports that came out, then the chance of one on each session ahead."""
        past = _windows(self.reported[:, None], rows)[:, :, 0]
        return np.concatenate([past, self.chances[self.next_report[rows]]], axis=1)

    def days_of_windows(self, rows: Rows) -> npt.NDArray[np.int32]:
        """The day of each session of these windows, (b, CONTEXT_LENGTH)."""
        days: npt.NDArray[np.int32] = _windows(self.day[:, None], rows)[:, :, 0]
        return days

    def universe_state(self, members: npt.NDArray[np.bool_]) -> Float32s:
        """U and D of the chosen symbols (len(symbols),) by day, (days + 1, 2); the last row, for the padding, is 0."""
        count = int(self.day.max())
        chosen = np.flatnonzero((self.symbol >= 0) & members[self.symbol] & np.isfinite(self.moves))
        state = np.zeros((count + 1, len(STATE_SERIES)), np.float32)
        state[:-1] = carried(daily_state(self.day[chosen].astype(np.intp), self.moves[chosen], count))
        return state

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


def load_panel(files: Sequence[Path], earnings: Path | None = None, error_shares: Floats | None = None) -> Panel:
    """Read prices for scoring, and days of reports; says what was dropped and what is lacking."""
    series, dropped = read_series(files)
    if dropped:
        print(f"notice: {dropped} rows without a date or a positive close were dropped")
    for name in missing_market(series):
        print(f"notice: the prices lack {name}; the model reads 0 for it, as it was trained to, and answers less well")
    return build_panel(series, read_report_days(earnings) if earnings else None, error_shares)


def missing_market(series: dict[str, Bars]) -> tuple[str, ...]:
    """The market series that the prices lack."""
    return tuple(name for name in MARKET_SERIES if name not in series)


def build_panel(
    series: dict[str, Bars], report_days: ReportDays | None = None, error_shares: Floats | None = None
) -> Panel:
    """Lay all symbols out one after the other. Market series the prices lack stay 0.

    `report_days` are those of companies, as far as they are known; `error_shares` says how far predicted ones are off.
    """
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
        market=np.zeros((size, len(MARKET_SERIES) + len(STATE_SERIES)), np.float32),
        day=np.zeros(size, np.int32),
        moves=np.full(size, np.nan, np.float32),
        reported=np.zeros(size, np.float32),
        next_report=np.zeros(size, np.int16),
        chances=chances(NO_ERRORS if error_shares is None else error_shares),
    )
    all_days = np.unique(np.concatenate([bars.sessions for bars in series.values()]))
    panel.day[:] = len(all_days)
    end = 0
    for number, bars in enumerate(series.values()):
        start, end = end + lead, end + lead + len(bars)
        panel.symbol[start:end] = number
        panel.sessions[start:end] = bars.sessions
        panel.history[start:end] = np.arange(1, len(bars) + 1)
        panel.closes[start:end] = bars.closes
        panel.volatility[start:end] = volatility_path(bars.closes)
        panel.bars[start:end] = bars.values
        panel.day[start:end] = np.searchsorted(all_days, bars.sessions)
        if is_stock(bars.symbol):
            panel.moves[start:end] = standardised_moves(bars.closes)
        if report_days is not None and bars.symbol in report_days:
            _mark_reports(panel, slice(start, end), *report_days[bars.symbol])
        for column, name in enumerate(MARKET_SERIES):
            if name in series:
                panel.market[start:end, column] = align_closes(bars.sessions, series[name])
    panel.market[:, len(MARKET_SERIES) :] = panel.universe_state(np.ones(len(series), bool))[panel.day]
    return panel


def _mark_reports(panel: Panel, of_symbol: slice, days: Sessions, told_on: Sessions) -> None:
    """Enter a company's reports; those before its first bar, or long after its last, are of no use.

    One that became known only after it came is left out: a mark is there in every window that reaches its session, so
    it would tell of the report before anybody knew of it.
    """
    axis = extended(panel.sessions[of_symbol], panel.symbols[panel.symbol[of_symbol.start]])
    count = of_symbol.stop - of_symbol.start
    inside = (days >= axis[0]) & (days <= axis[-1])
    inside &= ~(told_on > days)  # a comparison with NaT, where nobody says when it became known, is false
    reports = places(axis, days[inside], told_on[inside])
    panel.reported[of_symbol.start + reports.at[reports.at < count]] = 1
    panel.next_report[of_symbol] = next_report(axis, reports, np.arange(count))


def extended(sessions: Sessions, symbol: str) -> Sessions:
    """The sessions and those of the symbol's exchange that follow, as far as a predicted report may lie.

    Bars that come later are on just these, so a table that goes on says nothing else of a cutoff than one that ends.
    """
    following = sessions_after(instrument_of(symbol).calendar, to_date(sessions[-1]), FOLLOWING)
    return np.concatenate([sessions, following])


def carried(state: Floats) -> Floats:
    """U and D by day, (n, 2), on days without any the last ones, for some days: as a weekend's coins see the market."""
    frame = pd.DataFrame(np.where(state > 0, state, np.nan))
    filled: Floats = frame.ffill(limit=CARRY_DAYS).fillna(0).to_numpy()
    return filled


def volatility_path(closes: Floats) -> Floats:
    """`baseline.ewma_volatility` at every session at once: (n,) -> (n,), NaN at the first."""
    squares = pd.Series(np.square(np.diff(np.log(closes))))
    path = np.sqrt(squares.ewm(alpha=1 - DECAY, adjust=True).mean().to_numpy())
    return np.concatenate([[np.nan], path])


def _windows(values: npt.NDArray[Any], rows: Rows) -> npt.NDArray[Any]:
    """(n, k) and (b,) cutoffs -> (b, CONTEXT_LENGTH, k): the slices that end at the cutoffs."""
    n, k = values.shape
    step, item = values.strides
    shape = (n - CONTEXT_LENGTH + 1, CONTEXT_LENGTH, k)
    view = np.lib.stride_tricks.as_strided(values, shape, (step, step, item), writeable=False)
    windows: npt.NDArray[Any] = view[rows - (CONTEXT_LENGTH - 1)]
    return windows
