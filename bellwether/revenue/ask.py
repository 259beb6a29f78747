"""What every face asks about a company's growth: plain values out, errors with a text for people."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from bellwether.ask import forecasts
from bellwether.core.errors import BadDate, BellwetherError, NoGrowth, NoStatements, UnknownSymbol
from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.translate import said
from bellwether.core.types import Instrument, Statements, issues_forecasts
from bellwether.market.statements.provider import Fundamentals
from bellwether.models.registry import RevenueModels
from bellwether.revenue import issued
from bellwether.revenue.forecaster import forecast_growth
from bellwether.revenue.issued import PastGrowth
from bellwether.revenue.recent_reports import width_at
from bellwether.revenue.replay import replayed
from bellwether.revenue.types import GrowthForecast
from bellwether.services import Services


@dataclass(frozen=True, slots=True)
class GrowthAnswer:
    """A growth forecast, and how earlier ones of the company turned out, the newest first."""

    forecast: GrowthForecast
    past: tuple[PastGrowth, ...]
    simulated: bool = False  #: whether the earlier ones were never issued, but made afterwards as of their days


def growth(services: Services, text: str, as_of: date | None = None) -> GrowthAnswer:
    """The forecast for what a person typed, entered into the ledger first when it is one of today.

    Raises NoGrowth for what has no revenue or too little of it, BadDate, ModelError, and the errors of `resolve`.
    """
    store, models, now = services.store, services.growth, services.clock()
    instrument = forecasts.resolve(services, text)
    statements = _statements(services.fundamentals, instrument)
    today = now.date()
    if as_of is not None and as_of > today:
        raise BadDate(said("{day} has not come yet; please give a date up to {today}.", day=as_of, today=today))
    model = models.served() if as_of is None else models.for_day(as_of)
    widths = partial(width_at, services.fundamentals, model)
    made = forecast_growth(instrument, statements, model, as_of or today, now, widths)
    if as_of is not None:
        return GrowthAnswer(made, ())
    if not issues_forecasts(made.source):
        return GrowthAnswer(
            made, replayed(instrument, statements, services.fundamentals, models, today), simulated=True
        )
    issued.settle_if_due(store, statements, now)
    return GrowthAnswer(issued.enter(store, made), issued.past(store, instrument.symbol))


def at_hand(
    fundamentals: Fundamentals, models: RevenueModels, instrument: Instrument, now: datetime
) -> GrowthForecast | None:
    """The forecast from statements that nobody need be asked for, not issued; None where there is none to give."""
    try:
        statements = fundamentals.at_hand(instrument.symbol)
        if statements is None:
            return None
        model = models.served()
        return forecast_growth(instrument, statements, model, now.date(), now, partial(width_at, fundamentals, model))
    except BellwetherError:
        return None


def _statements(fundamentals: Fundamentals, instrument: Instrument) -> Statements:
    """A company's statements. Raises NoGrowth where there are none, and what the source raises."""
    try:
        return fundamentals.statements(instrument.symbol)
    except (UnknownSymbol, NoStatements):
        raise NoGrowth(
            said(
                "I know no sales figures of {name} ({symbol}). Funds, indices, currencies and coins have none, and of "
                "some companies I lack them.",
                name=with_articles(instrument.name, instrument.symbol),
                symbol=instrument.symbol,
            )
        ) from None
