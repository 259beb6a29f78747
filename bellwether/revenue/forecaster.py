"""From statements to a growth forecast. Pure; the model is handed in.

    statements | figures known by the day | grid before the newest quarter | window | quantiles of model and plain rule
    | the model's widened by how reports of other companies, filed before this one, held

Without the same quarter of the year before there is no growth to forecast, and it says so.
"""

import calendar
import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np

from bellwether.core.calibration import ReportWidth
from bellwether.core.errors import NoGrowth
from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.numbers import spoken_day
from bellwether.core.i18n.translate import said
from bellwether.core.types import Floats, Instrument, Statements, issues_forecasts
from bellwether.market.statements.provider import SAMPLE_ENDS
from bellwether.models.quarters import (
    A_YEAR,
    CONTEXT_LENGTH,
    HORIZONS,
    MIN_QUARTERS,
    QUARTER_DAYS,
    REVENUE,
    Figure,
    Window,
    figure_of,
    known_at,
    on_grid,
    usable,
    window,
)
from bellwether.models.revenue_model import GrowthModel, plain_quantiles
from bellwether.revenue.report_width import widened
from bellwether.revenue.types import OVERDUE, GrowthForecast, GrowthProblem, QuarterAhead

FEW = 3 * A_YEAR  #: quarters; with fewer the reader is told
_LIMIT = 3.0  #: of log growth: twentyfold in a year is nothing that a model may say


Widths = Callable[[date], ReportWidth | None]  #: by how much reports before a day widen ranges


def forecast_growth(
    instrument: Instrument,
    statements: Statements,
    model: GrowthModel,
    day: date,
    made_at: datetime,
    widths: Widths | None = None,
) -> GrowthForecast:
    """The forecast from what was public on `day`, without `widths` the graph's own.

    Raises NoGrowth, which says what is missing.
    """
    known = known_at([figure_of(quarter, made_at.date()) for quarter in statements.quarters], day)
    newest, grid = _newest(instrument, known)
    windows = window(grid)[None]  # (1, CONTEXT_LENGTH, 2)
    plain = plain_quantiles(windows, model.card.coefficients)[0]
    answer = np.sort(model.quantiles(windows)[0].astype(np.float64), axis=1)
    sound = bool(np.isfinite(answer).all() and np.abs(answer).max() <= _LIMIT)
    as_of = min(min(figure.known_on for figure in known if figure.period_end == newest.period_end), day)
    width = widths(as_of) if widths is not None and sound else None
    quantiles = answer if sound else plain
    if width is not None:
        quantiles = widened(quantiles, np.array(width.x))
    problem = None if sound else GrowthProblem.NO_ANSWER
    records = model.card.short_records if _known(grid) < FEW else model.card.records
    ahead = tuple(
        QuarterAhead(
            quarters_ahead=horizon,
            period_end=end_ahead(newest.period_end, horizon),
            base=base.revenue,
            growths=_fractions(quantiles[at]),
            baseline=_fractions(plain[at]),
            record=records[at] if sound else None,
        )
        for at, horizon in enumerate(HORIZONS)
        if (base := grid.get(A_YEAR - horizon)) is not None and base.revenue is not None
    )
    growths = _log_growths(windows[0])
    return GrowthForecast(
        symbol=instrument.symbol,
        name=instrument.name,
        currency=statements.currency,
        as_of=as_of,
        period_end=newest.period_end,
        day=day,
        made_at=made_at,
        model_id=model.card.model_id if sound else "baseline-growth",
        ahead=ahead,
        last_growth=float(np.expm1(growths[-1])) if np.isfinite(growths[-1]) else None,
        usual_change=_usual_change(growths),
        quarters=tuple(figure for at, figure in sorted(grid.items(), reverse=True) if 0 <= at < CONTEXT_LENGTH),
        source=statements.source,
        caveats=_caveats(grid, newest, day, model, problem, statements.source),
        problem=problem,
        digest=_digest(instrument.symbol, newest.period_end, model.card.model_id, windows, width),
        width=width,
    )


