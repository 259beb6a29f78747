"""A text file as a table of texts: its encoding, delimiter, header and rows, whoever wrote it.

bytes -> encoding -> delimiter and header -> rows of text, each with the number of its line
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.market.files.dialects import DOWNLOAD, DOWNLOAD_CLOSES, MISSING, Dialect, canonical, recognise
from bellwether.market.files.encoding import encoding_of

ENDINGS = (".parquet", ".csv")
MOST_PREAMBLE = 30  #: lines above the header that may tell a title, an ISIN or an address
_MOST_NOTES = 5  #: lines below the table that may tell where it comes from
_HEAD = 1 << 16  #: bytes that are looked at to tell encoding and delimiter
_DELIMITERS = ",;\t|"
_PRICE_NAMES = {"open", "high", "low", "close", "adj close", "volume"}  #: as yfinance heads its columns
_CORNERS = {"price", "ticker", "attributes", "symbols", ""}  #: what stands before them
_DAY = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}")


class BadTable(ValueError):
    """A file cannot be read; the text is a sentence about it that says where and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class FileTable:
    """What stands in a file. The index of `rows` is each row's place in the file, as people count: `word` n."""

    dialect: Dialect | None  #: None where no dialect has such a header
    rows: pd.DataFrame  #: columns as the header names them; texts, or typed columns where the file has types
    delimiter: str = ","
    word: str = "line"  #: what a row's place is called
    left_out: tuple[str, ...] = ()  #: sentences on what was not read


Recognise = Callable[[Sequence[str]], Dialect | None]  #: the cells of a line -> the dialect that it is the header of


@contextmanager
def reading(file: Path, kind: str, endings: Sequence[str] = ENDINGS) -> Iterator[None]:
    """Reading a file of this kind: whatever makes it fail is a MarketDataError that names the file."""
    if not file.is_file():
        raise MarketDataError(f"The {kind} {file} {'is a folder' if file.is_dir() else 'does not exist'}.")
    if file.suffix.lower() not in endings:
        raise MarketDataError(f"The {kind} {file.name} must be .parquet or .csv.")
    try:
        yield
    except (OSError, ValueError, TypeError) as problem:
        raise MarketDataError(f"The {kind} {file.name} cannot be read: {first_line(problem)}") from problem


def first_line(problem: Exception) -> str:
    """A library's complaint without its advice to programmers."""
    return (str(problem).splitlines() or [type(problem).__name__])[0][:400]


def read_text(file: Path, recognise: Recognise = recognise) -> FileTable:
    """The table in a text file. Raises BadTable, OSError, or pandas' ValueError for a row that is too long."""
    encoding = _encoding(file)
    try:
        return _read(file, encoding, recognise)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise
        return _read(file, "cp1252", recognise)  # a letter of Western Europe further down


def _encoding(file: Path) -> str:
    with file.open("rb") as stream:
        return encoding_of(stream.read(_HEAD))


