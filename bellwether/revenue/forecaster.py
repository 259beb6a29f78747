"""From statements to a growth forecast: pure, with the model handed in.

    statements | figures known by the day | the grid before the newest quarter | window | quantiles of model and plain
    rule

It never invents: without the same quarter of the year before there is no growth, and it says so.
"""

import calendar
import hashlib
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np

from bellwether.core.errors import NoGrowth
from bellwether.core.i18n.numbers import Spoken
from bellwether.core.i18n.numbers import day as day_of
from bellwether.core.i18n.translate import said
from bellwether.core.types import Floats, Instrument, Quarter, Statements, issues_forecasts
from bellwether.models.quarters import (
    A_YEAR,
    ASSUMED_DELAY,
    CONTEXT_LENGTH,
    HORIZONS,
    MIN_QUARTERS,
    QUARTER_DAYS,
    Figure,
    Window,
    known_at,
    on_grid,
    usable,
    window,
)
from bellwether.models.revenue_model import GrowthModel, plain_quantiles
from bellwether.revenue.types import GrowthForecast, GrowthProblem, QuarterAhead

FEW = 3 * A_YEAR  #: quarters; with fewer the reader is told
OVERDUE = timedelta(days=210)  #: from the end of a quarter; by then the one after it was reported
_LIMIT = 3.0  #: of log growth: twentyfold in a year is nothing that a model may say


def forecast_growth(
    instrument: Instrument, statements: Statements, model: GrowthModel, day: date, made_at: datetime
) -> GrowthForecast:
    """The forecast from what was public on `day`. Raises NoGrowth, in words that say what is missing."""
    known = known_at([figure_of(quarter, made_at.date()) for quarter in statements.quarters], day)
    newest, grid = _newest(instrument, known)
    seen = window(grid)[None]
    plain = plain_quantiles(seen, model.card.coefficients)[0]
    own = np.sort(model.quantiles(seen)[0].astype(np.float64), axis=1)
    sound = bool(np.isfinite(own).all() and np.abs(own).max() <= _LIMIT)
    answer = own if sound else plain
    problem = None if sound else GrowthProblem.NO_ANSWER
    records = model.card.short_records if _known(grid) < FEW else model.card.records
    ahead = tuple(
        QuarterAhead(
            quarters_ahead=horizon,
            period_end=end_ahead(newest.period_end, horizon),
            base=base.revenue,
            growths=_fractions(answer[at]),
            baseline=_fractions(plain[at]),
            record=records[at] if sound else None,
        )
        for at, horizon in enumerate(HORIZONS)
        if (base := grid.get(A_YEAR - horizon)) is not None and base.revenue is not None
    )
    growths = _growths(seen[0])
    return GrowthForecast(
        symbol=instrument.symbol,
        name=instrument.name,
        currency=statements.currency,
        as_of=min(min(one.known_on for one in known if one.period_end == newest.period_end), day),
        period_end=newest.period_end,
        made_at=made_at,
        model_id=model.card.model_id if sound else "baseline-growth",
        ahead=ahead,
        last_growth=float(np.expm1(growths[-1])) if np.isfinite(growths[-1]) else None,
        usual_change=_usual_change(growths),
        quarters=tuple(one for at, one in sorted(grid.items(), reverse=True) if 0 <= at < CONTEXT_LENGTH),
        source=statements.source,
        caveats=_caveats(grid, newest, day, model, problem, statements.source),
        problem=problem,
        digest=hashlib.sha256(
            f"{instrument.symbol}\n{newest.period_end}\n{model.card.model_id}\n".encode() + seen.tobytes()
        ).digest(),
    )


def figure_of(one: Quarter, today: date) -> Figure:
    """A quarter with the day from which it counts as known; where no source tells, today at the latest is assumed.

    What a source gives is public by then, however soon after the quarter.
    """
    assumed = one.period_end + ASSUMED_DELAY
    if one.period_end < today:
        assumed = min(assumed, today)
    return Figure(one.period_end, one.known_on or assumed, one.revenue, one.net_income)


def end_ahead(newest: date, quarters: int) -> date:
    """The expected end of a quarter ahead: months stay whole, and a fiscal calendar of weeks keeps its pace."""
    if newest.day == calendar.monthrange(newest.year, newest.month)[1]:
        month = newest.month - 1 + 3 * quarters
        year, month = newest.year + month // 12, month % 12 + 1
        return date(year, month, calendar.monthrange(year, month)[1])
    return newest + timedelta(days=round(quarters * QUARTER_DAYS))


def _newest(instrument: Instrument, known: list[Figure]) -> tuple[Figure, dict[int, Figure]]:
    """The newest quarter and the grid before it. Raises NoGrowth."""
    named = {"name": instrument.name, "symbol": instrument.symbol}
    told = [one for one in known if one.revenue is not None and np.isfinite(one.revenue)]
    if not told:
        raise NoGrowth(said("No revenue of {name} ({symbol}) is known, so I can't say how it may grow.", **named))
    end = max(one.period_end for one in told)
    newest = [one for one in told if one.period_end == end][-1]
    if not usable(newest.revenue):
        raise NoGrowth(
            said(
                "{name} reported no revenue above zero for its newest quarter, and growth can't be reckoned from that.",
                **named,
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
                **named,
            )
        )
    return newest, grid


def _known(grid: dict[int, Figure]) -> int:
    """How many quarters the model can read."""
    return sum(0 <= at < CONTEXT_LENGTH for at in grid)


def _growths(seen: Window) -> Floats:
    """Log growth over a year in each quarter but the first four, NaN where not known: (T, 2) -> (T - 4,)."""
    level = np.log(np.where(seen[:, 0] > 0, seen[:, 0], np.nan).astype(np.float64))
    found: Floats = level[A_YEAR:] - level[:-A_YEAR]
    return found


def _usual_change(growths: Floats) -> float:
    """The middle size of the changes from one quarter's growth to the next; 0 where there is none."""
    changes = np.abs(np.diff(growths))
    changes = changes[np.isfinite(changes)]
    return float(np.median(changes)) if len(changes) else 0.0


def _fractions(quantiles: Floats) -> tuple[float, ...]:
    return tuple(float(one) for one in np.expm1(quantiles))


def _caveats(
    grid: dict[int, Figure], newest: Figure, day: date, model: GrowthModel, problem: GrowthProblem | None, source: str
) -> tuple[str, ...]:
    """What must be said with the answer."""
    found: list[str] = []
    count = _known(grid)
    if problem is not None:
        found.append(said("The range is that of a plain rule on past growth: what the model computed makes no sense."))
    if count < FEW:
        found.append(said("Only {count} of its quarters are known, so the range is wider and less sure.", count=count))
    elif missing := [at for at in range(2 * A_YEAR) if at not in grid]:
        found.append(said("{count} of its last eight quarters are missing.", count=len(missing)))
    if A_YEAR - 1 not in grid:
        found.append(said("Next quarter is left out: the same quarter of the year before is not known."))
    if day - newest.period_end > OVERDUE and issues_forecasts(source):  # else every answer says when it ends
        found.append(
            said(
                "Its newest quarter known ended on {day}; later reports are missing.",
                day=Spoken(partial(day_of, newest.period_end)),
            )
        )
    if newest.net_income is None:
        found.append(said("Its net income is not known, which the model would have read."))
    if model.card.seen_to > day:
        found.append(
            said(
                "The model has learned from reports up to {day}, so this look back proves nothing.",
                day=Spoken(partial(day_of, model.card.seen_to)),
            )
        )
    return tuple(found)
