"""Numbers from columns of text: one way of writing them for a table, missing values in everybody's words.

"1,369.26" and "1.369,26" are told apart by what stands in all columns together, for "1,369" alone could be either.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bellwether.core.types import Floats
from bellwether.market.files.dialects import MISSING
from bellwether.market.files.table import BadTable

_TIMES = {
    "k": 1e3,
    "tsd": 1e3,
    "m": 1e6,
    "mio": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "mrd": 1e9,
    "mld": 1e9,
    "t": 1e12,
    "bio": 1e12,
}
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
_PIECES = frozenset(["volume", "ticks"])  #: they may be written in another way than the prices
_JUMP = 100  #: prices of one file that are so many times each other were not read as they were meant
_NAMES = {".": "a decimal point", ",": "a decimal comma"}


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
        for name in texts.keys() - made.keys():
            _refuse(texts[name], name, ".", word, strict)
    if strict or not texts or (texts.keys() <= made.keys() and decimal != "," and delimiter != ";"):
        return made
    cleaned = {name: _clean(text) for name, text in texts.items()}
    chosen = _sign(cleaned, word, decimal, delimiter)
    return made | {name: _values(cleaned[name], name, sign, word) for name, sign in chosen.items()}


def _clean(text: "pd.Series[Any]") -> "pd.Series[Any]":
    """Without signs of currencies and odd spaces; distinct texts only, by their first row."""
    text = text.str.replace(_SPACES, " ", regex=True).str.replace(_SIGNS, "", regex=True)
    return text.str.replace("−", "-").str.strip()


def _sign(columns: Mapping[str, "pd.Series[Any]"], word: str, decimal: str, delimiter: str) -> dict[str, str]:
    """The sign before decimals of each column. Raises BadTable."""
    fits = {
        name: {sign for sign, form in _FORMS.items() if text.map(lambda t, f=form: f.fullmatch(t) is not None).all()}
        for name, text in ((name, text.drop_duplicates()) for name, text in columns.items())
    }
    for name, signs in fits.items():
        if not signs:
            best = max(
                _FORMS, key=lambda sign: columns[name].map(lambda t: _FORMS[sign].fullmatch(t) is not None).sum()
            )
            _refuse(columns[name], name, best, word, False)
    prices = {name: signs for name, signs in fits.items() if name not in _PIECES} or fits
    common = set.intersection(*prices.values())
    if not common:
        point, comma = (next(name for name, fit in prices.items() if fit == {sign}) for sign in ".,")
        raise BadTable(
            f"the column {point} has {_NAMES['.']} and the column {comma} {_NAMES[',']}. Write all prices in one way."
        )
    told = {next(iter(fit)) for fit in fits.values() if len(fit) == 1}
    if len(common) == 2:
        common = told if len(told) == 1 else {_open(columns, decimal, delimiter)}
    sign = next(iter(common))
    return {name: sign if sign in fit else next(iter(fit)) for name, fit in fits.items()}


def _open(columns: Mapping[str, "pd.Series[Any]"], decimal: str, delimiter: str) -> str:
    """The sign where the columns fit both: known of the dialect, or told by what the prices would be.

    Prices do not change a hundredfold: 999 and 1,001 are thousands. Pieces are whole numbers. A point alone is a
    decimal point where cells are not parted as where commas are. Raises BadTable.
    """
    if decimal:
        return decimal
    prices = pd.concat([text for name, text in columns.items() if name not in _PIECES] or [*columns.values()])
    if not prices.str.contains(r"[.,]").any():
        return "."
    spread = {sign: _spread(_values(prices, "close", sign, "")) for sign in _FORMS}
    smooth = min(spread, key=lambda sign: spread[sign])
    if spread[smooth] < _JUMP <= max(spread.values()):
        return smooth
    if delimiter != ";" and not prices.str.contains(",", regex=False).any():
        return "."
    example = prices[prices.str.contains(r"\d[.,]\d")].iloc[0]
    raise BadTable(f"{example} can be thousands or three decimals, and the columns do not tell. Write 1369 or 1.369.")


def _spread(values: Floats) -> float:
    """The largest of these prices as a multiple of the smallest."""
    values = values[values > 0]
    return float(values.max() / values.min()) if len(values) else 1.0


def _values(text: "pd.Series[Any]", name: str, sign: str, word: str) -> Floats:
    """A column in one way of writing as numbers."""
    codes, distinct = pd.factorize(text.to_numpy(object))
    values = np.full(len(distinct), np.nan)
    group = ("," if sign == "." else ".") + _APART
    for at, one in enumerate(distinct):
        match = _FORMS[sign].fullmatch(one)
        if match is None:
            _refuse(text, name, sign, word, False)
        elif re.search(r"\d", one):
            times = match["times"] or ""
            digits = one.rstrip(".")
            digits = digits[: len(digits) - len(times)].strip()
            values[at] = float(digits.translate({ord(mark): None for mark in group}).replace(sign, ".")) * _TIMES.get(
                times.lower(), 1
            )
        elif one:
            _refuse(text, name, sign, word, False)
    return values[codes]


def _refuse(text: "pd.Series[Any]", name: str, sign: str, word: str, strict: bool) -> None:
    """Raise BadTable for the first text that is no number in this way of writing; it may be one in the other."""
    form = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE) if strict else _FORMS[sign]
    bad = text[(text != "") & ~text.map(lambda one: form.fullmatch(one) is not None)]
    if bad.empty:
        raise BadTable(f"the column {name} has something that is no number.")
    row, value = bad.index[0], bad.iloc[0]
    other = "," if sign == "." else "."
    good = text[(text != "") & text.map(lambda one: form.fullmatch(one) is not None)]
    if not strict and _FORMS[other].fullmatch(value) and len(good):
        raise BadTable(
            f"{word} {row} writes {value} in the column {name} with {_NAMES[other]}, and {word} {good.index[0]} writes "
            f"{good.iloc[0]} with {_NAMES[sign]}. Write all of them in one way."
        )
    raise BadTable(f"{word} {row} has {value[:40]!r} in the column {name}, which is no number.")
