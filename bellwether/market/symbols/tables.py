"""The embedded csv tables, and what they tell of a symbol's end."""

import csv
import re
from functools import cache
from importlib.resources import files

_END = re.compile(r"(?:\.[A-Z]{1,3}|-[A-Z]{3}|=[A-Z])$")


def table(name: str) -> list[dict[str, str]]:
    """The rows of one embedded csv file."""
    text = (files("bellwether.market") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def suffixes() -> dict[str, dict[str, str]]:
    """The rows of suffixes.csv by Yahoo's suffix; that of New York is empty."""
    return {row["suffix"]: row for row in table("suffixes.csv")}


def suffix_of(symbol: str) -> dict[str, str] | None:
    """The row of a symbol's end, ".L" of SHEL.L; None for an end that no exchange has."""
    end = _END.search(symbol)
    return suffixes().get(end[0] if end else "")


@cache
def others(column: str) -> dict[str, tuple[str, ...]]:
    """What others write for an exchange, by the column of suffixes.csv that has it: the suffixes that it may mean."""
    meant: dict[str, tuple[str, ...]] = {}
    for row in table("suffixes.csv"):
        for code in row[column].split():
            meant[code] = (*meant.get(code, ()), row["suffix"])
    return meant
