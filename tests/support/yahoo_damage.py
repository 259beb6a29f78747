"""Tables as Yahoo sends them, sound or damaged: read from csv, made up, and turned into chart answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.support import yahoo_made as made

PRICES = ["Open", "High", "Low", "Close"]
COLUMNS = [*PRICES, "Adj Close", "Volume", "Dividends", "Stock Splits"]
#: by the ending of the symbol: currency, time zone
LISTED = {
    "T": ("JPY", "Asia/Tokyo"),
    "DE": ("EUR", "Europe/Berlin"),
    "L": ("GBp", "Europe/London"),
    "IL": ("USD", "Europe/London"),
    "PA": ("EUR", "Europe/Paris"),
    "AX": ("AUD", "Australia/Sydney"),
    "MI": ("EUR", "Europe/Rome"),
    "V": ("CAD", "America/Vancouver"),
    "JO": ("ZAc", "Africa/Johannesburg"),
    "TA": ("ILA", "Asia/Jerusalem"),
    "HK": ("HKD", "Asia/Hong_Kong"),
}


def read_table(file: Path) -> pd.DataFrame:
    """A csv with COLUMNS, oldest first, by plain days."""
    table = pd.read_csv(file, index_col=0).sort_index()
    table.index = pd.DatetimeIndex([pd.Timestamp(str(day)[:10]) for day in table.index])
    return table.sort_index()


def made_up_table(sessions: int = 400, *, last: date, seed: int = 1, daily: float = 0.015) -> pd.DataFrame:
    """A sound table that ends on `last`: a seeded walk, a dividend each quarter and no split."""
    random = np.random.default_rng(seed)
    steps = random.normal(0.0003, daily, sessions)
    closes = 100 * np.exp(np.cumsum(steps))
    opens = closes * np.exp(random.normal(0, daily / 4, sessions))
    table = pd.DataFrame(
        {
            "Open": opens,
            "High": np.maximum(opens, closes) * 1.004,
            "Low": np.minimum(opens, closes) * 0.996,
            "Close": closes,
            "Adj Close": closes,
            "Volume": np.round(1e6 * np.exp(random.normal(0, 0.3, sessions))),
            "Dividends": 0.0,
            "Stock Splits": 0.0,
        },
        index=pd.DatetimeIndex(np.busday_offset(np.datetime64(last), np.arange(-sessions + 1, 1))),
    )
    for at in range(sessions - 30, 0, -63):  # the price falls by what is paid
        paid = 0.01 * float(table["Close"].iloc[at - 1])
        _scale(table, slice(at, None), 0.99, [*PRICES, "Adj Close"])
        table.loc[table.index[at], "Dividends"] = paid
    return with_adjusted(table)


def with_adjusted(table: pd.DataFrame) -> pd.DataFrame:
    """The table with adjusted closes that take each of its dividends into account, as Yahoo's do."""
    table = table.copy()
    closes, paid = table["Close"].to_numpy(), table["Dividends"].to_numpy()
    steps = np.ones(len(table))
    steps[:-1] = 1 - paid[1:] / closes[:-1]
    table["Adj Close"] = closes * np.cumprod(steps[::-1])[::-1]
    return table


def told(table: pd.DataFrame, at: int, ratio: float) -> pd.DataFrame:
    """The table with a split told in row `at`; its prices are in the new shares already."""
    table = table.copy()
    table.loc[table.index[at], "Stock Splits"] = ratio
    return table


def scaled(table: pd.DataFrame, rows: Any, factor: float, columns: list[str] | None = None) -> pd.DataFrame:
    """The table with some prices multiplied; the volume goes the other way where all of them are."""
    table = table.copy()
    _scale(table, rows, factor, columns or [*PRICES, "Adj Close"])
    if columns is None:
        _scale(table, rows, 1 / factor, ["Volume"])
    return table


def _scale(table: pd.DataFrame, rows: Any, factor: float, columns: list[str]) -> None:
    for name in columns:
        values = table[name].to_numpy(copy=True)
        values[rows] = values[rows] * factor
        table[name] = values


def chart_of(symbol: str, table: pd.DataFrame, **meta: Any) -> dict[str, Any]:
    """Yahoo's answer for a table."""
    currency, zone = LISTED.get(symbol.rpartition(".")[2] if "." in symbol else "", ("USD", "America/New_York"))
    days = [day.date() for day in table.index]
    opened = [int(pd.Timestamp(day).tz_localize(zone).timestamp()) + 9 * 3600 for day in days]
    body = made.chart(
        symbol, table["Close"].tolist(), last=days[-1], days=days, zone=zone, **({"currency": currency} | meta)
    )
    result = body["chart"]["result"][0]
    result["timestamp"] = opened
    numbers = {name: [_plain(value) for value in table[name]] for name in COLUMNS}
    quote = {name.lower(): numbers[name] for name in (*PRICES, "Volume")}
    result["indicators"] = {"quote": [quote], "adjclose": [{"adjclose": numbers["Adj Close"]}]}
    result["events"] = {
        "dividends": _events(opened, table["Dividends"], lambda paid: {"amount": paid}),
        "splits": _events(
            opened, table["Stock Splits"], lambda ratio: {"numerator": ratio, "denominator": 1.0, "splitRatio": ""}
        ),
    }
    if "Capital Gains" in table:
        result["events"]["capitalGains"] = _events(opened, table["Capital Gains"], lambda paid: {"amount": paid})
        result["meta"]["instrumentType"] = "MUTUALFUND"
    return body


def _events(opened: list[int], column: pd.Series[Any], as_event: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
    happened = [(stamp, float(value)) for stamp, value in zip(opened, column, strict=True) if value]
    return {str(stamp): as_event(value) | {"date": stamp} for stamp, value in happened}


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


@dataclass(frozen=True)
class Pair:
    """A table with a fault as it came, and as it should be."""

    symbol: str
    fault: str
    bad: pd.DataFrame
    right: pd.DataFrame


def pairs(folder: Path) -> list[Pair]:
    """The recorded pairs; tables in which nothing is wrong are their own other half."""
    found = []
    for file in sorted(folder.glob("*.csv.gz")):
        stem = file.name.removesuffix(".csv.gz")
        name, _, fault = stem.partition("-1d-")
        if fault.endswith("-fixed"):
            continue
        right = file.with_name(f"{stem}-fixed.csv.gz")
        code, _, ending = name.rpartition("-")
        found.append(
            Pair(
                f"{code}.{ending}" if code else ending,
                fault.replace("-", " "),
                read_table(file),
                read_table(right if right.exists() else file),
            )
        )
    return found
