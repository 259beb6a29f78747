"""Reported figures as they were known on a day, laid on a grid of quarters: the way in for training and serving.

    figures -> known_at(day) -> on_grid -> window (CONTEXT_LENGTH, 2): what the graph reads

Period ends wander: years of 52 and 53 weeks, quarters of 12 and 16 weeks. A figure's place is therefore counted in days
before the newest quarter, to the nearest quarter of a year.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bellwether.core.types import Quarter

CONTEXT_LENGTH = 40  #: quarters the model reads: ten years
HORIZONS = (1, 4)  #: quarters ahead
A_YEAR = 4  #: quarters
MIN_QUARTERS = A_YEAR + 1  #: one growth over a year needs both its ends
ASSUMED_DELAY = timedelta(days=60)  #: from the end of a quarter to its report, where no date is told
REVENUE, NET_INCOME = range(2)  #: columns of a window

QUARTER_DAYS = 365.25 / 4
_TOLERANCE = 0.35  #: of a quarter; further off the grid, a fiscal calendar was changed
Window = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Figure:
    """What a company said about one quarter, and since when it was public."""

    period_end: date
    known_on: date
    revenue: float | None
    net_income: float | None


def figure_of(quarter: Quarter, today: date) -> Figure:
    """A quarter with the day from which it counts as known, which is assumed where no source tells.

    It is today at the latest: what a source gives is public, however soon after the quarter.
    """
    assumed = quarter.period_end + ASSUMED_DELAY
    if quarter.period_end < today:
        assumed = min(assumed, today)
    return Figure(quarter.period_end, quarter.known_on or assumed, quarter.revenue, quarter.net_income)


def known_at(figures: Iterable[Figure], day: date) -> list[Figure]:
    """The figures that were public on `day`, oldest statement first."""
    public = (figure for figure in figures if figure.known_on <= day)
    return sorted(public, key=lambda figure: (figure.known_on, figure.period_end))


def reports(figures: Sequence[Figure]) -> Iterator[tuple[date, date]]:
    """Each day on which a newer quarter than all before it became known, and that quarter's end; earliest first."""
    newest = date.min
    by_day: dict[date, date] = {}
    for figure in figures:
        by_day[figure.known_on] = max(figure.period_end, by_day.get(figure.known_on, date.min))
    for day, end in sorted(by_day.items()):
        if end > newest:  # another word on an old quarter is no new report
            newest = end
            yield day, end


@lru_cache(maxsize=100_000)  # companies report on the same few days, and each is asked for with every later one
def place(period_end: date, newest: date) -> int | None:
    """How many quarters before the one that ended on `newest`; below 0 for later ones, None for off the grid."""
    quarters = (newest - period_end).days / QUARTER_DAYS
    nearest = round(quarters)
    return nearest if abs(quarters - nearest) <= _TOLERANCE else None


def on_grid(known: Sequence[Figure], newest: date) -> dict[int, Figure]:
    """The last word on each quarter, by its place before `newest`. `known` is in the order of `known_at`."""
    grid = {place(figure.period_end, newest): figure for figure in known if usable(figure.revenue)}
    return {at: figure for at, figure in grid.items() if at is not None}


def quarter_and_year_before(figures: Sequence[Figure], newest: date, ahead: int) -> tuple[Figure, Figure] | None:
    """The quarter `ahead` of the one ended on `newest`, and the one four quarters before it; None until it is reported.

    Both are read on the day of that report: it shows last year's quarter in the terms of this year's.
    """
    reports = [figure for figure in figures if usable(figure.revenue) and place(figure.period_end, newest) == -ahead]
    if not reports:
        return None
    grid = on_grid(known_at(figures, min(report.known_on for report in reports)), newest)
    now, before = grid.get(-ahead), grid.get(A_YEAR - ahead)
    return None if now is None or before is None else (now, before)


def usable(revenue: float | None) -> bool:
    """Whether growth can be computed from it: only where it is above zero."""
    return revenue is not None and 0 < revenue < math.inf


def window(grid: dict[int, Figure]) -> Window:
    """(CONTEXT_LENGTH, 2): revenue and net income, oldest first, 0 where not known."""
    rows = np.zeros((CONTEXT_LENGTH, 2), np.float32)
    for at, figure in grid.items():
        if 0 <= at < CONTEXT_LENGTH and figure.revenue is not None:
            income = figure.net_income
            rows[CONTEXT_LENGTH - 1 - at] = figure.revenue, income if income is not None and np.isfinite(income) else 0
    return rows
