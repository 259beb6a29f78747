"""How likely a price ends above or below a level, by the quantiles of its range. Pure.

Nothing is supposed between two quantiles or beyond the outermost: the chance is told as the two shares it lies between.
"""

from bellwether.core.i18n.numbers import money, percent, signed_percent
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Forecast
from bellwether.forecasting.sentences import within


def bounds(forecast: Forecast, growth: float, *, above: bool) -> tuple[float, float]:
    """The least and the largest share of outcomes that end above, or below, a return from the last close."""
    pairs = list(zip(LEVELS, forecast.growths, strict=True))
    low = max((level for level, at in pairs if at <= growth), default=0.0)
    high = min((level for level, at in pairs if at >= growth), default=1.0)
    return (1 - high, 1 - low) if above else (low, high)


def sentence(forecast: Forecast, growth: float, *, above: bool) -> str:
    """ "Apple, chance of ending below $153.66 (−10 %) over the next month: 5 % to 10 %."."""
    low, high = bounds(forecast, growth, above=above)
    if low <= 0:
        chance = _("under {share}").format(share=percent(high))
    elif high >= 1:
        chance = _("over {share}").format(share=percent(low))
    else:
        chance = _("{low} to {high}").format(low=percent(low), high=percent(high))
    message = (
        _("{name}, chance of ending above {price} ({growth}) {span}: {chance}.")
        if above
        else _("{name}, chance of ending below {price} ({growth}) {span}: {chance}.")
    )
    return message.format(
        name=forecast.name,
        price=money(forecast.last_close * (1 + growth), forecast.currency, forecast.symbol),
        growth=signed_percent(growth),
        span=within(forecast.horizon),
        chance=chance,
    )
