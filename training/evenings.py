"""The evening's width over a panel: what the service would have stretched ranges by after each session.

    stocks of the panel -> the pool of each cutoff -> raw forecasts of its last sessions -> replayed -> stretched

As in `bellwether.ask.evenings`, without moves in doubt. Its pool holds stocks of New York alone, this one those of
every exchange in the prices. There the model is silent on a stock besides, and it is left out of the model's numbers,
for the 63 sessions after a move in doubt or damage of any kind, and while a move beyond the card's `input_range` lies
in its window. Here it is asked all the same: tables that are trained on are taken to be whole, and one stock of forty
moves the numbers by .0023 an evening at most.
"""

from collections.abc import Callable
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bellwether.ask.evenings import MOST_AGE, MOST_STOCKS
from bellwether.core.types import HEADS, LEVELS, MARKET_SERIES, Bars, Floats, Sessions
from bellwether.forecasting.evening_width import REPLAYED, replayed, widened
from bellwether.market.jumps import FADED, JUMP, doubtful_moves
from bellwether.market.universe_state import FEWEST, is_stock
from training.panel import MIN_HISTORY, Panel, Rows

NO_ROW = -1
Forecast = Callable[[Rows], Floats]  #: cutoffs -> (b, heads, levels)


def as_served(forecast: Forecast, panel: Panel, rows: Rows, quantiles: Floats, least: int = MIN_HISTORY) -> Floats:
    """The quantiles (b, heads, levels) of these cutoffs, stretched by the numbers of their evenings.

    `forecast` gives those of any cutoffs before any stretching. A cutoff before which nothing is known of the pool
    keeps its range. `least` is the history a forecast needs.
    """
    return widened(quantiles, evening_numbers(forecast, panel, panel.sessions[rows], least))


def evening_numbers(forecast: Forecast, panel: Panel, sessions: Sessions, least: int = MIN_HISTORY) -> Floats:
    """The numbers after these sessions (m,), (m, heads), by the stocks of the panel; 0 where nothing is known of them.

    `forecast` and `least` are as in `as_served`.
    """
    grid = _Grid(panel)
    if not len(grid.days):
        return np.zeros((len(sessions), len(HEADS)))
    days = np.searchsorted(np.unique(panel.sessions[panel.history > 0]), sessions, side="right") - 1
    ends = np.searchsorted(grid.days, days, side="right") - 1
    numbers = {end: (0.0,) * len(HEADS) for end in np.unique(ends).tolist()}
    pools = {end: grid.pool(end) for end in numbers if end >= 1}
    needed = {end: _rows_of(grid, pools[end], end) for end in pools}
    raw = _raw(forecast, panel, needed, least)
    for end, places in needed.items():
        numbers[end] = replayed(_evening(panel, raw, before, after) for before, after in pairwise(places)).x
    fresh = days - grid.days[np.maximum(ends, 0)] <= MOST_AGE
    x: Floats = np.array([numbers[end] for end in ends.tolist()]) * fresh[:, None]
    return x


class _Grid:
    """Which row of the panel is whose on which day: (stocks, days)."""

    def __init__(self, panel: Panel) -> None:
        stocks = [number for number, name in enumerate(panel.symbols) if is_stock(name)]
        if len(stocks) < FEWEST:
            stocks = [number for number, name in enumerate(panel.symbols) if name == MARKET_SERIES[0]]
        stocks.sort(key=lambda number: (crc32(panel.symbols[number].encode()), panel.symbols[number]))
        inside = np.flatnonzero(np.isin(panel.symbol, stocks))
        self.days = np.unique(panel.day[inside])
        place = np.full(len(panel.symbols), NO_ROW)
        place[stocks] = np.arange(len(stocks))
        self.rows = np.full((len(stocks), len(self.days)), NO_ROW, np.int64)
        self.rows[place[panel.symbol[inside]], np.searchsorted(self.days, panel.day[inside])] = inside

    def pool(self, end: int) -> npt.NDArray[np.intp]:
        """The first stocks that have traded within the sessions that are replayed."""
        there = (self.rows[:, max(0, end - REPLAYED + 1) : end + 1] != NO_ROW).any(axis=1)
        return np.flatnonzero(there)[:MOST_STOCKS]


def _rows_of(grid: _Grid, pool: npt.NDArray[np.intp], end: int) -> list[Rows]:
    """The pool's rows on each session that is replayed, NO_ROW where one has none."""
    return [grid.rows[pool, day] for day in range(max(0, end - REPLAYED), end + 1)]


def _raw(forecast: Forecast, panel: Panel, needed: dict[int, list[Rows]], least: int) -> tuple[Rows, Floats]:
    """The rows for which there is a raw forecast, ascending, and these forecasts."""
    wanted = np.unique(
        np.concatenate([places for days in needed.values() for places in days[:-1]] or [np.array([NO_ROW])])
    )
    rows = wanted[wanted != NO_ROW]
    rows = rows[panel.history[rows] >= least]
    return rows, forecast(rows) if len(rows) else np.empty((0, len(HEADS), len(LEVELS)))


def _evening(panel: Panel, raw: tuple[Rows, Floats], before: Rows, after: Rows) -> tuple[Floats, Floats]:
    """What `evening_width.step` reads of one session."""
    rows, quantiles = raw
    if not len(rows):
        return np.empty((0, len(HEADS), len(LEVELS))), np.array([])
    at = np.minimum(np.searchsorted(rows, before), len(rows) - 1)
    known = (before != NO_ROW) & (after != NO_ROW) & (rows[at] == before)
    returns: Floats = np.log(panel.closes[after[known]] / panel.closes[before[known]])
    into = zip(returns.tolist(), after[known].tolist(), strict=True)
    sound = np.array([abs(move) <= JUMP or not is_in_doubt(panel, row) for move, row in into], bool)
    return quantiles[at[known]][sound], returns[sound]


def is_in_doubt(panel: Panel, row: int) -> bool:
    """Whether the move into this row is as likely damage, by the bars up to it."""
    part = slice(max(row - int(panel.history[row]) + 1, row - FADED), row + 1)
    values, name = panel.bars[part].astype(np.float64), panel.symbols[panel.symbol[row]]
    bars = Bars(name, panel.sessions[part], values, panel.closes[part])
    return len(bars) - 1 in doubtful_moves(bars)
