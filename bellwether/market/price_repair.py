"""Yahoo's table with what is plainly wrong in it put right, as far as one table can tell.

table as Yahoo gave it
| sound rows            what has no price is left as it is
| dividends             yfinance: of the wrong size, missing from the adjusted close or in it twice
| splits                yfinance: missing from the past, or applied twice
| capital gains         yfinance: counted twice
| with_splits           splits that are still not in the prices; where there is no telling, from which day on

yfinance's other repairs are not used: they ask for intraday prices, one request for every few damaged days, and need
scipy and scikit-learn. Prices at a hundred times others are put right for every source alike (`scale`).
"""

import logging
import warnings
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.market.told_splits import Table, ToldSplit, with_splits

PRICES = ["Open", "High", "Low", "Close"]
_ALL = [*PRICES, "Adj Close", "Volume"]
_SAME = 1e-6  #: relative; what a repair changes by less is rounding
_WORSE = 0.05  #: a repair after which the price moves by so much more in a day than before is none
log = logging.getLogger(__name__)

Repair = Callable[[pd.DataFrame], pd.DataFrame]


def repaired(history: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """The table put right, and the first row that is surely in one scale with the last; None where all are.

    `history` is yfinance's PriceHistory that made it: it knows currency, zone and symbol. The rows stay the same.
    """
    sound = _sound_rows(frame)
    if sound.sum() < 2:
        return frame, None
    table = frame.loc[sound].copy()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of pandas and numpy, about yfinance's ways
        table = _by_yfinance(history, table)
    table, doubtful = _split_adjusted(table)
    after = frame.copy()
    for column in _ALL:
        old, new = frame.loc[sound, column].to_numpy(np.float64), table[column].to_numpy(np.float64)
        same = np.isclose(new, old, rtol=_SAME, atol=0, equal_nan=True)
        if not same.all():
            after[column] = after[column].astype(np.float64)
            after.loc[sound, column] = np.where(same, old, new)
    return after, None if doubtful is None else int(np.flatnonzero(sound)[doubtful])


def _sound_rows(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which rows have a close, and no price that is zero or below, (n,)."""
    prices = frame[PRICES].to_numpy(np.float64)
    sound: npt.NDArray[np.bool_] = np.isfinite(prices[:, 3]) & ~((prices <= 0) | np.isinf(prices)).any(axis=1)
    return sound


def _by_yfinance(history: Any, table: pd.DataFrame) -> pd.DataFrame:
    """The table after yfinance's own repairs that need nothing but the table, in the order in which it takes them."""
    worker = copy(history)  # its currency is changed on the way
    worker._history_metadata = dict(history._history_metadata)
    currency, zone = worker._history_metadata.get("currency"), worker._history_metadata.get("exchangeTimezoneName")
    given = table
    paid, split, gained = (
        name in table and bool((table[name] != 0).any()) for name in ("Dividends", "Stock Splits", "Capital Gains")
    )
    factor = 1.0
    if paid:
        try:  # dividends may be told in pounds beside prices in pence
            table, currency, _ = worker._standardise_currency(table.copy(), currency)
        except Exception as problem:
            log.info("yfinance cannot put one currency for another of %s: %r", worker.ticker, problem)
            table = given
        factor = float(table["Close"].iloc[-1] / given["Close"].iloc[-1])
    steps: list[tuple[bool, Repair]] = [
        (paid, lambda some: worker._fix_bad_div_adjust(some, "1d", False, currency)),
        (split, lambda some: worker._fix_bad_stock_splits(some, "1d", zone)),
        (gained, worker._repair_capital_gains),
    ]
    for needed, repair in steps:
        if needed:
            table = _tried(repair, table, worker.ticker)
    table = table.copy()
    for column in [*PRICES, "Adj Close"]:
        table[column] = table[column] / factor
    return table


def _tried(repair: Repair, table: pd.DataFrame, symbol: str) -> pd.DataFrame:
    """The table after one repair; as it was where that fails or makes it worse."""
    try:
        after = repair(table.copy()).sort_index()
    except Exception as problem:  # it was written for tables of another damage
        log.info("yfinance cannot repair the prices of %s: %r", symbol, problem)
        return table
    if len(after) != len(table):
        return table
    after.index = table.index  # it may have put them into another zone
    before, now = (_moves(one) for one in (table, after))
    changed = ~np.isclose(before, now, rtol=0, atol=_SAME, equal_nan=True)
    if changed.any() and not now[changed].max() <= before[changed].max() + _WORSE:
        return table
    return after


def _moves(table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """How far the adjusted close moves from row to row; infinitely far where it is none."""
    closes = table["Adj Close"].to_numpy(np.float64)
    moves = np.abs(np.diff(np.log(np.where(closes > 0, closes, np.nan))))
    moved: npt.NDArray[np.float64] = np.where(np.isfinite(moves), moves, np.inf)
    return moved


def _split_adjusted(table: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """The table with the told splits in all prices, and the newest row where that is in doubt."""
    adjusted = table["Adj Close"].to_numpy(np.float64)
    ratios = table["Stock Splits"].to_numpy(np.float64) if "Stock Splits" in table else np.zeros(len(table))
    told = [ToldSplit(int(at), float(ratios[at])) for at in np.flatnonzero(np.nan_to_num(ratios) > 0)]
    if not told or not (np.isfinite(adjusted) & (adjusted > 0)).all():
        return table, None
    given = Table(table[PRICES].to_numpy(np.float64), adjusted, table["Volume"].to_numpy(np.float64))
    whole, doubtful = with_splits(given, told)
    table = table.copy()
    table[PRICES] = whole.quoted
    table["Adj Close"] = whole.adjusted
    table["Volume"] = whole.volume
    return table, doubtful
