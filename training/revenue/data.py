"""Companies' figures from a table, and every report as a cutoff: what was known that day, and what came of it later.

    table -> figures by company -> cutoffs: window (n, T, 2), outcomes (n, horizons), the day each became known

Nothing in a window was filed after its cutoff. A table's rows of one quarter are several words on it, each counting
from its own day on.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from bellwether.core.errors import MarketDataError
from bellwether.core.types import Floats
from bellwether.models.quarters import (
    A_YEAR,
    ASSUMED_DELAY,
    HORIZONS,
    Figure,
    Window,
    known_at,
    on_grid,
    place,
    quarter_and_year_before,
    reports,
    usable,
    window,
)

COLUMNS = ("symbol", "period_end", "filed", "revenue", "net_income")
PROMPT = timedelta(days=120)  # filed within it, a figure is the first word; later, the company tells of it once more
NEVER = np.datetime64("NaT", "D")

Companies = dict[str, list[Figure]]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, eq=False)
class Cutoffs:
    """Reports of all companies, in order of company and day."""

    symbol: npt.NDArray[np.str_]  #: (n,)
    day: Days  #: (n,) on which the report became known
    period_end: Days  #: (n,) of the newest quarter then
    windows: Window  #: (n, CONTEXT_LENGTH, 2)
    outcomes: Floats  #: (n, horizons) log growth over the year before; NaN where never told
    known: Days  #: (n, horizons) when the outcome became known

    def __len__(self) -> int:
        """Number of reports."""
        return len(self.day)

    def take(self, which: npt.NDArray[np.generic]) -> "Cutoffs":
        """Some of them, by mask or by place."""
        return Cutoffs(*(getattr(self, field.name)[which] for field in fields(self)))


def read_companies(file: Path) -> Companies:
    """Figures by company. Rows marked `revenue_suspect`, or without revenue, are dropped.

    A row without a filing date counts as known ASSUMED_DELAY after its quarter, and not at all where another row of
    that quarter was filed promptly. Raises MarketDataError, naming the file, when it cannot be used.
    """
    table = _read(file)
    companies: Companies = {}
    for symbol, rows in table.groupby("symbol"):
        filed = [_figure(row) for row in rows[rows["filed"].notna()].itertuples()]
        guessed = [_figure(row) for row in rows[rows["filed"].isna()].itertuples()]
        prompt = [figure.period_end for figure in filed if figure.known_on - figure.period_end <= PROMPT]
        companies[str(symbol)] = filed + [
            figure for figure in guessed if not any(place(figure.period_end, end) == 0 for end in prompt)
        ]
    return companies


def cutoffs(companies: Companies) -> Cutoffs:
    """Every day on which a company's newest quarter became known, where at least one growth over a year was."""
    symbols = tqdm(sorted(companies), desc="companies", unit="")
    rows = [row for symbol in symbols for row in _reports(symbol, companies)]
    if not rows:
        raise MarketDataError("No company in the fundamentals reports a quarter and the same one of the year before.")
    names, days, ends, windows, outcomes, known = zip(*rows, strict=True)
    return Cutoffs(
        np.array(names),
        np.array(days, "datetime64[D]"),
        np.array(ends, "datetime64[D]"),
        np.stack(windows),
        np.array(outcomes, np.float64),
        np.array(known, "datetime64[D]"),
    )


Row = tuple[str, date, date, Window, list[float], list[np.datetime64]]


def _reports(symbol: str, companies: Companies) -> Iterator[Row]:
    figures = [figure for figure in companies[symbol] if usable(figure.revenue)]
    for day, end in reports(figures):
        known = known_at(figures, day)
        grid = on_grid(known, end)
        if not {0, A_YEAR - 1, A_YEAR} <= grid.keys():
            continue
        outcomes = [outcome(figures, end, horizon) for horizon in HORIZONS]
        yield symbol, day, end, window(grid), [growth for growth, _ in outcomes], [when for _, when in outcomes]


def outcome(figures: list[Figure], newest: date, horizon: int) -> tuple[float, np.datetime64]:
    """Log growth of the quarter `horizon` after the one ended on `newest`, over a year, and the day it was known.

    NaN and NEVER where it never was.
    """
    pair = quarter_and_year_before(figures, newest, horizon)
    if pair is None:
        return float("nan"), NEVER
    now, before = pair
    assert now.revenue and before.revenue  # both are usable
    return float(np.log(now.revenue / before.revenue)), np.datetime64(now.known_on, "D")


def facts_of(file: Path, companies: Companies) -> dict[str, object]:
    """What the card says about the data."""
    figures = [figure for company in companies.values() for figure in company]
    return {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "companies": len(companies),
        "figures": len(figures),
        "first_quarter": min(figure.period_end for figure in figures).isoformat(),
        "last_quarter": max(figure.period_end for figure in figures).isoformat(),
        "last_known": max(figure.known_on for figure in figures).isoformat(),
    }


def _figure(row: "pd.core.frame._PandasNamedTuple") -> Figure:  # type: ignore[name-defined]
    end = row.period_end.date()
    known = end + ASSUMED_DELAY if pd.isna(row.filed) else row.filed.date()
    income = float(row.net_income) if np.isfinite(row.net_income) else None
    return Figure(end, known, float(row.revenue), income)


def _read(file: Path) -> pd.DataFrame:
    """The table with COLUMNS, rows with a usable revenue only."""
    if not file.is_file():
        raise MarketDataError(f"The fundamentals file {file} does not exist.")
    try:
        table = pd.read_parquet(file) if file.suffix.lower() == ".parquet" else pd.read_csv(file, keep_default_na=False)
    except (OSError, ValueError) as problem:
        raise MarketDataError(f"The fundamentals file {file.name} cannot be read: {problem}") from problem
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise MarketDataError(f"The fundamentals file {file.name} lacks the columns {', '.join(missing)}.")
    if "revenue_suspect" in table.columns:
        table = table[~table["revenue_suspect"].astype(bool)]
    table = table[list(COLUMNS)].copy()
    for column in ("period_end", "filed"):
        table[column] = pd.to_datetime(table[column])
    for column in ("revenue", "net_income"):
        table[column] = table[column].astype(np.float64)
    return table[table["revenue"] > 0]
