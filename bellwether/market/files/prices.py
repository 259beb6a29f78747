"""One price file, in whatever dialect, as rows in long form and what was understood of it.

file -> table -> symbols, sessions, numbers -> one row for a symbol and session -> adjusted prices
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.core.places import COMMAND
from bellwether.core.types import Floats
from bellwether.market.files.days import sessions_of
from bellwether.market.files.dialects import NUMBERS, PRICES, USUAL, Dialect, Role, canonical, recognise, without_prefix
from bellwether.market.files.numbers import read_numbers
from bellwether.market.files.symbols import symbol_of
from bellwether.market.files.table import ENDINGS, BadTable, FileTable, first_line, read_parquet, read_text, reading
from bellwether.market.returns import are_prices
from bellwether.market.symbols.spellings import as_symbol, from_stooq, in_a_file

COLUMNS = ("symbol", "date", "open", "high", "low", "close", "volume")
QUOTED = "quoted_close"
_ADJUSTED = "adjusted"
_SPLIT = 1.2  #: adjusted / quoted that changes by more in a day is a split: no usual dividend is a fifth of a price


@dataclass(frozen=True, slots=True, eq=False)
class PriceFile:
    """The rows of a file, and what was understood of it."""

    rows: pd.DataFrame  #: COLUMNS and QUOTED, as the file has them, one row for a symbol and session
    dialect: str
    dates: str  #: how its days are written
    adjusted: bool  #: whether prices were adjusted by a column of the file; else they are taken as adjusted
    left_out: tuple[str, ...]  #: what was not read, in words


def read_price_file(file: Path, symbol: str = "") -> PriceFile:
    """Read a file. `symbol` is whose prices they are where neither a column nor the file's name tells; of a file with
    a column of symbols, it is the only one that is read.

    Raises MarketDataError, naming the file, what is wrong and where.
    """
    ending = file.suffix.lower()
    with reading(file, "price file", (*ENDINGS, ".txt")):
        table = read_parquet(file) if ending == ".parquet" else read_text(file)
        if ending == ".txt" and (table.dialect is None or ending not in table.dialect.endings):
            raise MarketDataError(f"The price file {file.name} must be .parquet or .csv.")
        return _understood(file, table, symbol)


def write_prices(rows: pd.DataFrame, file: Path) -> None:
    """Write rows in long form, as .parquet or .csv by the file's ending. Raises MarketDataError; replaces no file."""
    if file.suffix.lower() not in ENDINGS:
        raise MarketDataError(f"The file {file.name} must be .parquet or .csv.")
    if file.exists():
        raise MarketDataError(f"{file} is there already. Name another file, or delete it first.")
    try:
        if file.suffix.lower() == ".csv":
            rows.to_csv(file, index=False)
        else:
            rows.to_parquet(file, index=False)
    except OSError as problem:
        raise MarketDataError(f"{file} cannot be written: {first_line(problem)}.") from problem


def _understood(file: Path, table: FileTable, symbol: str) -> PriceFile:
    """The table as prices. Raises BadTable, or MarketDataError where columns are missing."""
    dialect, columns, prefix = _columns(file, table)
    columns, left_out = _of_one_series(columns, dialect)
    symbols = _symbols(file, columns, dialect, symbol or prefix)
    if symbol and Role.SYMBOL in columns:
        chosen = symbols.isin([name for name in symbols.unique() if as_symbol(name) == as_symbol(symbol)])
        if not chosen.any():
            raise BadTable(f"it has no prices of {symbol}, but of {', '.join(symbols.drop_duplicates()[:5])}.")
        symbols, columns = symbols[chosen], {role: column[chosen] for role, column in columns.items()}
    days, dates = sessions_of(_with_time(columns), symbols, word=table.word, order=dialect.day_order)
    numbers = read_numbers(
        {role.value: columns[role] for role in NUMBERS if role in columns},
        word=table.word,
        decimal=dialect.decimal,
        strict=dialect.strict and table.delimiter == ",",
        delimiter=table.delimiter,
    )
    frame = pd.DataFrame({"symbol": symbols, "date": days.astype("datetime64[s]")}, index=symbols.index)
    for role in (*PRICES, Role.VOLUME):
        frame[role.value] = numbers.get(role.value, np.nan)
    if Role.TICKS.value in numbers and not (frame["volume"] > 0).any():
        frame["volume"] = numbers[Role.TICKS.value]
    frame[QUOTED] = numbers.get(Role.QUOTED.value, frame["close"])
    adjusted = numbers.get(Role.ADJUSTED.value)
    if adjusted is not None:
        frame[_ADJUSTED] = adjusted
    frame = one_row_a_day(frame, table)
    return PriceFile(
        adjusted_by_column(frame) if adjusted is not None else frame,
        dialect.name,
        dates,
        adjusted is not None,
        (*table.left_out, *left_out),
    )


