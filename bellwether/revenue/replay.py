"""How the model would have done on a company's past reports: simulated, for a market that ended and issues nothing."""

from datetime import UTC, date, datetime, time
from functools import lru_cache, partial

from bellwether.core.errors import NoGrowth
from bellwether.core.types import Instrument, Statements
from bellwether.market.statements.provider import Fundamentals
from bellwether.models.quarters import figure_of, known_at, reports
from bellwether.models.registry import RevenueModels
from bellwether.revenue import issued
from bellwether.revenue.forecaster import forecast_growth
from bellwether.revenue.issued import PastGrowth
from bellwether.revenue.recent_reports import width_at


@lru_cache(maxsize=64)  # 60 ms a company, and what ended does not change
def replayed(
    instrument: Instrument, statements: Statements, fundamentals: Fundamentals, models: RevenueModels, today: date
) -> tuple[PastGrowth, ...]:
    """Forecasts of the next quarter on the day of each report, by a model that had seen nothing so late; newest first.

    Only those whose outcome is known by `today`. Raises ModelError.
    """
    figures = known_at([figure_of(quarter, today) for quarter in statements.quarters], today)
    past: list[PastGrowth] = []
    for day, _ in reports(figures):
        model = models.for_day(day)
        if model.card.seen_to >= day:
            continue
        try:
            made_at, widths = datetime.combine(day, time(), UTC), partial(width_at, fundamentals, model)
            made = forecast_growth(instrument, statements, model, day, made_at, widths)
        except NoGrowth:
            continue
        for row in issued.rows_of(made):
            came = issued.outcome(row, statements.currency, figures) if row.quarters_ahead == 1 else None
            if came is not None:
                past.append(PastGrowth(row.forecast_id, 1, row.target, row.growths, came[0]))
    return tuple(reversed(past))
