"""Pictures of the days on which ranges were put to the test: around reports, and while a storm was on.

Blue is the model as it is, grey the same without what is shown to matter, orange the plain rule, dark what came.
"""

from typing import Any

from bellwether.charts.kit import Specification
from training.pictures import (
    DASHED,
    INK,
    LEGEND,
    MODEL,
    PROMISED,
    RULE,
    axis_of,
    chart,
    y_of,
)
from training.results_days import BEFORE

WITH, WITHOUT = "with the calendar", "without it"
STRETCHED, RAW, PLAIN = "the model, as served", "before the evening's stretch", "plain rule, as served"


def around_reports(document: dict[str, Any]) -> Specification:
    """The 80 % range of the session ahead around some companies' reports, with the calendar and without; what came."""
    rows = [
        {
            "company": f"{example['symbol']}, report of {example['report']}",
            "session": at - BEFORE,
            "move": 100 * day["move"],
            **{name: 100 * end for name, end in zip(("low", "high"), day["range"], strict=True)},
            **{name: 100 * end for name, end in zip(("low0", "high0"), day["range_without"], strict=True)},
            "with": WITH,
            "without": WITHOUT,
        }
        for example in document["reports"]["examples"]
        for at, day in enumerate(example["days"])
    ]
    axis = axis_of(grid=False, domain=True) | {"labelAngle": 0}
    x = {"field": "session", "type": "ordinal", "title": "sessions from the report", "axis": axis}
    colors = _colors("range", {WITH: MODEL, WITHOUT: PROMISED})

    def bar(low: str, high: str, who: str, width: int, opacity: float) -> Specification:
        y = y_of(low, "move of the session, in percent", "+.0f")
        span = {"x": x, "y": y, "y2": {"field": high}, "color": colors | {"field": who}}
        return {"mark": {"type": "bar", "width": width, "opacity": opacity}, "encoding": span}

    point = {"type": "point", "filled": True, "size": 42, "color": INK, "opacity": 1}
    layers = [
        bar("low", "high", "with", 15, 0.55),
        bar("low0", "high0", "without", 6, 0.95),
        {"mark": point, "encoding": {"x": x, "y": {"field": "move", "type": "quantitative"}}},
    ]
    facet = _panels("company", list(dict.fromkeys(row["company"] for row in rows)))
    spec = {"layer": layers, "width": 330, "height": 190}
    body = {
        "data": {"values": rows},
        "facet": facet,
        "columns": 2,
        "spec": spec,
        "resolve": {"scale": {"y": "independent"}, "axis": {"x": "independent"}},
    }
    title = "The range of the next session around a report, and what came", "bars: 80 % ranges; points: the move"
    return chart(document, title, body)


def reports_inside(document: dict[str, Any]) -> Specification:
    """What the 80 % range held where a report lay inside and where none did, with the calendar and without."""
    named = {"model": WITH, "without": WITHOUT, "ewma": "EWMA-FHS (plain rule)"}
    rows = [
        {"where": where, "sessions": part, "held": at["held"][name]["coverage_80"], "who": who, "promised": 0.8}
        for key, where in (("inside", "a report inside"), ("none", "none inside"))
        for part, at in document["reports"]["all"][key].items()
        if part not in ("pooled", "63")
        for name, who in named.items()
    ]
    axis = axis_of(grid=False, domain=True) | {"labelAngle": 0}
    order = list(dict.fromkeys(row["sessions"] for row in rows))
    x = {"field": "sessions", "type": "nominal", "title": "sessions ahead", "sort": order, "axis": axis}
    held = [row["held"] for row in rows]
    y = y_of("held", "share of outcomes inside", ".0%")
    y |= {"scale": {"domain": [min(0.7, min(held) - 0.02), max(0.9, max(held) + 0.02)], "zero": False}}
    colors = _colors("who", dict(zip(named.values(), (MODEL, PROMISED, RULE), strict=True)))
    scale = {"domain": list(named.values()), "range": ["circle", "square", "diamond"]}
    shape = {"field": "who", "type": "nominal", "scale": scale}
    layers = [
        {"mark": {"type": "rule"} | DASHED, "encoding": {"y": y | {"field": "promised"}}},
        {
            "mark": {"type": "point", "filled": True, "size": 100, "opacity": 0.95},
            "encoding": {"x": x, "y": y, "color": colors, "shape": shape, "xOffset": {"field": "who"}},
        },
    ]
    facet = {"column": _panels("where", list(dict.fromkeys(row["where"] for row in rows)))}
    body = {"data": {"values": rows}, "facet": facet, "spec": {"layer": layers, "width": 330, "height": 260}}
    title = "How often the 80 % ranges held around reports", "dashed: what was promised"
    return chart(document, title, body)


def storm_weeks(storms: dict[str, Any]) -> Specification:
    """What the 80 % ranges held of the forecasts of each week of each storm, by its name."""
    named = {"model_served": STRETCHED, "model": RAW, "ewma_served": PLAIN}
    rows = [
        {"storm": storm, "week": week, "who": who, "held": shares[name][0], "promised": 0.8}
        for storm, told in storms.items()
        for week, shares in told["weeks"].items()
        for name, who in named.items()
    ]
    axis = axis_of(grid=False, domain=True) | {
        "labelAngle": 0,
        "format": "%-d %b",
        "tickCount": {"interval": "month", "step": 1},
    }
    x = {"field": "week", "type": "temporal", "title": None, "axis": axis}
    y = y_of("held", "share of outcomes inside", ".0%") | {"scale": {"domain": [0, 1]}}
    colors = _colors("who", dict(zip(named.values(), (MODEL, PROMISED, RULE), strict=True)))
    layers = [
        {"mark": {"type": "rule"} | DASHED, "encoding": {"y": y | {"field": "promised"}}},
        {
            "mark": {"type": "line", "point": {"filled": True, "size": 45}, "strokeWidth": 2.2},
            "encoding": {"x": x, "y": y, "color": colors},
        },
    ]
    facet = {"column": _panels("storm", list(storms))}
    body = {
        "data": {"values": rows},
        "facet": facet,
        "spec": {"layer": layers, "width": 330, "height": 250},
        "resolve": {"scale": {"x": "independent"}},
    }
    title = "Forecasts made in a storm: how often the 80 % range held", "by the week of the forecast; dashed: promised"
    first, last = (min(told["first"] for told in storms.values()), max(told["last"] for told in storms.values()))
    return chart({"span": "other", "first": first, "last": last}, title, body)


def _colors(field: str, by_name: dict[str, str]) -> Specification:
    scale = {"domain": list(by_name), "range": list(by_name.values())}
    return {"field": field, "type": "nominal", "scale": scale, "legend": LEGEND | {"labelLimit": 300}}


def _panels(field: str, order: list[str]) -> Specification:
    """A panel for each value, in this order."""
    header = {"labelFontSize": 14, "labelColor": INK}
    return {"field": field, "type": "nominal", "title": None, "sort": order, "header": header}
