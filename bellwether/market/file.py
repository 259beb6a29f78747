"""A market kept in price files, in long form or in one of the dialects that are read as they are."""

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.core.config import Market
from bellwether.core.errors import BadDate, ConfigError, UnknownSymbol
from bellwether.core.i18n.translate import said
from bellwether.core.types import VOLUME, Bars, Instrument
from bellwether.market.files.prices import COLUMNS, QUOTED, PriceFile, read_price_file
from bellwether.market.kept_state import KeptState
from bellwether.market.symbols.spellings import is_symbol
from bellwether.market.symbols.universe import instrument_of, near_symbols
from bellwether.market.universe_state import NO_STATE, StateBars

log = logging.getLogger(__name__)


def read_prices(files: Sequence[Path]) -> pd.DataFrame:
    """Read price files and put them together, sorted by symbol and date.

    Columns are COLUMNS and QUOTED: symbol (str), date (datetime64[s]), prices and volume (float64). Where two files
    hold the same symbol and date, the first file wins. Raises MarketDataError, naming a file that is unreadable.
    """
    return one_table([read_price_file(file) for file in files])


def one_table(read: Sequence[PriceFile]) -> pd.DataFrame:
    """The rows of several files as one table, as `read_prices` describes it."""
    for words in (words for file in read for words in file.left_out):
        log.warning("Left out of a price file: %s.", words)
    rows = pd.concat([file.rows for file in read], ignore_index=True)
    if len(read) > 1:  # in one file every session is there once
        rows = rows.drop_duplicates(["symbol", "date"], keep="first")
    return rows.sort_values(["symbol", "date"], ignore_index=True)


def frame_to_bars(symbol: str, frame: pd.DataFrame) -> Bars:
    """The rows of one symbol of `read_prices` as Bars; its prices are adjusted, or are taken as such."""
    values = np.asfortranarray(frame[list(COLUMNS[2:])].to_numpy(np.float64))  # columns are read, rows are not
    # a source may have only closes: the other three then equal the close, and a volume not known is 0
    values[:, VOLUME] = np.nan_to_num(values[:, VOLUME])
    values[:, :3] = np.where(np.isfinite(values[:, :3]), values[:, :3], values[:, 3:4])
    quoted = frame[QUOTED].to_numpy(np.float64, copy=True)
    return Bars(symbol, frame["date"].to_numpy("datetime64[D]"), values, quoted).sealed()


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
        self.state: KeptState | None = None  # given by whoever has a database
        self._files = ", ".join(file.name for file in files)
        symbols = sorted({str(symbol) for symbol in prices["symbol"].unique()})
        self._instruments = {symbol: instrument_of(symbol) for symbol in symbols if is_symbol(symbol)}
        dated = prices[prices["date"].notna() & prices["symbol"].isin(self._instruments)]
        self._bars = {str(symbol): frame_to_bars(str(symbol), frame) for symbol, frame in dated.groupby("symbol")}
        odd = [symbol for symbol in symbols if symbol not in self._instruments]
        if odd:
            log.warning(
                "%d symbols of the price file are left out; such names can't be asked for: %s",
                len(odd),
                ", ".join(odd[:5]),
            )

    def describe(self) -> str:
        """Where the prices come from, for messages."""
        return said("the price file {files}", files=self._files)

    def instrument(self, symbol: str) -> Instrument:
        """The instrument, as its symbol tells by our tables and endings: a file knows no names or currencies."""
        if symbol not in self._instruments:
            raise UnknownSymbol(symbol, near_symbols(symbol, self.universe()), self.describe())
        return self._instruments[symbol]

    def bars(self, symbol: str, end: date) -> Bars:
        """Bars up to and including `end`."""
        self.instrument(symbol)
        whole = self._bars.get(symbol)
        bars = whole.until(end) if whole is not None else None
        if bars is None:
            raise BadDate(
                said(
                    "There are no prices of {symbol} up to {day} in {market}.",
                    symbol=symbol,
                    day=end,
                    market=self.describe(),
                )
            )
        return bars

    def universe_state(self, end: date) -> StateBars:
        """How the universe as a whole moved up to a session, as far as it was worked out in the evenings."""
        return self.state.until(end) if self.state is not None else NO_STATE

    def universe(self) -> tuple[Instrument, ...]:
        """Every symbol in the files, with its name where it is a listed company we know."""
        return tuple(self._instruments.values())
