"""Numbers from columns of text: one way of writing them for a table, missing values in everybody's words.

"1,369.26" and "1.369,26" are told apart by what stands in all columns together, for "1,369" alone could be either.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.types import Floats
from bellwether.market.files.dialects import MISSING
from bellwether.market.files.table import BadTable

_TIMES_WORDS = {1e3: "k tsd", 1e6: "m mio mn mln", 1e9: "b bn mrd mld", 1e12: "t bio"}
_TIMES = {word: times for times, words in _TIMES_WORDS.items() for word in words.split()}
_SUFFIX = r"\s?(?P<times>" + "|".join(sorted(_TIMES, key=len, reverse=True)) + r")?\.?"
_SIGNS = r"R\$|[$€£¥₹₩₽₪₺₫฿]|\s(?:USD|EUR|GBP|CHF|JPY)$"
_SPACES = r"[\u00a0\u2007\u2009\u202f]"
_APART = "'\N{RIGHT SINGLE QUOTATION MARK} "  #: between thousands in Switzerland, France and elsewhere
_FORMS = {  #: by the sign before decimals: digits perhaps in groups of three, or of two as in India
    point: re.compile(
        rf"[+-]?(?:\d+|[1-9]\d{{0,2}}(?:(?:[{group}]\d{{2,3}})*[{group}]\d{{3}}|(?:[{_APART}]\d{{3}})+)|)"
        rf"(?:{re.escape(point)}\d*)?(?:e[+-]?\d+)?{_SUFFIX}",
        re.IGNORECASE,
    )
    for point, group in ((".", ","), (",", "."))
}
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_PIECES = frozenset(["volume", "ticks"])  #: they may be written in another way than the prices
_JUMP = 100  #: prices of one file that are so many times each other were not read as they were meant
_NAMES = {".": "a decimal point", ",": "a decimal comma"}


@dataclass(frozen=True, slots=True, eq=False)
class _NumberReading:
    """A column of numbers, read with one sign before decimals."""

    values: Floats  #: (n,), NaN where nothing is
    fits: npt.NDArray[np.bool_]  #: which rows are written so, (n,)


_Readings = Mapping[str, _NumberReading]  #: by the sign


def read_numbers(
    columns: Mapping[str, "pd.Series[Any]"], *, word: str, decimal: str = "", strict: bool = False, delimiter: str = ","
) -> dict[str, Floats]:
    """Columns of text or numbers as float64 (n,), NaN where nothing is; all in one way of writing where one fits all.

    `decimal` is the sign that decides where the columns don't. `strict` takes plain numbers alone. Raises BadTable,
    naming a row as `word` and the number in the index.
    """
    made: dict[str, Floats] = {}
    texts: dict[str, pd.Series[Any]] = {}
    for name, column in columns.items():
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            made[name] = column.to_numpy(np.float64, na_value=np.nan)
            continue
        text = column.fillna("").astype(str).str.strip()
        text = text.mask(text.str.lower().isin(MISSING), "")
        plain = pd.to_numeric(text.mask(text == "", np.nan), errors="coerce").to_numpy(np.float64, na_value=np.nan)
        if (~np.isnan(plain) | (text == "").to_numpy(bool)).all():
            made[name] = plain
        texts[name] = text
    if strict:
        for name in texts:
            if name not in made:
                _refuse_unless_plain(texts[name], name, word)
    if strict or not texts or (texts.keys() <= made.keys() and decimal != "," and delimiter != ";"):
        return made
    cleaned = {name: _clean(text) for name, text in texts.items()}
    ways = {name: {sign: _read_as(text, sign) for sign in _FORMS} for name, text in cleaned.items()}
    chosen = _signs(cleaned, ways, word, decimal, delimiter)
    return made | {name: ways[name][sign].values for name, sign in chosen.items()}


def _clean(text: "pd.Series[Any]") -> "pd.Series[Any]":
    """Without signs of currencies and odd spaces; distinct texts only, by their first row."""
    text = text.str.replace(_SPACES, " ", regex=True).str.replace(_SIGNS, "", regex=True)
    return text.str.replace("−", "-").str.strip()


def _read_as(text: "pd.Series[Any]", sign: str) -> _NumberReading:
    codes, cells = pd.factorize(text.to_numpy(object))
    values, fits = np.full(len(cells), np.nan), np.zeros(len(cells), bool)
    group = str.maketrans("", "", ("," if sign == "." else ".") + _APART)
    for at, cell in enumerate(cells):
        match = _FORMS[sign].fullmatch(cell)
        fits[at] = not cell or (match is not None and re.search(r"\d", cell) is not None)
        if match and cell and fits[at]:
            times = match["times"] or ""
            digits = cell.rstrip(".").removesuffix(times).strip()
            values[at] = float(digits.translate(group).replace(sign, ".")) * _TIMES.get(times.lower(), 1)
    return _NumberReading(values[codes], fits[codes])


def _signs(
    columns: Mapping[str, "pd.Series[Any]"], ways: Mapping[str, _Readings], word: str, decimal: str, delimiter: str
) -> dict[str, str]:
    """The sign before decimals of each column. Raises BadTable."""
    fits = {name: {sign for sign, way in ways[name].items() if way.fits.all()} for name in columns}
    for name, signs in fits.items():
        if not signs:
            _refuse(columns[name], ways[name], name, word)
    prices = {name: signs for name, signs in fits.items() if name not in _PIECES} or fits
    common = set.intersection(*prices.values())
    if not common:
        point, comma = (next(name for name, fit in prices.items() if fit == {sign}) for sign in ".,")
        raise BadTable(
            f"the column {point} has {_NAMES['.']} and the column {comma} {_NAMES[',']}. Write all prices in one way."
        )
    told = {next(iter(fit)) for fit in fits.values() if len(fit) == 1}
    if len(common) == 2:
        common = told if len(told) == 1 else {_open({name: columns[name] for name in prices}, ways, decimal, delimiter)}
    sign = next(iter(common))
    return {name: sign if sign in fit else next(iter(fit)) for name, fit in fits.items()}


def _open(columns: Mapping[str, "pd.Series[Any]"], ways: Mapping[str, _Readings], decimal: str, delimiter: str) -> str:
    """The sign where the columns fit both: known of the dialect, or told by what the prices would be.

    Prices do not change a hundredfold: 999 and 1,001 are thousands. Pieces are whole numbers. A point alone is a
    decimal point where cells are not parted as where commas are. Raises BadTable.
    """
    if decimal:
        return decimal
    values = {sign: np.concatenate([ways[name][sign].values for name in columns]) for sign in _FORMS}
    if np.array_equal(values["."], values[","], equal_nan=True):
        return "."
    spread = {sign: _spread(values[sign]) for sign in _FORMS}
    smooth = min(spread, key=lambda sign: spread[sign])
    if spread[smooth] < _JUMP <= max(spread.values()):
        return smooth
    prices = pd.concat([*columns.values()])
    if delimiter != ";" and not prices.str.contains(",", regex=False).any():
        return "."
    example = prices[prices.str.contains(r"\d[.,]\d")].iloc[0]
    raise BadTable(f"{example} can be thousands or three decimals, and the columns do not tell. Write 1369 or 1.369.")


def _spread(values: Floats) -> float:
    """The largest of these prices as a multiple of the smallest."""
    values = values[values > 0]
    return float(values.max() / values.min()) if len(values) else 1.0


def _refuse(text: "pd.Series[Any]", ways: _Readings, name: str, word: str) -> None:
    """Raise BadTable for the first text that is no number as most of the column are; it may be one in the other way."""
    sign, other = sorted(_FORMS, key=lambda sign: -ways[sign].fits.sum())
    bad = int(np.flatnonzero(~ways[sign].fits)[0])
    row, value = text.index[bad], text.iloc[bad]
    good = text[(text != "") & ways[sign].fits]
    if ways[other].fits[bad] and len(good):
        raise BadTable(
            f"{word} {row} writes {value} in the column {name} with {_NAMES[other]}, and {word} {good.index[0]} writes "
            f"{good.iloc[0]} with {_NAMES[sign]}. Write all of them in one way."
        )
    raise _no_number(word, row, value, name)


def _refuse_unless_plain(text: "pd.Series[Any]", name: str, word: str) -> None:
    bad = text[(text != "") & ~text.str.fullmatch(_PLAIN)]
    if bad.empty:
        raise BadTable(f"the column {name} has something that is no number.")
    raise _no_number(word, bad.index[0], bad.iloc[0], name)


def _no_number(word: str, row: object, value: str, name: str) -> BadTable:
    return BadTable(f"{word} {row} has {value[:40]!r} in the column {name}, which is no number.")
