"""Days of reports from a parquet or csv file: symbol, date, perhaps last_day, time_of_day and known_from.

The one reader of such files: for the service, for the sample market and for training.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bellwether.core.announcement import Announcement
from bellwether.core.errors import MarketDataError
from bellwether.core.types import Sessions, to_date
from bellwether.market.earnings.companies import reports_results
from bellwether.market.earnings.known import EARLIEST, Facts, believable_range, in_order
from bellwether.market.files.dates import Days, filed_in_order
from bellwether.market.files.days import days_of
from bellwether.market.files.dialects import Dialect
from bellwether.market.files.table import BadTable, FileTable, read_text, reading
from bellwether.market.symbols.universe import instrument_of

COLUMNS = ("symbol", "date")
_TIMES = frozenset({"bmo", "amc"})  #: what is understood of `time_of_day`; anything else is not told
_KIND = "file of reports"


def read_announcements(file: Path, source: str = "file") -> dict[str, Facts]:
    """By symbol the facts that the file tells, ascending; the later word on a report withdraws the earlier one.

    Raises MarketDataError, naming the file, and the row where one is at fault.
    """
    with reading(file, _KIND):
        is_text = file.suffix.lower() == ".csv"
        read = read_text(file, _recognise) if is_text else FileTable(None, pd.read_parquet(file), word="row")
        missing = [column for column in COLUMNS if column not in read.rows.columns]
        if missing:
            raise MarketDataError(f"The {_KIND} {file.name} lacks the columns {', '.join(missing)}.")
        return _facts(read, source)


def read_report_days(file: Path) -> dict[str, tuple[Sessions, Sessions]]:
    """By symbol the days of its reports, ascending, and when each was told, NaT where the file does not say.

    What does not stand any more is left out, and so are funds and the like: the service believes no days of theirs
    either. Raises MarketDataError.
    """
    told = read_announcements(file)
    return {symbol: _as_arrays(facts) for symbol, facts in told.items() if reports_results(instrument_of(symbol))}


def _as_arrays(facts: Facts) -> tuple[Sessions, Sessions]:
    stand = [fact for fact in facts if fact.withdrawn_from is None]
    days = np.array([fact.day for fact in stand], "datetime64[D]")
    return days, np.array([fact.known_from for fact in stand], "datetime64[D]")


def _recognise(header: Sequence[str]) -> Dialect | None:
    return Dialect("reports", {}) if set(COLUMNS) <= set(header) else None


def _facts(read: FileTable, source: str) -> dict[str, Facts]:
    """Raises BadTable for a row without a symbol or a day, and for days that cannot be read."""
    table = read.rows
    symbols = table["symbol"].fillna("").astype(str).str.strip().str.upper()
    days, written = days_of(table["date"], symbols, filed_in_order, word=read.word)
    for row in np.flatnonzero(np.isnat(days) | (symbols == "").to_numpy())[:1]:
        lacks = "symbol" if symbols.iloc[row] == "" else "date"
        raise BadTable(f"{read.word} {table.index[row]} has no {lacks}.")
    last_days, known_from = (_optional(read, column, symbols, written) for column in ("last_day", "known_from"))
    times = _times(table)
    told: dict[str, list[Announcement]] = {}
    for symbol, day, last, time, known in zip(symbols, days, last_days, times, known_from, strict=True):
        fact = Announcement(symbol, to_date(day), _day(last), time, _day(known), source=source)
        if fact.day >= EARLIEST:
            told.setdefault(symbol, []).append(believable_range(fact))
    return {symbol: in_order(told[symbol]) for symbol in sorted(told)}


def _optional(read: FileTable, column: str, symbols: "pd.Series[Any]", written: str) -> Days:
    """A column of days that a file need not have, nor fill."""
    if column not in read.rows.columns:
        return np.full(len(symbols), np.datetime64("NaT"), "datetime64[D]")
    days, _ = days_of(read.rows[column], symbols, filed_in_order, word=read.word, like=written)
    return days


def _times(table: pd.DataFrame) -> list[str]:
    if "time_of_day" not in table.columns:
        return [""] * len(table)
    times = table["time_of_day"].astype(str).str.strip().str.lower()
    return [time if time in _TIMES else "" for time in times]


def _day(value: np.datetime64) -> Any:
    return None if np.isnat(value) else to_date(value)