def _columns(file: Path, table: FileTable) -> tuple[Dialect, dict[Role, "pd.Series[Any]"], str]:
    """The dialect, its columns, and a symbol where the header tells it. Raises MarketDataError where columns lack."""
    header = [str(name) for name in table.rows.columns]
    symbol, names = without_prefix(header)
    dialect = recognise(names) if symbol else table.dialect
    missing = [name for name in COLUMNS if name not in names]
    nearly_own = "symbol" in names and table.delimiter == "," and len(missing) == 1 and len(names) < len(COLUMNS)
    if dialect is None or (nearly_own and dialect.name == USUAL):
        raise MarketDataError(f"{_lacks(file, missing, names)}.")
    places = {canonical(name): at for at, name in reversed(list(enumerate(names)))}
    if dialect.strict:  # its names are exact: a column Close beside close is another one
        places |= {name: at for at, name in enumerate(names)}
    wanted = {**dialect.columns, **{role: name for role, name in dialect.also.items() if name in places}}
    return dialect, {role: table.rows.iloc[:, places[name]] for role, name in wanted.items()}, symbol


def _lacks(file: Path, missing: Sequence[str], names: Sequence[str]) -> str:
    has = ", ".join(name if name.isprintable() else ascii(name) for name in names[:12])
    return f"The price file {file.name} lacks the columns {', '.join(missing)}; it has {has[:300]}"


def _of_one_series(
    columns: dict[Role, "pd.Series[Any]"], dialect: Dialect
) -> tuple[dict[Role, "pd.Series[Any]"], tuple[str, ...]]:
    """The rows of the series that the dialect's daily prices are of, and which others are left out."""
    if Role.SERIES not in columns:
        return columns, ()
    series = columns[Role.SERIES].astype(str).str.strip()
    chosen = series == dialect.series
    if chosen.all():
        return columns, ()
    others = ", ".join(sorted(set(series[~chosen]))[:8])
    left_out = f"{int((~chosen).sum())} rows of other series than {dialect.series}: {others}"
    return {role: column[chosen] for role, column in columns.items()}, (left_out,)


def _symbols(file: Path, columns: Mapping[Role, "pd.Series[Any]"], dialect: Dialect, told: str) -> "pd.Series[Any]":
    """Each row's symbol: of its column, else the one that is told, else of the file's name."""
    column = columns.get(Role.SYMBOL)
    if column is not None:
        codes, distinct = pd.factorize(column)
        form = from_stooq if dialect.stooq else in_a_file
        made = [form(str(name).strip()) for name in distinct]
        made = [name + dialect.suffix * (not name.endswith(dialect.suffix)) for name in made]
        return pd.Series(pd.array([*made, ""], dtype="str").take(codes), index=column.index)  # -1, missing: the last
    symbol = told or symbol_of(file.stem, suffix=dialect.suffix)
    if not symbol:
        raise MarketDataError(
            f"{_lacks(file, ['symbol'], [str(column.name) for column in columns.values()])}. "
            "Name the file after its symbol, such as AAPL.csv, or make one with the symbol in it: "
            f"`{COMMAND} market import {file.name} --symbol AAPL --out prices.parquet`."
        )
    return pd.Series(symbol.upper(), index=columns[Role.DATE].index, dtype=str)


def _with_time(columns: Mapping[Role, "pd.Series[Any]"]) -> "pd.Series[Any]":
    """The days, with their times of day where these have a column of their own: 93000 is 09:30:00."""
    days = columns[Role.DATE]
    if Role.TIME not in columns or not pd.api.types.is_string_dtype(days):
        return days
    times = columns[Role.TIME].astype(str).str.strip()
    if times.str.fullmatch(r"\d{1,6}").all() and len(times):
        times = times.str.zfill(4 if times.str.len().max() <= 4 else 6)
        times = times.str.replace(r"^(\d\d)(\d\d)(\d\d)?$", r"\1:\2:\3", regex=True).str.rstrip(":")
    return days.str.cat(times, sep=" ").str.strip()


