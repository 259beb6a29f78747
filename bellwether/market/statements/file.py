"""Companies' quarters from a parquet or csv file: symbol, period_end, filed, revenue, net_income, perhaps currency.

A column `revenue_suspect` marks revenues that are not believed: they count as not told.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.core.errors import MarketDataError, UnknownSymbol
from bellwether.core.types import Quarter, Statements
from bellwether.market.files.dates import filed_in_order, quarterly
from bellwether.market.files.days import days_of
from bellwether.market.files.dialects import Dialect
from bellwether.market.files.numbers import read_numbers
from bellwether.market.files.table import FileTable, read_text, reading
from bellwether.models.quarters import ASSUMED_DELAY

COLUMNS = ("symbol", "period_end", "filed", "revenue", "net_income")
CURRENCY = "USD"  #: where the file has no column of that name


class FileFundamentals:
    """A file read once. Where it has a quarter in several rows, the first filed that tells a value counts for it."""

    def __init__(self, file: Path, source: str = "file") -> None:
        """Read it, as the source of that name. Raises MarketDataError, naming the file, when it cannot be used."""
        table = _read(file)
        self._file, self._source = file.name, source
        self._made: dict[str, Statements] = {}  # a page asks for the same again and again
        self._companies = {str(symbol): rows for symbol, rows in table.groupby("symbol", sort=False)}
        told = table.assign(on=table["filed"].fillna(table["period_end"] + ASSUMED_DELAY)).sort_values("on")
        self._told = told["symbol"].to_numpy(str), told["on"].to_numpy("datetime64[D]")

    def statements(self, symbol: str) -> Statements:
        """A company's quarters."""
        if symbol not in self._made:
            if symbol not in self._companies:
                raise UnknownSymbol(symbol, market=f"the file {self._file}")
            self._made[symbol] = self._put_together(symbol)
        return self._made[symbol]

    def _put_together(self, symbol: str) -> Statements:
        rows = self._companies[symbol].groupby("period_end").first().reset_index().sort_values("period_end")
        return Statements(
            symbol=symbol,
            currency=str(rows["currency"].iloc[-1]),
            quarters=tuple(
                Quarter(end.date(), _number(revenue), _number(net_income), _day(filed))
                for end, filed, revenue, net_income in zip(
                    rows["period_end"], rows["filed"], rows["revenue"], rows["net_income"], strict=True
                )
            ),
            source=self._source,
        )

    def at_hand(self, symbol: str) -> Statements | None:
        """All are."""
        return self.statements(symbol) if symbol in self._companies else None

    def reported(self, first: date, before: date) -> Sequence[Statements]:
        """Those with a row filed in these days, or assumed to have been."""
        symbols, days = self._told
        start, end = np.searchsorted(days, [np.datetime64(first), np.datetime64(before)])
        return [self.statements(str(symbol)) for symbol in np.unique(symbols[start:end])]


def _read(file: Path) -> pd.DataFrame:
    """The table with COLUMNS and currency; days as datetime64, amounts as float64."""
    with reading(file, "fundamentals file"):
        text = file.suffix.lower() == ".csv"
        read = read_text(file, _recognise) if text else FileTable(None, pd.read_parquet(file), word="row")
        missing = [column for column in COLUMNS if column not in read.rows.columns]
        if missing:
            raise MarketDataError(f"The fundamentals file {file.name} lacks the columns {', '.join(missing)}.")
        table = _typed(read)
    # what a company says of a quarter later on was not known when it first did
    return table.dropna(subset=["period_end"]).sort_values("filed", kind="stable", na_position="last")


def _recognise(header: Sequence[str]) -> Dialect | None:
    return Dialect("statements", {}) if set(COLUMNS) <= set(header) else None


def _typed(read: FileTable) -> pd.DataFrame:
    """The columns as symbols, days and amounts. Raises BadTable for a row that has none."""
    table = read.rows
    symbols = table["symbol"].astype(str).str.strip().str.upper()
    ends, written = days_of(table["period_end"], symbols, quarterly, word=read.word)
    filed, _ = days_of(table["filed"], symbols, filed_in_order, word=read.word, like=written)
    amounts = {name: table[name] for name in ("revenue", "net_income")}
    numbers = read_numbers(amounts, word=read.word, delimiter=read.delimiter)
    days = {"period_end": ends.astype("datetime64[s]"), "filed": filed.astype("datetime64[s]")}
    typed = pd.DataFrame({"symbol": symbols, **days, **numbers}, index=table.index)
    if "revenue_suspect" in table.columns:
        suspect = table["revenue_suspect"].astype(str).str.strip().str.lower().isin(["true", "1", "1.0"])
        typed["revenue"] = typed["revenue"].mask(suspect)
    return typed.assign(currency=table["currency"] if "currency" in table.columns else CURRENCY)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _day(value: pd.Timestamp) -> date | None:
    return None if pd.isna(value) else value.date()
