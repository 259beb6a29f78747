"""What an operator chooses to serve: the setting `market.universe`, a list of symbols or a csv file."""

import csv
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bellwether.core.errors import ConfigError
from bellwether.core.types import Instrument
from bellwether.market.provider import Provider, search_of
from bellwether.market.symbols.spellings import as_symbol
from bellwether.market.symbols.universe import Universe, instrument_of, well_known

log = logging.getLogger(__name__)


def universe_of(setting: str | tuple[str, ...], provider: Provider) -> Universe:
    """The universe that `market.universe` names in this market; empty is all that the market knows without asking.

    Raises ConfigError, one line that says what is wrong and where.
    """
    known = provider.universe()
    if not setting:
        return Universe(known, () if search_of(provider) is None else well_known())
    chosen = chosen_instruments(setting)
    if search_of(provider) is not None:
        return Universe(chosen, (*known, *well_known()))
    there = Universe(known)
    spelt = {
        instrument.symbol: its_own for instrument in chosen if (its_own := there.spelt(instrument.symbol)) is not None
    }
    served = tuple(
        replace(instrument, symbol=spelt[instrument.symbol].symbol)
        for instrument in chosen
        if instrument.symbol in spelt
    )
    if not served:
        has = _some(instrument.symbol for instrument in known)
        raise ConfigError(f"market.universe names no symbol that {provider.describe()} has; it has {has}.")
    if len(served) < len(chosen):
        missing = {instrument.symbol for instrument in chosen} - spelt.keys()
        log.warning(
            "%d symbols of market.universe are not in %s: %s", len(missing), provider.describe(), _some(missing)
        )
    return Universe(served, known)


def _some(symbols: Iterable[str]) -> str:
    ordered = sorted(symbols)
    return ", ".join(ordered[:5]) + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "")


def chosen_instruments(setting: str | tuple[str, ...]) -> tuple[Instrument, ...]:
    """What `market.universe` names: a list of symbols, as such or parted by commas, or the path of a csv file.

    Raises ConfigError, one line that says what is wrong and where.
    """
    if isinstance(setting, str) and "," not in setting:
        return _read(Path(setting))
    symbols = setting.split(",") if isinstance(setting, str) else setting
    named = enumerate((symbol for symbol in symbols if symbol.strip()), 1)
    return _instruments([({"symbol": symbol}, f"no. {number}") for number, symbol in named], "market.universe")


def _read(file: Path) -> tuple[Instrument, ...]:
    """A csv file with the column symbol, and name, sector, exchange and currency where they are known."""
    if not file.is_file():
        fault = "is a folder" if file.is_dir() else "does not exist"
        raise ConfigError(
            f"market.universe names the file {file}, which {fault}; give a .csv file with the column symbol, or a list "
            "of symbols such as [AAPL, MSFT]."
        )
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            header = [str(name).strip().lower() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            if "symbol" not in header:
                names = ", ".join(header)[:100] or "nothing"
                raise ConfigError(
                    f"The file {file} of market.universe needs a column symbol; its first line has {names}."
                )
            rows = [(row, f"line {reader.line_num}") for row in reader if str(row["symbol"]).strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise ConfigError(f"The file {file} of market.universe cannot be read as csv: {problem}.") from None
    return _instruments(rows, f"The file {file} of market.universe")


def _instruments(rows: list[tuple[dict[str, str], str]], source: str) -> tuple[Instrument, ...]:
    """Rows as instruments, each with the place where it stands."""
    if not rows:
        raise ConfigError(f"{source} holds no symbol; leave market.universe empty for the S&P 500.")
    instruments: dict[str, Instrument] = {}
    for row, place in rows:
        symbol = as_symbol(row["symbol"].strip())
        if symbol is None:
            raise ConfigError(f"{source}, {place}: “{row['symbol'].strip()[:30]}” is no symbol such as AAPL or SHEL.L.")
        told = {key: (row.get(key) or "").strip() for key in ("name", "exchange", "currency", "sector")}
        instruments.setdefault(symbol, instrument_of(symbol, **told))
    return tuple(instruments.values())
