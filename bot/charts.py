"""The charts under replies, each named by what it shows, so that nobody draws or uploads one twice."""

from collections.abc import Callable, Sequence
from functools import partial

import bellwether
from bellwether.ask import forecasts
from bellwether.ask.forecasts import Answer
from bellwether.charts.ranges import range_chart
from bellwether.charts.renderer import to_png
from bellwether.core.i18n.translate import spoken, use_language
from bellwether.core.types import Forecast, Theme
from bellwether.revenue.chart import growth_chart
from bellwether.revenue.types import GrowthForecast
from bot.replies import Picture


def fan(asked: Answer, theme: Theme) -> Picture:
    """Return the fan chart of one forecast; its id stands for symbol, horizon, cutoff, model and the numbers."""
    return _picture([asked.forecast.forecast_id], theme, partial(forecasts.chart_png, asked, theme))


def comparison(compared: Sequence[Forecast], theme: Theme) -> Picture:
    """Return several forecasts of one horizon in one chart, with letters for the width of a phone."""
    ids = [forecast.forecast_id for forecast in compared]
    return _picture(ids, theme, lambda: to_png(range_chart(compared, theme, "narrow")))


def growth(made: GrowthForecast, theme: Theme) -> Picture:
    """Return a company's past quarters and the ranges of the next ones."""
    return _picture([made.forecast_id(0)], theme, lambda: to_png(growth_chart(made, theme)))


def _picture(shown: Sequence[str], theme: Theme, draw: Callable[[], bytes]) -> Picture:
    """Name a chart, and draw it later in the language that is spoken now."""
    language = spoken()

    def draw_in_language() -> bytes:
        with use_language(language):
            return draw()

    # another version of Bellwether may draw the same numbers in another way
    return Picture(":".join([*shown, theme, bellwether.__version__, language]), draw_in_language)
