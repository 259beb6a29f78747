"""What every face asks about a company's growth: plain values out, errors with a text for people."""

from dataclasses import dataclass
from datetime import date

from bellwether.ask import forecasts
from bellwether.core.errors import BadDate, BellwetherError, NoGrowth, NoStatements, UnknownSymbol
from bellwether.core.i18n.translate import said
from bellwether.core.types import Instrument, Shape, Statements, Theme, issues_forecasts
from bellwether.revenue import issued
from bellwether.revenue.forecaster import forecast_growth
from bellwether.revenue.issued import PastGrowth
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

    Raises NoGrowth for what has no revenue or too little of it, ModelError, and the errors of `queries.resolve`.
    """
    one = forecasts.resolve(services, text)
    statements = statements_of(services, one)
    day = services.clock().date()
    if as_of is not None and as_of > day:
        raise BadDate(said("{day} has not come yet; please give a date up to {today}.", day=as_of, today=day))
    model = services.growth.served() if as_of is None else services.growth.for_day(as_of)
    made = forecast_growth(one, statements, model, as_of or day, services.clock())
    if as_of is not None:
        return GrowthAnswer(made, ())
    if not issues_forecasts(made.source):
        return GrowthAnswer(made, replayed(one, statements, services.growth, day), simulated=True)
    issued.settle_if_due(services.store, statements, services.clock())
    return GrowthAnswer(issued.enter(services.store, made), issued.past(services.store, one.symbol))


def at_hand(services: Services, one: Instrument) -> GrowthForecast | None:
    """The forecast from statements that nobody need be asked for, not issued; None where there is none to give."""
    try:
        statements = services.fundamentals.at_hand(one.symbol)
        if statements is None:
            return None
        now = services.clock()
        return forecast_growth(one, statements, services.growth.served(), now.date(), now)
    except BellwetherError:
        return None


def statements_of(services: Services, one: Instrument) -> Statements:
    """A company's statements. Raises NoGrowth where there are none, and what the source raises."""
    try:
        return services.fundamentals.statements(one.symbol)
    except (UnknownSymbol, NoStatements):
        raise NoGrowth(
            said(
                "No company statements are known of {name} ({symbol}). Funds, indices, currencies and coins have none.",
                name=one.name,
                symbol=one.symbol,
            )
        ) from None


def chart_png(made: GrowthForecast, theme: Theme, shape: Shape = "wide") -> bytes:
    """The chart of past quarters and the ranges ahead as PNG."""
    from bellwether.charts.renderer import to_png
    from bellwether.revenue.chart import growth_chart

    return to_png(growth_chart(made, theme, shape))


def chart_svg(made: GrowthForecast, theme: Theme, shape: Shape = "wide") -> str:
    """The same as SVG."""
    from bellwether.charts.renderer import to_svg
    from bellwether.revenue.chart import growth_chart

    return to_svg(growth_chart(made, theme, shape))
