"""The reports that came before a cutoff, each held against what had been forecast of it: the width they teach.

companies with a report in those days -> their earlier windows -> the model's own quantiles -> misses -> ReportWidth

Forecasts here are the graph's own, without any width of ours. What was made of a company's reports of one year is
remembered: others ask for the same.
"""

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from bellwether.core.calibration import ReportWidth
from bellwether.core.types import Floats, Statements
from bellwether.market.statements.provider import Fundamentals
from bellwether.models.quarters import (
    A_YEAR,
    HORIZONS,
    Figure,
    figure_of,
    known_at,
    on_grid,
    quarter_and_year_before,
    reports,
    usable,
    window,
)
from bellwether.models.revenue_model import GrowthModel
from bellwether.revenue.report_width import Days, misses, width_before

_AHEAD = timedelta(days=550)  #: within it, the quarter four after a report has been reported
_NEVER = np.datetime64("NaT", "D")
_NOTHING = (np.empty((0, len(HORIZONS)), "datetime64[D]"), np.empty((0, len(HORIZONS))))


def width_at(fundamentals: Fundamentals, model: GrowthModel, day: date) -> ReportWidth | None:
    """By how much reports before `day` widen the model's ranges; None for a model without such a rule."""
    rule = model.card.report_width
    if rule is None:
        return None
    first = day - timedelta(days=rule.days)
    companies = fundamentals.reported(first, day)
    years = sorted({first.year, day.year})
    parts = [_of_year(model, statements, year) for statements in companies for year in years]
    known, missed = (np.concatenate(arrays) for arrays in zip(_NOTHING, *parts, strict=True))
    return width_before(day, known, missed, rule)


@lru_cache(maxsize=16_384)
def _of_year(model: GrowthModel, statements: Statements, year: int) -> tuple[Days, Floats]:
    """When a company's outcomes became known in a year, and by how much they missed: (n, horizons) twice."""
    figures = [figure_of(quarter, date.max) for quarter in statements.quarters]
    figures = [figure for figure in figures if usable(figure.revenue)]
    windows, known, outcomes = [], [], []
    for day, end in reports(figures):
        if not date(year, 1, 1) - _AHEAD <= day <= date(year, 12, 31):
            continue
        grid = on_grid(known_at(figures, day), end)
        came = [_came(quarter_and_year_before(figures, end, ahead), year) for ahead in HORIZONS]
        if {0, A_YEAR - 1, A_YEAR} <= grid.keys() and any(np.isfinite(growth) for _, growth in came):
            windows.append(window(grid))
            known.append([when for when, _ in came])
            outcomes.append([growth for _, growth in came])
    if not windows:
        return _NOTHING
    quantiles = np.sort(model.quantiles(np.stack(windows)).astype(np.float64), axis=2)
    missed = misses(quantiles, np.array(outcomes))
    return np.array(known, "datetime64[D]"), np.where(np.isfinite(missed), missed, np.nan)


def _came(pair: tuple[Figure, Figure] | None, year: int) -> tuple[np.datetime64, float]:
    """When a growth became known and its log; NaN where it never was, or in another year."""
    if pair is None or pair[0].known_on.year != year:
        return _NEVER, float("nan")
    now, before = pair
    assert now.revenue and before.revenue  # both are usable
    return np.datetime64(now.known_on, "D"), float(np.log(now.revenue / before.revenue))
