"""Yahoo's table with what is plainly wrong in it put right, as far as one table can tell.

table as Yahoo gave it
| sound rows            what has no price is left as it is
| dividends             yfinance: of the wrong size, missing from the adjusted close or in it twice
| splits                yfinance: missing from the past, or applied twice
|   with_splits         those that are still not in the prices; where there is no telling, from which day on
| capital gains         yfinance: counted twice

A dividend can be judged only beside prices of its day's shares, and a split only by adjusted closes that are none too
wrong: where both are put right each comes first once. Where the splits alone explain all, they do; else that table is
taken in which prices move less.

yfinance's other repairs are not used: they ask for intraday prices, one request for every few damaged days, and need
scipy and scikit-learn. Prices at a hundred times others are put right for every source alike (`scale`).
"""

import logging
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.market.returns import are_prices
from bellwether.market.yahoo.told_splits import PriceTable, ToldSplit, is_explained, with_splits

PRICES = ["Open", "High", "Low", "Close"]
_ALL = [*PRICES, "Adj Close", "Volume"]
_SAME = 1e-6  #: relative; what a repair changes by less is rounding
_WORSE = 0.05  #: a repair after which the price moves by so much more in a day than before is none
MOST_SPLITS = 20  #: of twelve years; more are damage, and would keep yfinance busy for long
MOST_DIVIDENDS = 72  #: the newest: 18 years' of a quarter each, six of a month each; yfinance takes 3 to 20 ms for one
#: yfinance's own, which are no part of what it promises: `YahooSource.faults` looks whether they are there
REPAIRS = ("_fix_bad_stock_splits", "_fix_bad_div_adjust", "_standardise_currency", "_repair_capital_gains")
log = logging.getLogger(__name__)

Repair = Callable[[pd.DataFrame], pd.DataFrame]


def repaired(history: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """The table put right, and the first row that is surely in one scale with the last; None where all are.

    `history` is yfinance's PriceHistory that made it: it knows currency, zone and symbol. The rows stay the same.
    """
    sound = _sound_rows(frame)
    if sound.sum() < 2:
        return frame, None
    given = frame.loc[sound]
    with np.errstate(all="ignore"):
        paid = _with_dividends(history, given)
        table, doubtful = _with_splits(history, paid)
        if _differ(given, paid) and _differ(paid, table):
            split, other_doubtful = _with_splits(history, given)
            other = _with_dividends(history, split)
            # one fault explains a table better than two
            if not _differ(split, other) or _restlessness(other) < _restlessness(table) - _SAME:
                table, doubtful = other, other_doubtful
        table = _with_gains(history, table)
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


def _told(table: pd.DataFrame) -> list[ToldSplit]:
    if "Stock Splits" not in table:
        return []
    ratios = np.nan_to_num(table["Stock Splits"].to_numpy(np.float64))
    return [ToldSplit(int(at), float(ratios[at])) for at in np.flatnonzero(ratios > 0)]


def _with_splits(history: Any, given: pd.DataFrame) -> tuple[pd.DataFrame, int | None]:
    """The table with the told splits in all prices, and the newest row where that is in doubt."""
    told = _told(given)
    if not 0 < len(told) <= MOST_SPLITS:
        return given, None
    worker = _worker(history)
    zone = worker._history_metadata.get("exchangeTimezoneName")
    table = given
    for split in told:
        alone = table.copy()
        alone["Stock Splits"] = np.where(np.arange(len(table)) == split.at, split.ratio, 0.0)
        after = _tried(lambda some: worker._fix_bad_stock_splits(some, "1d", zone), alone, worker.ticker)
        if after is not alone and is_explained(_prices(table), _prices(after), split):
            table = after
    table = table.copy()
    table["Stock Splits"] = given["Stock Splits"]
    adjusted = table["Adj Close"].to_numpy(np.float64)
    doubtful = None
    if are_prices(adjusted).all():
        whole, doubtful = with_splits(_prices(table), told)
        table[PRICES], table["Adj Close"], table["Volume"] = whole.quoted, whole.adjusted, whole.volume
    table["Dividends"] = _dividends(given, table)
    return table, doubtful


def _prices(table: pd.DataFrame) -> PriceTable:
    return PriceTable(*(table[name].to_numpy(np.float64) for name in (PRICES, "Adj Close", "Volume")))


def _dividends(given: pd.DataFrame, table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The dividends of a table whose prices were scaled, (n,): each in old or new shares, as the adjusted closes tell.

    Some tables lack a split in prices alone, others in dividends too.
    """
    told = given["Dividends"].to_numpy(np.float64)
    closes, adjusted = (table[name].to_numpy(np.float64) for name in ("Close", "Adj Close"))
    other = told * closes / given["Close"].to_numpy(np.float64)
    factors = adjusted / closes
    in_prices = np.zeros(len(table))
    in_prices[1:] = (1 - factors[:-1] / factors[1:]) * closes[:-1]
    return np.where(np.abs(other - in_prices) < np.abs(told - in_prices), other, told)


def _with_dividends(history: Any, given: pd.DataFrame) -> pd.DataFrame:
    """The table with each of its newer dividends in the adjusted closes, once and in its true size."""
    if "Dividends" not in given:
        return given
    paid = np.flatnonzero(given["Dividends"] != 0)
    if not len(paid):
        return given
    # the close before the first tells its share
    first = int(paid[-MOST_DIVIDENDS]) - 1 if len(paid) > MOST_DIVIDENDS else 0
    newer, older = _with_all_dividends(history, given.iloc[first:]), given.iloc[:first].copy()
    # what changes the factor of the first newer row changes that of all before it
    factors = (table["Adj Close"] / table["Close"] for table in (newer, given.iloc[first:]))
    new, old = (float(each.iloc[0]) for each in factors)
    older["Adj Close"] = older["Adj Close"] * (new / old)
    return pd.concat([older, newer]) if first else newer


def _with_all_dividends(history: Any, given: pd.DataFrame) -> pd.DataFrame:
    """The same of each dividend in the table."""
    worker, table = _worker(history), given
    currency = worker._history_metadata.get("currency")
    try:  # dividends may be told in pounds beside prices in pence
        table, currency, _ = worker._standardise_currency(given.copy(), currency)
    except Exception as problem:
        log.info("yfinance cannot put one currency for another of %s: %r", worker.ticker, problem)
    factor = float(table["Close"].iloc[-1] / given["Close"].iloc[-1])
    table = _tried(lambda some: worker._fix_bad_div_adjust(some, "1d", False, currency), table, worker.ticker).copy()
    for column in [*PRICES, "Adj Close", "Dividends"]:
        table[column] = table[column] / factor
    return table


def _with_gains(history: Any, given: pd.DataFrame) -> pd.DataFrame:
    if "Capital Gains" not in given or not (given["Capital Gains"] != 0).any():
        return given
    worker = _worker(history)
    return _tried(lambda some: worker._repair_capital_gains(some), given, worker.ticker)


def _worker(history: Any) -> Any:
    """A copy of yfinance's PriceHistory, whose notion of the currency changes on the way."""
    worker = copy(history)
    worker._history_metadata = dict(history._history_metadata)
    return worker


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


def _differ(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether the closes of two tables of the same rows are not the same."""
    return not all(
        np.allclose(one[name].to_numpy(np.float64), other[name].to_numpy(np.float64), rtol=_SAME, equal_nan=True)
        for name in ("Close", "Adj Close")
    )


def _restlessness(table: pd.DataFrame) -> float:
    """How far the adjusted close moves in all days together; a move that cannot be read counts as very far."""
    return float(np.minimum(_moves(table), 1e3).sum())