def _read(file: Path, encoding: str, recognise: Recognise) -> FileTable:
    """The table in an encoding; cp1252 never fails: letters it does not have are replaced."""
    errors = "replace" if encoding == "cp1252" else "strict"
    with file.open(encoding=encoding, errors=errors, newline="") as stream:
        head = [stream.readline(_HEAD) for _ in range(MOST_PREAMBLE + 3)]
    if not "".join(head).strip():
        raise BadTable("it is empty.")
    at, delimiter, dialect, width = _header(head, recognise)
    source = {"filepath_or_buffer": file, "encoding": encoding, "encoding_errors": errors, "sep": delimiter}
    points = delimiter != ";" and (dialect is None or dialect.decimal != ",")
    if dialect is not None and not dialect.header:
        rows = _rows(source, list(dialect.columns.values()), at, width, dialect)
        rows, cut_off = _without_cut_off(rows, source)
        return FileTable(dialect, rows, delimiter, left_out=cut_off)
    wide = _wide(head[at : at + 3], delimiter)
    if wide is not None:
        skipped, levels = wide
        rows = _rows(source, [str(place) for place in range(len(levels))], at + skipped, len(levels))
        rows, cut_off = _without_cut_off(rows, source)
        rows.columns = pd.MultiIndex.from_tuples(levels)
        rows = long_form(rows)
        return FileTable(_of_download(rows), rows, delimiter, left_out=cut_off)
    names = _cells(head[at], delimiter)
    rows, left_out = _without_footer(_rows(source, names, at + 1, width, dialect if points else None))
    rows, cut_off = _without_cut_off(rows, source)
    return FileTable(dialect, rows, delimiter, left_out=(*left_out, *cut_off))


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without the spaces around them."""
    try:
        return [cell.strip().strip('"').strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as problem:
        raise BadTable(f"its first lines are no table: {problem}.") from problem


def _header(head: Sequence[str], recognise: Recognise) -> tuple[int, str, Dialect | None, int]:
    """Where the header is, the delimiter, the dialect that has such a header, and how many cells the first row has.

    The first line that a dialect recognises; else the first line that is not empty, and no dialect.
    """
    for at, line in enumerate(head):
        for delimiter in _DELIMITERS:
            if delimiter in line:
                cells = _cells(line, delimiter)
                dialect = recognise(cells)
                if dialect is not None or _wide(head[at : at + 3], delimiter) is not None:
                    below = next((text for text in head[at + 1 :] if text.strip()), line)
                    return at, delimiter, dialect, len(_cells(below, delimiter))
    at = next(place for place, line in enumerate(head) if line.strip())
    delimiter = max(_DELIMITERS, key=head[at].count)
    return at, delimiter, None, len(_cells(head[at], delimiter))


def _rows(
    source: dict[str, Any], names: Sequence[str], skipped: int, width: int, plain: Dialect | None = None
) -> pd.DataFrame:
    """The rows after the first `skipped` lines as text, without those that are blank; their index counts lines.

    The numbers of `plain`, a dialect whose numbers may be plain ones, are read as such where all of them are: that
    takes a sixth of the time.
    """
    columns = _distinct(names)
    if width == len(columns) + 1:  # a delimiter at each line's end, or R's row names, which have no header
        columns = ["", *columns] if _first_is_a_name(source, skipped, width) else [*columns, " "]
    if width > len(columns):
        raise BadTable(f"line {skipped + 1} has {width} cells and its header {len(columns)}. Quote decimal commas.")
    arguments = {
        **source,
        "header": None,
        "names": [*columns, _BEYOND],
        "skiprows": skipped,
        "index_col": False,
        **_AS_TEXT,
    }
    numbers = [name for name in columns if plain is not None and canonical(name) in plain.number_names]
    types = dict.fromkeys([*columns, _BEYOND], "str") | dict.fromkeys(numbers, "float64")
    try:
        rows: pd.DataFrame = pd.read_csv(
            **arguments, dtype=types, na_values=dict.fromkeys(numbers, _MISSING_IN_ANY_CASE)
        )
    except pd.errors.EmptyDataError:
        rows = pd.DataFrame(columns=[*columns, _BEYOND], dtype=str)
    except ValueError:
        rows = pd.read_csv(**arguments, dtype=str)
    # a row that is too long would lose its end, with a warning alone
    beyond = rows.pop(_BEYOND)
    if (beyond.notna() & (beyond != "")).any():
        raise BadTable(f"a row has more cells than the header, which has {len(columns)}.")
    rows.index = pd.RangeIndex(skipped + 1, skipped + 1 + len(rows))
    blank = pd.Series(True, index=rows.index)
    for name in rows.columns:
        empty = rows[name].isna() if name in types and types[name] == "float64" else rows[name].fillna("") == ""
        blank &= empty
        if not blank.any():
            return rows
    return rows[~blank]


_BEYOND = "beyond the header"  #: a column after those of the header; empty where no row is too long
_AS_TEXT: dict[str, Any] = {"keep_default_na": False, "skip_blank_lines": False, "skipinitialspace": True}
_MISSING_IN_ANY_CASE = sorted(
    {form for word in MISSING for form in (word, word.upper(), word.title())} | {"NaN", "NaT", "<NA>"}
)


def _first_is_a_name(source: dict[str, Any], skipped: int, width: int) -> bool:
    """Whether the last of the first row's cells holds something, so that it is the first that has no header."""
    row = pd.read_csv(**source, header=None, skiprows=skipped, nrows=1, dtype=str, **_AS_TEXT)
    return bool(str(row.iloc[0, width - 1]).strip())


def _distinct(names: Sequence[str]) -> list[str]:
    """The same names, those that come again with a number."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


def _without_footer(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows without the last ones that have nothing but words in their first cell, such as "Downloaded from ..."."""
    left_out: list[str] = []
    while len(left_out) < _MOST_NOTES and len(rows) and len(rows.columns) >= 3:
        last = rows.iloc[-1]
        blank = last.isna() | (last.astype(str).str.strip() == "")
        if not blank.iloc[1:].all() or not re.search(r"[^\W\d_]{3}", str(last.iloc[0])):
            break
        left_out.insert(0, f"line {rows.index[-1]}, {str(last.iloc[0])[:60]!r}")
        rows = rows.iloc[:-1]
    return rows, tuple(left_out)


