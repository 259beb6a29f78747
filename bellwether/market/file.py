"""Prices from parquet or csv files in long form: symbol, date, open, high, low, close, volume."""

import logging
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bellwether.config import Market
from bellwether.errors import BadDate, ConfigError, MarketDataError, UnknownSymbol
from bellwether.language import said
from bellwether.market.universe import instrument_of, is_symbol, near_symbols
from bellwether.types import CLOSE, VOLUME, Bars, Instrument

log = logging.getLogger(__name__)

COLUMNS = ("symbol", "date", "open", "high", "low", "close", "volume")


def read_prices(files: Sequence[Path]) -> pd.DataFrame:
    """Read price files and put them together, sorted by symbol and date.

    Columns are COLUMNS: symbol (str), date (datetime64[s]), prices and volume (float64). Where two files hold the same
    symbol and date, the first file wins. Raises MarketDataError, naming the file, for anything unreadable.
    """
    frames = [_read_one(file) for file in files]
    together = pd.concat(frames, ignore_index=True).drop_duplicates(["symbol", "date"], keep="first")
    return together.sort_values(["symbol", "date"], ignore_index=True)


def _read_one(file: Path) -> pd.DataFrame:
    """One file with exactly COLUMNS."""
    if not file.is_file():
        raise MarketDataError(f"The price file {file} {'is a folder' if file.is_dir() else 'does not exist'}.")
    if file.suffix.lower() not in {".parquet", ".csv"}:
        raise MarketDataError(f"The price file {file.name} must be .parquet or .csv.")
    try:
        frame = pd.read_parquet(file) if file.suffix.lower() == ".parquet" else _read_csv(file)
    except (OSError, ValueError) as problem:
        raise MarketDataError(f"The price file {file.name} cannot be read: {_first_line(problem)}") from problem
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise MarketDataError(
            f"The price file {file.name} lacks the columns {', '.join(missing)}; it has "
            f"{', '.join(map(str, list(frame.columns)[:12]))}."
        )
    frame = frame.loc[:, list(COLUMNS)]
    try:
        frame["symbol"] = frame["symbol"].astype(str).str.strip().str.upper()
        frame["date"] = _as_days(frame["date"]).dt.tz_localize(None).dt.normalize().astype("datetime64[s]")
        numbers = list(COLUMNS[2:])
        frame[numbers] = frame[numbers].astype(np.float64)
    except (ValueError, TypeError) as problem:
        raise MarketDataError(
            f"The price file {file.name} has a value of the wrong kind: {_first_line(problem)}"
        ) from problem
    return frame


def _first_line(problem: Exception) -> str:
    """A library's complaint without its advice to programmers."""
    return (str(problem).splitlines() or [type(problem).__name__])[0][:200]


def _read_csv(file: Path) -> pd.DataFrame:
    """A csv whose symbols stay text: pandas would read the tickers NA and NAN as missing, TRUE as a boolean."""
    blank = {column: ["", "nan", "NaN", "null"] for column in COLUMNS[2:]}
    return pd.read_csv(file, dtype={"symbol": str}, keep_default_na=False, na_values=blank)


def _as_days(column: "pd.Series[Any]") -> "pd.Series[pd.Timestamp]":
    """Dates from text or dates; a number such as 20211230 is a day, not nanoseconds. Raises ValueError."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.to_datetime(column.astype("int64").astype(str), format="%Y%m%d")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parsing dates in")  # 30.12.2021: its day can't be a month
        return pd.to_datetime(column)


def frame_to_bars(symbol: str, frame: pd.DataFrame) -> Bars:
    """The rows of one symbol, sorted by date, as Bars. Prices in the file are taken as adjusted."""
    values = np.asfortranarray(frame[list(COLUMNS[2:])].to_numpy(np.float64))  # columns are read, rows are not
    # a source may have only closes: the other three then equal the close, and a volume not known is 0
    values[:, VOLUME] = np.nan_to_num(values[:, VOLUME])
    values[:, :3] = np.where(np.isfinite(values[:, :3]), values[:, :3], values[:, 3:4])
    return Bars(symbol, frame["date"].to_numpy("datetime64[D]"), values, values[:, CLOSE]).sealed()


def open_source(market: Market) -> "FileProvider":
    """The file that the settings name. Raises ConfigError when they name none, else as FileProvider does."""
    if not market.file:
        raise ConfigError("A price file is to be asked, but market.file names none (BELLWETHER_MARKET__FILE).")
    return FileProvider([Path(market.file)])


class FileProvider:
    """A market kept in files. Read once; the files are the operator's to refresh, and a restart reads them again."""

    name = "file"
    live = True
    note = ""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read the files. Raises MarketDataError when one of them cannot be used."""
        prices = read_prices(files)
        self._files = ", ".join(file.name for file in files)
        frames = {str(symbol): frame for symbol, frame in prices.groupby("symbol", sort=True)}
        self._frames = {symbol: frame for symbol, frame in frames.items() if is_symbol(symbol)}
        if len(self._frames) < len(frames):
            odd = ", ".join(sorted(frames.keys() - self._frames.keys())[:5])
            log.warning(
                "%d symbols of the price file are left out; such names can't be asked for: %s",
                len(frames) - len(self._frames),
                odd,
            )
        self._universe = tuple(_instrument(symbol) for symbol in self._frames)

    def describe(self) -> str:
        """Where the prices come from, for messages."""
        return said("the price file {files}", files=self._files)

    def instrument(self, symbol: str) -> Instrument:
        """The instrument; name and exchange are known for listed companies, else the symbol stands for both."""
        if symbol not in self._frames:
            raise UnknownSymbol(symbol, near_symbols(symbol, self.universe()), self.describe())
        return _instrument(symbol)

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars up to and including `end`."""
        self.instrument(symbol)
        frame = self._frames[symbol]
        frame = frame[frame["date"] <= pd.Timestamp(end)]
        if frame.empty:
            raise BadDate(
                said(
                    "There are no prices of {symbol} up to {day} in {market}.",
                    symbol=symbol,
                    day=end,
                    market=self.describe(),
                )
            )
        return frame_to_bars(symbol, frame)

    def universe(self) -> tuple[Instrument, ...]:
        """Every symbol in the files, with its name where it is a listed company we know."""
        return self._universe


def _instrument(symbol: str) -> Instrument:
    """A file tells no names or currencies: its symbols do, by our tables and endings; else they are New York's."""
    return instrument_of(symbol)
