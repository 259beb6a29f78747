"""Nested answers as flat rows, and rows as the text of a CSV file that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  #: a spreadsheet would run a cell that begins so
Row = dict[str, Any]


def flat(value: Any, name: str = "") -> Row:
    """A nested object as one row: {"a": {"0.1": 1.0}} as {"a.0.1": 1.0}; a list of sentences as one text."""
    if isinstance(value, list | tuple):
        if all(isinstance(item, str) for item in value):
            return {name: " ".join(value)}
        value = dict(enumerate(value))
        prefix = f"{name}."
    elif isinstance(value, dict):
        prefix = f"{name}." if name else ""
    else:
        return {name: value}
    row: Row = {}
    for key, item in value.items():
        row |= flat(item, f"{prefix}{key}")
    return row


def csv_text(table: Iterable[Iterable[Any]]) -> str:
    """Rows of values as lines of text."""
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in table)
    return text.getvalue()


def cell(value: Any) -> Any:
    """A value as a cell that no spreadsheet takes for a formula; numbers with every digit."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(float(value))  # numpy writes its own otherwise
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value
