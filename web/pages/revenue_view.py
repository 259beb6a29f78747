"""A growth forecast beside that of the price, as the page of a symbol shows both; never one score of the two."""

from dataclasses import dataclass
from urllib.parse import quote

from bellwether.core.i18n.numbers import day
from bellwether.core.types import Q10, Q90, Forecast, Shape, Theme
from bellwether.forecasting import sentences as price_sentences
from bellwether.revenue import sentences
from bellwether.revenue.types import GrowthForecast, QuarterAhead

__all__ = ["SideBySide", "chart_address", "sentences", "side_by_side"]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One line of the table."""

    what: str
    values: str  #: the ends of the 8-in-10 range
    change: str  #: the same, from the last close or over the year before


def side_by_side(price: Forecast, growth: GrowthForecast) -> list[SideBySide]:
    """The price's range and the revenue's, a line each."""
    low, high = price_sentences.price_range(price)
    least, most = (price_sentences.signed_percent(price.growths[at]) for at in (Q10, Q90))
    change = f"{least} to {most} from the last close"
    lines = [SideBySide(f"Price, {price_sentences.within(price.horizon)}", f"{low} to {high}", change)]
    for quarter in growth.ahead:
        name = _when(quarter, growth)
        ends = quarter.revenue[Q10], quarter.revenue[Q90]
        worst, best = (price_sentences.signed_percent(quarter.growths[at]) for at in (Q10, Q90))
        lines.append(
            SideBySide(
                f"Revenue, {name}",
                " to ".join(sentences.amount(end, growth.currency) for end in ends),
                f"{worst} to {best} over a year",
            )
        )
    return lines


def _when(quarter: QuarterAhead, growth: GrowthForecast) -> str:
    """How a person names the quarter: what is next only where what came before is known."""
    if growth.overdue:
        return f"quarter to about {day(quarter.period_end)}"
    return "next quarter" if quarter.quarters_ahead == 1 else f"in {quarter.quarters_ahead} quarters"


def chart_address(growth: GrowthForecast, theme: Theme, shape: Shape = "wide") -> str:
    """Where its chart is drawn."""
    return f"/stocks/{quote(growth.symbol, safe='')}/growth.svg?theme={theme}&shape={shape}"