def one_row_a_day(frame: pd.DataFrame, table: FileTable) -> pd.DataFrame:
    """The rows without those that come twice; where two tell what the other lacks, they are one.

    Raises BadTable for two rows of one symbol and session that contradict each other, naming both.
    """
    double = frame.duplicated(["symbol", "date"], keep=False)
    double &= frame["date"].notna()
    if not double.any():
        return frame
    numbers = [column for column in frame.columns if column not in {"symbol", "date"}]
    rows = frame[double]
    together = rows.groupby(["symbol", "date"], sort=False)[numbers]
    first = together.transform("first")
    differ = (rows[numbers] != first) & rows[numbers].notna()
    contradicts = differ.any(axis=1).to_numpy()
    if contradicts.any():
        raise BadTable(_contradiction(rows, int(np.flatnonzero(contradicts)[0]), differ, table))
    merged = rows.assign(**{name: first[name] for name in numbers})
    again = frame.duplicated(["symbol", "date"]) & double
    frame = frame.copy()
    frame.loc[double.to_numpy(), numbers] = merged[numbers].to_numpy()
    return frame[~again.to_numpy()]


def _contradiction(rows: pd.DataFrame, second: int, differ: pd.DataFrame, table: FileTable) -> str:
    symbol, day = rows["symbol"].iloc[second], rows["date"].iloc[second]
    name = str(differ.columns[differ.iloc[second].to_numpy()][0])
    alike = ((rows["symbol"] == symbol) & (rows["date"] == day)).to_numpy()
    first = int(np.flatnonzero(alike & rows[name].notna().to_numpy())[0])
    places = [rows.index[first], rows.index[second]]
    values = [rows[name].iloc[at] for at in (first, second)]
    told = [table.rows.loc[[place]].iloc[0] for place in places]
    apart = [
        str(column) for column in table.rows.columns if canonical(column) in {"series", "interval", "per", "exchange"}
    ]
    hint = next(
        (f" They differ in {column}: keep the rows of one." for column in apart if told[0][column] != told[1][column]),
        "",
    )
    return (
        f"{table.word}s {places[0]} and {places[1]} are both {symbol} on {day.date()} and differ: {name} "
        f"{values[0]:.10g} and {values[1]:.10g}. A file of daily prices has one row for a symbol and day.{hint}"
    )


def adjusted_by_column(frame: pd.DataFrame) -> pd.DataFrame:
    """All four prices scaled by adjusted / quoted close, as from Yahoo; quoted closes adjusted for splits alone.

    Some sources quote closes as they were before a split. There adjusted / quoted jumps by the split's ratio on a
    day on which the quoted close jumps the other way.
    """
    frame = frame.sort_values(["symbol", "date"], kind="stable")
    close, told = frame["close"].to_numpy(), frame[_ADJUSTED].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        usable = are_prices(close) & are_prices(told)
        factor = pd.Series(np.where(usable, told / close, np.nan), frame.index)
    by_symbol = factor.groupby(frame["symbol"].to_numpy(), sort=False)
    scale: Floats = by_symbol.bfill().groupby(frame["symbol"].to_numpy(), sort=False).ffill().fillna(1).to_numpy()
    splits = _later_splits(frame["symbol"].to_numpy(object), close, scale)
    for role in PRICES:
        frame[role.value] = frame[role.value] * scale
    frame[QUOTED] = close / splits
    frame["volume"] = frame["volume"] * splits
    return frame.drop(columns=_ADJUSTED)


def _later_splits(symbols: "np.ndarray[Any, Any]", close: Floats, scale: Floats) -> Floats:
    """The product of the splits after each row, (n,), rows sorted by symbol and session; 1 where there are none."""
    steps = np.zeros(len(close))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, move = scale[1:] / scale[:-1], close[1:] / close[:-1]
        split = (symbols[1:] == symbols[:-1]) & (np.abs(np.log(ratio)) > np.log(_SPLIT))
        split &= np.abs(np.log(ratio * move)) < np.log(1.4)
        steps[1:][split] = np.log(ratio[split])
    ends = pd.Series(steps).groupby(pd.factorize(symbols)[0]).transform("sum").to_numpy()
    done = pd.Series(steps).groupby(pd.factorize(symbols)[0]).cumsum().to_numpy()
    return np.asarray(np.exp(ends - done))
