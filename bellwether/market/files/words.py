"""What a price file is understood as, in words: for a look before it is used."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.market.files.prices import PriceFile
from bellwether.market.symbols.spellings import is_symbol
from bellwether.market.symbols.universe import instrument_of

MOST_SYMBOLS = 10  #: told one by one


def understood(file: Path, read: PriceFile) -> Iterator[str]:
    """Lines on one file: the dialect, its symbols with days, currency, first and last row, and what was left out."""
    yield f"{file.name}: {read.dialect}"
    rows = read.rows
    dated = rows[rows["date"].notna()].sort_values(["symbol", "date"])
    by_symbol = dated.groupby("symbol", sort=True)
    for symbol, days in list(by_symbol)[:MOST_SYMBOLS]:
        yield f"  {symbol}, {_unit(str(symbol))}: {len(days)} days"
        yield f"    first {_row(days.iloc[0])}"
        yield f"    last  {_row(days.iloc[-1])}"
    if by_symbol.ngroups > MOST_SYMBOLS:
        yield f"  and {by_symbol.ngroups - MOST_SYMBOLS} symbols more: {by_symbol.ngroups} in all, {len(dated)} rows"
    if not by_symbol.ngroups:
        yield "  no rows"
    yield f"  days: {read.dates}"
    if read.adjusted:
        yield "  prices are adjusted by the column of adjusted closes; the last close is shown as quoted"
    else:
        yield "  prices are taken as adjusted for splits and dividends"
    for words in (*read.left_out, *_lacking(rows)):
        yield f"  left out: {words}"
    broken = int((~(dated["close"] > 0)).sum())
    if broken:
        yield f"  {broken} of the days have no close above 0"


def _unit(symbol: str) -> str:
    instrument = instrument_of(symbol)
    return f"{instrument.currency or 'currency unknown'}, calendar {instrument.calendar}"


def _row(row: pd.Series) -> str:
    digits = {"open": 7, "high": 7, "low": 7, "close": 7, "volume": 15}  # float32 sources add more to a price
    bar = [f"{name} {row[name]:.{count}g}" for name, count in digits.items() if np.isfinite(row[name])]
    return f"{row['date'].date()}  {', '.join(bar) or 'no price'}"


def _lacking(rows: pd.DataFrame) -> Iterator[str]:
    """Rows that nobody can ask for."""
    undated = int(rows["date"].isna().sum())
    if undated:
        yield f"{undated} rows without a day"
    odd = [str(symbol) for symbol in rows["symbol"].unique() if not is_symbol(str(symbol))]
    if odd:
        yield f"symbols that can't be asked for: {', '.join(map(repr, odd[:5]))}"
