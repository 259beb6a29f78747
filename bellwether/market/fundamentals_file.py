"""Companies' quarters from a parquet or csv file: symbol, period_end, filed, revenue, net_income, perhaps currency.

A column `revenue_suspect` marks revenues that are not believed: they count as not told.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.errors import MarketDataError, UnknownSymbol
from bellwether.types import Quarter, Statements

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

    def statements(self, symbol: str) -> Statements:
        """A company's quarters; the file knows no next date."""
        if symbol not in self._made:
            if symbol not in self._companies:
                raise UnknownSymbol(symbol, market=f"the file {self._file}")
            self._made[symbol] = self._put_together(symbol)
        return self._made[symbol]

    def _put_together(self, symbol: str) -> Statements:
        """The rows of a company as one."""
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
            next_earnings=None,
            source=self._source,
        )

    def at_hand(self, symbol: str) -> Statements | None:
        """All are."""
        return self.statements(symbol) if symbol in self._companies else None


def _read(file: Path) -> pd.DataFrame:
    """The table with COLUMNS and currency; days as datetime64, amounts as float64."""
    if not file.is_file():
        raise MarketDataError(f"The fundamentals file {file} {'is a folder' if file.is_dir() else 'does not exist'}.")
    if file.suffix.lower() not in {".parquet", ".csv"}:
        raise MarketDataError(f"The fundamentals file {file.name} must be .parquet or .csv.")
    try:
        # the tickers NA and TRUE are text, not a missing value and a boolean
        table = (
            pd.read_parquet(file)
            if file.suffix.lower() == ".parquet"
            else pd.read_csv(
                file, dtype={"symbol": str}, keep_default_na=False, na_values=dict.fromkeys(COLUMNS[1:], "")
            )
        )
        missing = [column for column in COLUMNS if column not in table.columns]
        if missing:
            raise MarketDataError(f"The fundamentals file {file.name} lacks the columns {', '.join(missing)}.")
        if "revenue_suspect" in table.columns:
            suspect = table["revenue_suspect"].astype(str).str.lower().isin(["true", "1", "1.0"])
            table = table.assign(revenue=table["revenue"].mask(suspect))
        table = table.loc[:, [*COLUMNS, *(["currency"] if "currency" in table.columns else [])]]
        table["symbol"] = table["symbol"].astype(str).str.strip().str.upper()
        for column in ("period_end", "filed"):
            table[column] = pd.to_datetime(table[column])
        for column in ("revenue", "net_income"):
            table[column] = table[column].astype(np.float64)
    except (OSError, ValueError, TypeError) as problem:
        detail = (str(problem).splitlines() or [type(problem).__name__])[0][:200]
        raise MarketDataError(f"The fundamentals file {file.name} cannot be read: {detail}") from problem
    if "currency" not in table:
        table["currency"] = CURRENCY
    # what a company says of a quarter later on was not known when it first did
    return table.dropna(subset=["period_end"]).sort_values("filed", kind="stable", na_position="last")


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _day(value: pd.Timestamp) -> date | None:
    return None if pd.isna(value) else value.date()