def _digest(symbol: str, newest: date, model_id: str, windows: Window, width: ReportWidth | None) -> bytes:
    """Sha256 of what was read: the company's quarters, and what others' reports said where that widened the ranges."""
    read = f"{symbol}\n{newest}\n{model_id}\n".encode() + windows.tobytes()
    if width is not None and any(width.x):
        read += f"\n{width.x}".encode()
    return hashlib.sha256(read).digest()


def end_ahead(newest: date, quarters: int) -> date:
    """The expected end of a quarter ahead: the end of a month after one, else so many days later."""
    if newest.day == calendar.monthrange(newest.year, newest.month)[1]:
        month = newest.month - 1 + 3 * quarters
        year, month = newest.year + month // 12, month % 12 + 1
        return date(year, month, calendar.monthrange(year, month)[1])
    return newest + timedelta(days=round(quarters * QUARTER_DAYS))


def _newest(instrument: Instrument, known: list[Figure]) -> tuple[Figure, dict[int, Figure]]:
    """The newest quarter and the grid before it. Raises NoGrowth."""
    whose = {"name": with_articles(instrument.name, instrument.symbol), "symbol": instrument.symbol}
    reported = [figure for figure in known if figure.revenue is not None and np.isfinite(figure.revenue)]
    if not reported:
        raise NoGrowth(said("No revenue of {name} ({symbol}) is known, so I can't say how it may grow.", **whose))
    end = max(figure.period_end for figure in reported)
    newest = [figure for figure in reported if figure.period_end == end][-1]
    if not usable(newest.revenue):
        raise NoGrowth(
            said(
                "{name} reported no revenue above zero for its newest quarter, and growth can't be reckoned from that.",
                **whose,
            )
        )
    grid = on_grid(known, end)
    if _known(grid) < MIN_QUARTERS or A_YEAR not in grid:
        raise NoGrowth(
            said(
                "Of {name} too few quarters are known ({count}): I need its newest one, the same one of the year "
                "before, and at least {least} in all.",
                count=_known(grid),
                least=MIN_QUARTERS,
                **whose,
            )
        )
    return newest, grid


def _known(grid: dict[int, Figure]) -> int:
    return sum(0 <= at < CONTEXT_LENGTH for at in grid)


def _log_growths(quarters: Window) -> Floats:
    """Log growth over a year in each quarter but the first four, NaN where not known: (T, 2) -> (T - 4,)."""
    revenue = quarters[:, REVENUE]
    level = np.log(np.where(revenue > 0, revenue, np.nan).astype(np.float64))
    growths: Floats = level[A_YEAR:] - level[:-A_YEAR]
    return growths


def _usual_change(growths: Floats) -> float:
    """The median size of the changes from one quarter's growth to the next; 0 where there is none."""
    changes = np.abs(np.diff(growths))
    changes = changes[np.isfinite(changes)]
    return float(np.median(changes)) if len(changes) else 0.0


def _fractions(quantiles: Floats) -> tuple[float, ...]:
    return tuple(np.expm1(quantiles).tolist())


def _caveats(
    grid: dict[int, Figure], newest: Figure, day: date, model: GrowthModel, problem: GrowthProblem | None, source: str
) -> tuple[str, ...]:
    notes: list[str] = []
    count = _known(grid)
    if problem is not None:
        notes.append(said("The range is that of a plain rule on past growth: what the model computed makes no sense."))
    if count < FEW:
        notes.append(said("Only {count} of its quarters are known, so the range is wider and less sure.", count=count))
    elif any(at not in grid for at in range(2 * A_YEAR)):
        notes.append(said("Not all of its last eight quarters are known."))
    if A_YEAR - 1 not in grid:
        notes.append(said("Next quarter is left out: the same quarter of the year before is not known."))
    # the sample's reports ended for good, which every answer says; those of some companies years before the others
    if (day if issues_forecasts(source) else min(day, SAMPLE_ENDS)) - newest.period_end > OVERDUE:
        notes.append(
            said(
                "Its newest quarter known ended on {day}; later reports are missing.",
                day=spoken_day(newest.period_end),
            )
        )
    if newest.net_income is None:
        notes.append(said("Its net income is not known, which the model would have read."))
    if model.card.seen_to > day:
        notes.append(
            said(
                "The model has learned from reports up to {day}, so this look back proves nothing.",
                day=spoken_day(model.card.seen_to),
            )
        )
    return tuple(notes)