def _without_cut_off(rows: pd.DataFrame, source: dict[str, Any]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows without a last one that has fewer cells than the others: its last number may be cut off too.

    Raises BadTable for such a row before the last: its cells may stand in other columns than theirs.
    """
    padded = rows[rows.iloc[:, -1].isna()].index if len(rows.columns) else rows.index
    if padded.empty or 2 * len(padded) > len(rows):  # most rows may leave out what would be empty
        return rows, ()
    reading = {"encoding": source["encoding"], "errors": source["encoding_errors"], "newline": ""}
    with Path(source["filepath_or_buffer"]).open(**reading) as lines:
        records = enumerate(csv.reader(lines, delimiter=source["sep"]), 1)
        wanted = set(padded)
        short = {place: len(cells) for place, cells in records if place in wanted and len(cells) < len(rows.columns)}
    if len(rows.columns) - 1 in short.values() and rows.columns[-1] == " ":  # the delimiter at the end is not a cell
        short = {place: cells for place, cells in short.items() if cells < len(rows.columns) - 1}
    if not short:
        return rows, ()
    place, cells = next(iter(short.items()))
    has = "1 cell" if cells == 1 else f"{cells} cells"
    words = f"line {place}, which is cut off: it has {has} and the others {len(rows.columns)}"
    if place == rows.index[-1]:
        return rows.iloc[:-1], (words,)
    raise BadTable(f"it has {words}. Mend that line or take it out.")


def _wide(lines: Sequence[str], delimiter: str) -> tuple[int, list[tuple[str, str]]] | None:
    """Whether these lines head a table of several symbols side by side, as yfinance's download() writes it.

    Returns how many lines the header has and each column's (price, symbol); None for any other table.
    """
    if len(lines) < 3:
        return None
    upper, lower, third = (_cells(line, delimiter) for line in lines)
    if len(upper) != len(lower) or len(upper) < 2 or not {canonical(upper[0]), canonical(lower[0])} <= _CORNERS:
        return None
    for prices, symbols in ((upper, lower), (lower, upper)):
        if {canonical(name) for name in prices[1:]} <= _PRICE_NAMES and not any(
            canonical(name) in _PRICE_NAMES or not name for name in symbols[1:]
        ):
            named = bool(third) and not any(third[1:]) and not _DAY.match(third[0])
            return 2 + named, [("date", ""), *zip(prices[1:], symbols[1:], strict=True)]
    return None


def long_form(wide: pd.DataFrame) -> pd.DataFrame:
    """A table with the columns ("date", "") and (price, symbol) as one with a column of symbols.

    Days on which a symbol has no price at all are left out: another one's exchange was open.
    """
    prices, symbols = wide.columns.get_level_values(0), wide.columns.get_level_values(1)
    parts = []
    for symbol in dict.fromkeys(symbols[1:]):  # of a download; never a long file's thousands
        part = wide.loc[:, symbols == symbol]
        part.columns = pd.Index(prices[symbols == symbol])
        blank = part.isna() | (part.astype(str).apply(lambda cells: cells.str.strip()) == "")
        part = part.assign(date=wide.iloc[:, 0], symbol=symbol)
        parts.append(part[~blank.drop(columns="Volume", errors="ignore").all(axis=1)])
    return pd.concat(parts) if parts else pd.DataFrame()


def read_parquet(file: Path) -> FileTable:
    """The table in a parquet file; rows are counted from 1."""
    frame = pd.read_parquet(file)
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame.index = pd.RangeIndex(1, 1 + len(frame))
    if frame.columns.nlevels == 2:
        frame = long_form(_with_prices_first(frame))
        return FileTable(_of_download(frame), frame, word="row")
    frame.columns = pd.Index([str(name) for name in frame.columns])
    return FileTable(recognise(list(frame.columns)), frame, word="row")


def _of_download(rows: pd.DataFrame) -> Dialect:
    """The dialect of a table of yfinance's download() in long form, which may have closes alone."""
    names = {canonical(name) for name in rows.columns}
    return DOWNLOAD if names.issuperset(DOWNLOAD.columns.values()) else DOWNLOAD_CLOSES


def _with_prices_first(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame of download() with its days as first column, its columns as (price, symbol) whichever way they were."""
    pairs = [(str(pair[0]), str(pair[1])) for pair in frame.columns[1:].to_list()]
    if not {canonical(first) for first, _ in pairs} <= _PRICE_NAMES:
        pairs = [(second, first) for first, second in pairs]
    frame.columns = pd.MultiIndex.from_tuples([("date", ""), *pairs])
    return frame
