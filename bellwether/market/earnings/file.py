"""Days of reports from a parquet or csv file: symbol, date, perhaps time_of_day and known_from."""

from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.core.types import Sessions

_NEIGHBOURS = 20  #: calendar days within which two days of a company are one report


def read_report_days(file: Path) -> dict[str, tuple[Sessions, Sessions]]:
    """By symbol the days of its reports, ascending, and when each was told, NaT where the file does not say.

    Of two days within _NEIGHBOURS the earlier counts: a company reports once a quarter. Raises MarketDataError.
    """
    if not file.is_file():
        raise MarketDataError(f"The file of reports {file} does not exist.")
    try:
        csv = file.suffix.lower() == ".csv"
        table = pd.read_csv(file, dtype=str, keep_default_na=False) if csv else pd.read_parquet(file)
        missing = [column for column in ("symbol", "date") if column not in table.columns]
        if missing:
            raise MarketDataError(f"The file of reports {file.name} lacks the columns {', '.join(missing)}.")
        symbols = table["symbol"].astype(str).str.strip().str.upper()
        days = pd.to_datetime(table["date"]).to_numpy().astype("datetime64[D]")
        told = table["known_from"].replace("", None) if "known_from" in table.columns else None
        told_on = pd.to_datetime(told).to_numpy().astype("datetime64[D]") if told is not None else _never(len(days))
    except (OSError, ValueError, TypeError) as problem:
        raise MarketDataError(f"The file of reports {file.name} cannot be read: {problem}") from problem
    if np.isnat(days).any():
        raise MarketDataError(f"The file of reports {file.name} has a row without a date.")
    frame = pd.DataFrame({"symbol": symbols, "day": days, "told": told_on}).sort_values(["symbol", "day"])
    return {str(symbol): _distinct(rows) for symbol, rows in frame.groupby("symbol")}


def _distinct(rows: pd.DataFrame) -> tuple[Sessions, Sessions]:
    days, told = (rows[column].to_numpy().astype("datetime64[D]") for column in ("day", "told"))
    keep = np.ones(len(days), bool)
    last = 0
    for at in range(1, len(days)):
        keep[at] = (days[at] - days[last]).astype(int) > _NEIGHBOURS
        last = at if keep[at] else last
    return days[keep], told[keep]


def _never(count: int) -> Sessions:
    return np.full(count, np.datetime64("NaT"), "datetime64[D]")
