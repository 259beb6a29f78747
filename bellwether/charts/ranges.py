"""Several forecasts side by side: one bar each, in percent of the last close, so that unlike prices can be compared.

One Vega-Lite specification, as for the fan: the faint bar holds 8 in 10 outcomes, its core half of them.
"""

from collections.abc import Sequence
from typing import Any

from bellwether.charts.kit import PALETTES, SMALL, Specification, fit, frame, value_axis
from bellwether.core.types import Q10, Q25, Q50, Q75, Q90, Forecast, Shape, Theme
from bellwether.forecasting.sentences import signed_percent

_WIDTHS: dict[Shape, int] = {"wide": 720, "narrow": 360, "chat": 360, "card": 600}
_ROW = 54  #: pixels of height for each symbol
#: as the figures beside the bars are written; the last close itself needs no sign
_PERCENT = "datum.value == 0 ? '0\u00a0%' : replace(format(datum.value, '+.0%'), regexp('\\\\s?%'), '\u00a0%')"
_BANDS = ((Q10, Q90, 0.28), (Q25, Q75, 0.5))  #: from level to level, opacity


def range_chart(compared: Sequence[Forecast], theme: Theme, shape: Shape = "wide") -> Specification:
    """The Vega-Lite specification; the forecasts are of one horizon and are drawn in their order."""
    palette = PALETTES[theme]
    ends = [abs(forecast.growths[level]) for forecast in compared for level in (Q10, Q90)]
    reach = max(ends) * (1.6 if shape in SMALL else 1.25)  # with room for the figures beside the bars
    # on a phone a label every 60 pixels is what has room: the ends are long, such as "+100 %"
    ticks = {"tickCount": 4 if shape in SMALL else 6, "labelOverlap": True, "labelSeparation": 6}
    scale = {"domain": [-reach, reach], "nice": False}
    x = {
        "type": "quantitative",
        "axis": value_axis(palette, labelFontSize=12, labelExpr=_PERCENT, **ticks),
        "scale": scale,
    }
    y = {
        "field": "symbol",
        "type": "nominal",
        "sort": [forecast.symbol for forecast in compared],
        "axis": {
            "title": None,
            "labelColor": palette.ink,
            "labelFontSize": 14,
            "labelFontWeight": "bold",
            "domain": False,
            "ticks": False,
            "labelPadding": 10,
        },
    }
    bars = [
        {
            "mark": {"type": "bar", "color": palette.fan, "opacity": opacity, "height": 22, "cornerRadius": 3},
            "encoding": {"x": x | {"field": f"q{low}"}, "x2": {"field": f"q{high}"}, "y": y},
        }
        for low, high, opacity in _BANDS
    ]
    middle = {
        "mark": {"type": "tick", "color": palette.ink, "thickness": 2, "size": 22},
        "encoding": {"x": x | {"field": f"q{Q50}"}, "y": y},
    }
    figures = [
        {
            "mark": {"type": "text", "align": align, "dx": dx, "color": palette.ink, "fontSize": 13},
            "encoding": {"x": x | {"field": f"q{level}"}, "text": {"field": f"q{level}_text"}, "y": y},
        }
        for level, align, dx in ((Q10, "right", -5), (Q90, "left", 5))
    ]
    zero = {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "color": palette.quiet, "strokeDash": [4, 3]},
        "encoding": {"x": {"field": "zero", "type": "quantitative"}, "y": None},
    }
    body = fit(_WIDTHS[shape], _ROW * len(compared) + 40) | {
        "data": {"values": [_row(forecast) for forecast in compared]},
        "layer": [zero, *bars, middle, *figures],
    }
    return frame(palette, body, padding=12)


def _row(forecast: Forecast) -> dict[str, Any]:
    """Simple returns at each level, and the ends of the 80 % range in words."""
    growths = {f"q{level}": growth for level, growth in enumerate(forecast.growths)}
    texts = {f"q{level}_text": signed_percent(forecast.growths[level]) for level in (Q10, Q90)}
    return {"symbol": forecast.symbol, **growths, **texts}
