"""The pictures of the growth evaluation as Vega-Lite specifications; no numbers of their own."""

from typing import Any

from bellwether.charts.kit import Specification
from training.pages import percent
from training.pictures import (
    DASHED,
    INK,
    LEGEND,
    MODEL,
    RULE,
    SKILL_TITLE,
    axis_of,
    chart,
    rivals_axis,
    rule,
    skill_layers,
    x_of,
    y_of,
)

AHEAD = {"1": "next quarter", "4": "four quarters ahead"}


def _color(legend: Specification | None) -> Specification:
    scale = {"domain": list(AHEAD.values()), "range": [MODEL, RULE]}
    return {"field": "ahead", "type": "nominal", "scale": scale, "legend": legend}


def skill_bars(document: dict[str, Any]) -> Specification:
    """Skill of the model over each rival at both horizons, with its interval; slow rivals on their subset."""
    rows = []
    for where, part in (("", document["groups"]["all"]), (" (subset)", document["subset"])):
        for name, by_horizon in part.get("skill", {}).items():
            if where and name in document["groups"]["all"]["skill"]:
                continue
            for horizon, at in by_horizon.items():
                low, high = at["skill_interval"] or (at["skill"], at["skill"])
                row = {"rival": document["titles"][name] + where, "ahead": AHEAD[horizon], "skill": at["skill"]}
                rows.append(row | {"low": low, "high": high, "text": percent(at["skill"], 1)})
    order = list(dict.fromkeys(row["rival"] for row in sorted(rows, key=lambda row: -row["skill"])))
    x, y = x_of("skill", "smaller loss than the rival's", "+.0%"), rivals_axis(order)
    bar, interval, label = skill_layers(x, y, {"opacity": 0.75, "height": 16}, 12)
    bar["encoding"]["color"] = _color(None)
    header = {"labelFontSize": 14, "labelColor": INK}
    facet = {"field": "ahead", "type": "nominal", "title": None, "sort": list(AHEAD.values()), "header": header}
    inner = {"layer": [bar, interval, label], "width": 300, "height": 34 * len(order)}
    return chart(document, SKILL_TITLE, {"data": {"values": rows}, "facet": {"column": facet}, "spec": inner})


def coverage_by_year(document: dict[str, Any]) -> Specification:
    """Coverage of the 80 % range in each year of the report."""
    rows = [
        {"year": year, "ahead": AHEAD[horizon], "held": held, "promised": 0.8}
        for year, part in document["years"].items()
        for horizon, held in part["coverage_80"].items()
    ]
    axis = axis_of(grid=False, domain=True) | {"labelAngle": 0}
    x = {"field": "year", "type": "nominal", "title": None, "axis": axis}
    held = [row["held"] for row in rows]
    y = y_of("held", "share of outcomes inside", ".0%")
    y |= {"scale": {"domain": [min(0.6, min(held) - 0.05), 1.0], "zero": False}}
    color = _color(LEGEND)
    dashed = {"type": "rule"} | DASHED
    layers = [
        {"mark": dashed, "encoding": {"y": y | {"field": "promised"}}},
        {
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 0.95},
            "encoding": {"x": x, "y": y, "color": color, "xOffset": {"field": "ahead"}},
        },
    ]
    title = "How often the 80 % ranges held, by year of the report", "dashed: what was promised"
    return chart(document, title, {"data": {"values": rows}, "layer": layers, "width": 560, "height": 280})


def reliability(document: dict[str, Any]) -> Specification:
    """Observed frequency less promised level at both horizons, with intervals."""
    rows = []
    for horizon, part in zip(AHEAD, document["calibration"]["model"], strict=True):
        for at in part:
            level, observed = at["level"], at["observed"]
            low, high = at["interval"] or (observed, observed)
            row = {"ahead": AHEAD[horizon], "level": level + (0.007 if horizon == "4" else -0.007)}
            rows.append(row | {"above": observed - level, "low": low - level, "high": high - level})
    x = x_of("level", "promised share of outcomes below", ".0%") | {"scale": {"domain": [0, 1]}}
    y = y_of("above", "observed less promised", "+.0%")
    color = _color(LEGEND)
    span = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}, "color": color}
    layers = [
        {"mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.6}, "encoding": span},
        {"mark": {"type": "point", "filled": True, "size": 70}, "encoding": {"x": x, "y": y, "color": color}},
        rule("y", 0.0),
    ]
    title = "Does each quantile hold what it promises?", "on the dashed line it does; lines: 95 % interval"
    return chart(document, title, {"data": {"values": rows}, "layer": layers, "width": 560, "height": 280})


ALL = {"growth-skill": skill_bars, "growth-coverage": coverage_by_year, "growth-reliability": reliability}
