"""Several forecasts side by side: one bar each, in percent of the last close, so that unlike prices can be compared.

One Vega-Lite specification, as for the fan: the faint bar holds 8 in 10 outcomes, its core half of them.
"""

from collections.abc import Sequence
from typing import Any

from bellwether.charts.fan import PALETTES, config
from bellwether.core.types import LEVELS, Q10, Q50, Q90, Forecast, Shape, Theme
from bellwether.forecasting.sentences import signed_percent

_WIDTHS: dict[Shape, int] = {"wide": 720, "narrow": 360, "card": 600}
_ROW = 54  #: pixels of height for each symbol
#: as the figures beside the bars are written; the last close itself needs no sign
_PERCENT = "datum.value == 0 ? '0\u00a0%' : replace(format(datum.value, '+.0%'), regexp('\\\\s?%'), '\u00a0%')"
_BANDS = ((0.1, 0.9, 0.28, 22), (0.25, 0.75, 0.5, 22))


def range_chart(compared: Sequence[Forecast], theme: Theme, shape: Shape = "wide") -> dict[str, Any]:
    """The Vega-Lite specification; the forecasts are of one horizon and are drawn in their order."""
    palette = PALETTES[theme]
    rows = [_row(made) for made in compared]
    order = [made.symbol for made in compared]
    low, high = (f"q{place}" for place in (Q10, Q90))
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "bar", "color": palette.fan, "opacity": opacity, "height": height, "cornerRadius": 3},
            "encoding": {"x": _x(f"q{LEVELS.index(left)}"), "x2": {"field": f"q{LEVELS.index(right)}"}},
        }
        for left, right, opacity, height in _BANDS
    ]
    layers.append(
        {
            "mark": {"type": "tick", "color": palette.ink, "thickness": 2, "size": 22},
            "encoding": {"x": _x(f"q{Q50}")},
        }
    )
    layers += [
        {
            "mark": {"type": "text", "align": align, "dx": dx, "color": palette.ink, "fontSize": 13},
            "encoding": {"x": _x(field), "text": {"field": f"{field}_text"}},
        }
        for field, align, dx in ((low, "right", -5), (high, "left", 5))
    ]
    zero = {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "color": palette.quiet, "strokeDash": [4, 3]},
        "encoding": {"x": _x("zero"), "y": None},
    }
    axis = {
        "title": None,
        "labelColor": palette.quiet,
        "labelFontSize": 12,
        "gridColor": palette.grid,
        "domain": False,
        "ticks": False,
        "tickCount": 6,
        "labelExpr": _PERCENT,
    }
    reach = max(max(abs(row[low]), abs(row[high])) for row in rows) * (1.6 if shape == "narrow" else 1.25)
    for layer in layers:
        layer["encoding"]["y"] = {
            "field": "symbol",
            "type": "nominal",
            "sort": order,
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
        layer["encoding"]["x"] |= {"axis": axis, "scale": {"domain": [-reach, reach], "nice": False}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": palette.background,
        "width": _WIDTHS[shape],
        "height": _ROW * len(rows) + 40,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 12,
        "data": {"values": rows},
        "layer": [zero, *layers],
        "config": config(),
    }


def _row(made: Forecast) -> dict[str, Any]:
    """Simple returns at each level, and the ends of the 80 % range in words."""
    growths = {f"q{level}": growth for level, growth in enumerate(made.growths)}
    texts = {f"q{at}_text": signed_percent(made.growths[at]) for at in (1, 5)}
    return {"symbol": made.symbol, **growths, **texts}


def _x(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative"}
