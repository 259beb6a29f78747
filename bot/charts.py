"""The charts under replies, each named by what it shows, so that nobody draws or uploads one twice."""

from collections.abc import Callable, Sequence

import bellwether
from bellwether.ask import forecasts
from bellwether.ask.beside import beside, known_until
from bellwether.ask.forecasts import Answer
from bellwether.charts import kit
from bellwether.charts.ranges import range_chart
from bellwether.charts.renderer import to_png
from bellwether.core.i18n.translate import spoken, use_language
from bellwether.core.types import Forecast, Theme
from bellwether.revenue.chart import growth_chart
from bellwether.revenue.types import GrowthForecast
from bellwether.services import Services
from bot.replies import Picture


def fan(services: Services, asked: Answer, theme: Theme, *, looks_back: bool = False) -> Picture:
    """Return the fan chart of one forecast; its id stands for symbol, horizon, cutoff, model and the numbers.

    `looks_back` where it is of a past day: what came by now is then drawn, too.
    """

    def draw() -> bytes:
        return forecasts.chart_png(asked, theme, "chat", beside(services, asked, looks_back=looks_back))

    came = [str(known_until(services, asked))] if looks_back else []
    return _picture([asked.forecast.chart_id, *came], theme, draw)


def comparison(compared: Sequence[Forecast], theme: Theme) -> Picture:
    """Return several forecasts of one horizon in one chart, with letters for the width of a phone."""
    ids = [forecast.forecast_id for forecast in compared]
    return _picture(ids, theme, lambda: to_png(range_chart(compared, theme, "chat"), kit.SCALES["chat"]))


def growth(made: GrowthForecast, theme: Theme) -> Picture:
    """Return a company's past quarters and the ranges of the next ones."""
    return _picture([made.forecast_id(0)], theme, lambda: to_png(growth_chart(made, theme, "chat"), kit.SCALES["chat"]))


def _picture(shown: Sequence[str], theme: Theme, draw: Callable[[], bytes]) -> Picture:
    """Name a chart, and draw it later in the language that is spoken now."""
    language = spoken()

    def draw_in_language() -> bytes:
        with use_language(language):
            return draw()

    # another version of Bellwether may draw the same numbers in another way
    return Picture(":".join([*shown, theme, bellwether.__version__, language]), draw_in_language)
