"""The charts under replies, each named by what it shows, so that nobody draws or uploads one twice."""

from collections.abc import Callable, Sequence
from functools import partial

import bellwether
from bellwether import queries
from bellwether.language import spoken, use_language
from bellwether.queries import Answer
from bellwether.types import Forecast, Theme
from bot.replies import Picture


def fan(asked: Answer, theme: Theme = "light") -> Picture:
    """The fan of one forecast. Its id stands for symbol, horizon, cutoff, model and the numbers."""
    return _picture([asked.forecast], theme, partial(queries.chart_png, asked, theme))


def comparison(compared: Sequence[Forecast], theme: Theme = "light") -> Picture:
    """Several forecasts of one horizon in one chart, with letters for the width of a phone."""
    return _picture(compared, theme, partial(queries.comparison_png, compared, theme, "narrow"))


def _picture(shown: Sequence[Forecast], theme: Theme, draw: Callable[[], bytes]) -> Picture:
    """It is drawn in the language that is spoken now, whoever draws it, and whenever."""
    language = spoken()

    def draw_in_language() -> bytes:
        with use_language(language):
            return draw()

    return Picture(f"{_key(shown, theme)}:{language}", draw_in_language)


def _key(shown: Sequence[Forecast], theme: Theme) -> str:
    """Another version of Bellwether may draw the same numbers in another way."""
    return ":".join([*(one.forecast_id for one in shown), theme, bellwether.__version__])
