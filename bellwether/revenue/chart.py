"""The chart of growth, one Vega-Lite specification: past quarters' revenue as bars, and the ranges ahead."""

from datetime import timedelta
from typing import Any

from bellwether.charts.fan import PALETTES, SIZES, config
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Q10, Q50, Q90, Shape, Theme
from bellwether.models.quarters import HORIZONS, QUARTER_DAYS, place
from bellwether.revenue.forecaster import end_ahead
from bellwether.revenue.sentences import three
from bellwether.revenue.types import GrowthForecast

_SHOWN = 16  #: past quarters: four years
_LABELLED = HORIZONS[1] - HORIZONS[0]  #: quarters from one label below to the next: both that are forecast have one
_BANDS = ((0.1, 0.9, 0.35), (0.25, 0.75, 0.6))


def growth_chart(made: GrowthForecast, theme: Theme, shape: Shape = "wide") -> dict[str, Any]:
    """Bars of what was reported; for each quarter ahead a bar that holds 8 in 10 outcomes, its core half of them."""
    palette = PALETTES[theme]
    size, word = _scale(max(quarter.revenue or 0.0 for quarter in made.quarters[-_SHOWN:]))
    past = [
        {"quarter": quarter.period_end.isoformat(), "revenue": (quarter.revenue or 0.0) / size}
        for quarter in made.quarters[-(_SHOWN if shape == "wide" else 8) :]
    ]
    ahead: list[dict[str, Any]] = [
        {"quarter": one.period_end.isoformat(), "first": one.quarters_ahead == 1}
        | {f"q{level}": revenue / size for level, revenue in enumerate(one.revenue)}
        | {"ends": "{}\N{EN DASH}{}".format(*(three(one.revenue[level] / size) for level in (Q10, Q90)))}
        for one in made.ahead
    ]
    order = _quarters(made, len(past))
    x: dict[str, Any] = {
        "field": "quarter",
        "type": "ordinal",
        "scale": {"domain": order},
        "axis": {
            "title": None,
            "labelExpr": "timeFormat(toDate(datum.value + 'T12:00:00'), '%b %y')",
            "labelColor": palette.quiet,
            "labelFontSize": 12,
            "labelAngle": 0,
            "values": order[::-_LABELLED],
            "domainColor": palette.grid,
            "tickColor": palette.grid,
        },
    }
    y: dict[str, Any] = {
        "type": "quantitative",
        "scale": {"zero": True, "nice": True},
        "axis": {
            "title": None,
            "labelColor": palette.quiet,
            "labelFontSize": 13,
            "gridColor": palette.grid,
            "domain": False,
            "ticks": False,
            "tickCount": 6,
        },
    }
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": past},
            "mark": {"type": "bar", "color": palette.past, "width": {"band": 0.7}},
            "encoding": {"x": x, "y": y | {"field": "revenue"}},
        }
    ]
    layers += [
        {
            "data": {"values": ahead},
            "mark": {"type": "bar", "color": palette.fan, "opacity": opacity, "width": {"band": 0.7}},
            "encoding": {
                "x": x,
                "y": y | {"field": f"q{LEVELS.index(low)}"},
                "y2": {"field": f"q{LEVELS.index(high)}"},
            },
        }
        for low, high, opacity in _BANDS
    ]
    middle = y | {"field": f"q{Q50}"}
    tick = {"type": "tick", "color": palette.ink, "thickness": 2.5, "width": {"band": 0.7}}
    layers.append({"data": {"values": ahead}, "mark": tick, "encoding": {"x": x, "y": middle}})
    # each towards the quarters between them, of which nothing is drawn: never over a bar
    sides = {"align": {"expr": "datum.first ? 'left' : 'right'"}, "dx": {"expr": "datum.first ? -8 : 8"}}
    room = 12 if shape == "wide" else 10.5  # px; two of the longest must fit beside each other
    ends = {"type": "text", "baseline": "bottom", "dy": -4, "fontSize": room, "color": palette.ink} | sides
    above = {"x": x, "y": y | {"field": f"q{Q90}"}, "text": {"field": "ends"}}
    layers.append({"data": {"values": ahead}, "mark": ends, "encoding": above})
    title = _("{name} ({symbol}): revenue a quarter, in {unit}").format(
        name=made.name, symbol=made.symbol, unit=f"{made.currency}{word}"
    )
    reported = _("Blue: reported to {day}.").format(day=day(made.period_end))
    meaning = _("Orange holds 8 in 10 outcomes, its core half of them; the line is the middle.")
    short = _("Orange holds 8 in 10 outcomes, its core half of them.")
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": palette.background,
        "width": SIZES[shape][0],
        "height": SIZES[shape][1],
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 14 if shape == "wide" else 8,
        "title": {
            "text": title,
            "subtitle": [reported, meaning] if shape == "wide" else short,
            "anchor": "start",
            "offset": 14,
            "fontSize": 18 if shape == "wide" else 14,
            "subtitleFontSize": 13,
            "color": palette.ink,
            "subtitleColor": palette.quiet,
        },
        "layer": layers,
        "config": config(),
    }


def _quarters(made: GrowthForecast, shown: int) -> list[str]:
    """The ends of all quarters on the axis, those included of which nothing is known."""
    known = {place(quarter.period_end, made.period_end): quarter.period_end for quarter in made.quarters[-shown:]}
    first = max(at for at in known if at is not None)
    past = [known.get(at, made.period_end - timedelta(days=round(at * QUARTER_DAYS))) for at in range(first, -1, -1)]
    last = max(one.quarters_ahead for one in made.ahead)
    return [end.isoformat() for end in (*past, *(end_ahead(made.period_end, at + 1) for at in range(last)))]


def _scale(most: float) -> tuple[float, str]:
    """The unit of the axis: its size, and its word after the currency."""
    for size, word in ((1e9, _(" billion")), (1e6, _(" million"))):
        if most >= size:
            return size, word
    return 1.0, ""
