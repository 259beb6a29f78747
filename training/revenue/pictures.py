"""The pictures of the growth evaluation as Vega-Lite specifications; no numbers of their own."""

from typing import Any

from bellwether.charts.kit import Specification
from training.pages import percent
from training.pictures import INK, MODEL, PROMISED, RULE, axis_of, chart, rule, x_of, y_of

AHEAD = {"1": "next quarter", "4": "four quarters ahead"}
_COLORS = {"domain": list(AHEAD.values()), "range": [MODEL, RULE]}


def skill_bars(document: dict[str, Any]) -> Specification:
    """Skill of the model over each rival at both horizons, with its interval; slow rivals on their subset."""
    rows = []
    groups = (("", document["groups"]["all"]), (" (subset)", document["subset"]))
    for where, part in groups:
        for name, by_horizon in part.get("skill", {}).items():
            if where and name in document["groups"]["all"]["skill"]:
                continue
            for horizon, at in by_horizon.items():
                low, high = at["skill_interval"] or (at["skill"], at["skill"])
                title = document["titles"][name] + where
                one = {"rival": title, "ahead": AHEAD[horizon], "skill": at["skill"], "low": low, "high": high}
                rows.append(one | {"text": percent(at["skill"], 1)})
    order = [row["rival"] for row in sorted(rows, key=lambda row: -float(str(row["skill"])))]
    y: dict[str, Any] = {"field": "rival", "type": "nominal", "sort": list(dict.fromkeys(order)), "title": None}
    y |= {"axis": axis_of(grid=False, domain=False) | {"labelLimit": 260}}
    x = x_of("skill", "smaller loss than the rival's", "+.0%")
    ends = {"x": x_of("low"), "x2": {"field": "high"}, "y": y}
    label = {"type": "text", "align": "left", "dx": 8, "fontSize": 12, "color": INK}
    bar = {"type": "bar", "opacity": 0.75, "height": 16}
    color = {"field": "ahead", "type": "nominal", "scale": _COLORS, "legend": None}
    layers = [
        {"mark": bar, "encoding": {"x": x, "y": y, "color": color}},
        {"mark": {"type": "rule", "strokeWidth": 2, "color": INK}, "encoding": ends},
        {"mark": label, "encoding": {"x": x_of("high"), "y": y, "text": {"field": "text"}}},
    ]
    header = {"labelFontSize": 14, "labelColor": INK}
    facet = {"field": "ahead", "type": "nominal", "title": None, "sort": list(AHEAD.values()), "header": header}
    inner = {"layer": layers, "width": 300, "height": 34 * len(set(order))}
    title = "How much smaller the model's loss is", "bars: skill; lines: 95 % interval; right of 0 the model is better"
    return chart(document, title, {"data": {"values": rows}, "facet": {"column": facet}, "spec": inner})


def coverage_by_year(document: dict[str, Any]) -> Specification:
    """Coverage of the 80 % range in each year of the report."""
    rows = [
        {"year": year, "ahead": AHEAD[horizon], "held": held, "promised": 0.8}
        for year, one in document["years"].items()
        for horizon, held in one["coverage_80"].items()
    ]
    axis = axis_of(grid=False, domain=True) | {"labelAngle": 0}
    x = {"field": "year", "type": "nominal", "title": None, "axis": axis}
    held = [row["held"] for row in rows]
    y = y_of("held", "share of outcomes inside", ".0%")
    y |= {"scale": {"domain": [min(0.6, min(held) - 0.05), 1.0], "zero": False}}
    legend = {"title": None, "orient": "bottom", "labelFontSize": 13, "labelColor": INK}
    color = {"field": "ahead", "type": "nominal", "scale": _COLORS, "legend": legend}
    dashed = {"type": "rule", "strokeDash": [4, 4], "color": PROMISED, "strokeWidth": 1.5}
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
        for one in part:
            low, high = one["interval"] or (one["observed"], one["observed"])
            row = {"ahead": AHEAD[horizon], "level": one["level"] + (0.007 if horizon == "4" else -0.007)}
            level = one["level"]
            rows.append(row | {"above": one["observed"] - level, "low": low - level, "high": high - level})
    x = x_of("level", "promised share of outcomes below", ".0%") | {"scale": {"domain": [0, 1]}}
    y = y_of("above", "observed less promised", "+.0%")
    legend = {"title": None, "orient": "bottom", "labelFontSize": 13, "labelColor": INK}
    color = {"field": "ahead", "type": "nominal", "scale": _COLORS, "legend": legend}
    span = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}, "color": color}
    layers = [
        {"mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.6}, "encoding": span},
        {"mark": {"type": "point", "filled": True, "size": 70}, "encoding": {"x": x, "y": y, "color": color}},
        rule("y", 0.0),
    ]
    title = "Does each quantile hold what it promises?", "on the dashed line it does; lines: 95 % interval"
    return chart(document, title, {"data": {"values": rows}, "layer": layers, "width": 560, "height": 280})


ALL = {"growth-skill": skill_bars, "growth-coverage": coverage_by_year, "growth-reliability": reliability}
