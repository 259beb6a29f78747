"""How the model would have done on a company's past reports: simulated, for a market that ended and issues nothing."""

from datetime import UTC, date, datetime, time
from functools import lru_cache

from bellwether.core.errors import NoGrowth
from bellwether.core.types import Instrument, Statements
from bellwether.models.quarters import known_at
from bellwether.models.registry import RevenueModels
from bellwether.revenue import issued
from bellwether.revenue.forecaster import figure_of, forecast_growth
from bellwether.revenue.issued import PastGrowth


@lru_cache(maxsize=64)  # 60 ms a company, and what ended does not change
def replayed(
    instrument: Instrument, statements: Statements, models: RevenueModels, today: date
) -> tuple[PastGrowth, ...]:
    """Forecasts of the next quarter on the day of each report, by a model that had seen nothing so late; newest first.

    Only those whose outcome is known by `today`. Raises ModelError.
    """
    figures = known_at([figure_of(quarter, today) for quarter in statements.quarters], today)
    past: list[PastGrowth] = []
    newest = date.min
    for day in sorted({figure.known_on for figure in figures}):
        end = max(figure.period_end for figure in figures if figure.known_on <= day)
        if end <= newest:
            continue  # another word on an old quarter is no new report
        newest = end
        model = models.for_day(day)
        if model.card.seen_to >= day:
            continue
        try:
            made = forecast_growth(instrument, statements, model, day, datetime.combine(day, time(), UTC))
        except NoGrowth:
            continue
        for row in issued.rows_of(made):
            came = issued.outcome(row, statements.currency, figures) if row.quarters_ahead == 1 else None
            if came is not None:
                past.append(PastGrowth(row.forecast_id, 1, row.target, row.growths, came[0]))
    return tuple(reversed(past))
