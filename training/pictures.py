"""The pictures of the evaluation as Vega-Lite specifications, on a light background; no numbers of their own.

Blue is the model, orange the plain rule, grey what was promised.
"""

from typing import Any

from bellwether.charts.kit import PALETTES, Specification, frame, heading
from training.pages import percent

LIGHT = PALETTES["light"]
INK, QUIET, GRID, MODEL, RULE = LIGHT.ink, LIGHT.quiet, LIGHT.grid, LIGHT.past, LIGHT.fan
PROMISED = "#8a95a3"
DASHED = {"strokeDash": [4, 4], "color": PROMISED, "strokeWidth": 1.5}
LEGEND = {"title": None, "orient": "bottom", "labelFontSize": 13, "labelColor": INK}
SKILL_TITLE = (
    "How much smaller the model's loss is",
    "bars: skill; lines: 95 % interval; right of 0 the model is better",
)
OWNERS = {"the model": MODEL, "EWMA-FHS (plain rule)": RULE}


def skill_bars(document: dict[str, Any]) -> Specification:
    """Skill of the model over each rival, pooled, with its interval; slow rivals on their subset."""
    rows = []
    for where, part in (("", document["groups"]["all"]), (" (subset)", document["subset"])):
        for name, skills in part["skill"].items():
            if where and name in document["groups"]["all"]["skill"]:
                continue
            at = skills["pooled"]
            low, high = at["skill_interval"] or (at["skill"], at["skill"])
            title = document["subset"]["rivals"][name]["title"] + where
            rows.append({"rival": title, "skill": at["skill"], "low": low, "high": high, "text": percent(at["skill"])})
    order = [row["rival"] for row in sorted(rows, key=lambda row: -row["skill"])]
    y = rivals_axis(order)
    x = x_of("skill", "smaller loss than the rival's, 1 to 21 sessions", "+.0%")
    tick = {"type": "tick", "thickness": 2, "size": 10, "color": INK}
    bar, interval, label = skill_layers(x, y, {"color": MODEL, "opacity": 0.75, "height": 18}, 13)
    ticks = [{"mark": tick, "encoding": {"x": x_of(end), "y": y}} for end in ("low", "high")]
    body = {"data": {"values": rows}, "layer": [bar, interval, *ticks, label, rule("x", 0.0)]}
    return chart(document, SKILL_TITLE, body | {"width": 460, "height": 34 * len(rows)})


def rivals_axis(order: list[str]) -> Specification:
    """Rivals from top to bottom, the weakest first."""
    axis = axis_of(grid=False, domain=False) | {"labelLimit": 260}
    return {"field": "rival", "type": "nominal", "sort": order, "title": None, "axis": axis}


def skill_layers(x: Specification, y: Specification, look: Specification, font: int) -> tuple[Specification, ...]:
    """Bars of `skill`, lines from `low` to `high`, and `text` to the right of them."""
    label = {"type": "text", "align": "left", "dx": 8, "fontSize": font, "color": INK}
    return (
        {"mark": {"type": "bar"} | look, "encoding": {"x": x, "y": y}},
        {
            "mark": {"type": "rule", "strokeWidth": 2, "color": INK},
            "encoding": {"x": x_of("low"), "x2": {"field": "high"}, "y": y},
        },
        {"mark": label, "encoding": {"x": x_of("high"), "y": y, "text": {"field": "text"}}},
    )


def reliability_diagram(document: dict[str, Any]) -> Specification:
    """Promised level against observed frequency, and the difference of the two enlarged beside it."""
    rows = [
        {"who": title, "level": level["level"] + aside} | _ends(level)
        for (title, part), aside in zip(_calibrations(document).items(), (-0.007, 0.007), strict=True)
        for level in part["reliability"]
    ]
    whole = {"scale": {"domain": [0, 1]}}
    x = x_of("level", "promised share of outcomes below", ".0%") | whole
    panels = []
    for ends, promised, y in (
        (("observed", "low", "high"), 1.0, y_of("observed", "observed share", ".0%") | whole),
        (("above", "above_low", "above_high"), 0.0, y_of("above", "observed less promised", "+.0%")),
    ):
        line = [{"level": 0.0, ends[0]: 0.0}, {"level": 1.0, ends[0]: promised}]
        dashed = {"type": "line"} | DASHED
        span = {"x": x, "y": y | {"field": ends[1]}, "y2": {"field": ends[2]}, "color": _who()}
        points = {"x": x, "y": y, "color": _who(), "shape": _shape()}
        layers = [
            {"data": {"values": line}, "mark": dashed, "encoding": {"x": x, "y": y}},
            {"mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.6}, "encoding": span},
            {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.9}, "encoding": points},
        ]
        panels.append({"layer": layers, "width": 330, "height": 330})
    title = (
        "Does each quantile hold what it promises?",
        "on the dashed line it does; lines: 95 % interval; points are moved aside a little",
    )
    return chart(document, title, {"data": {"values": rows}, "hconcat": panels, "spacing": 40})


def coverage_by_year(document: dict[str, Any]) -> Specification:
    """Coverage of the 80 and 90 % ranges in each year, beside what was promised."""
    rows = [
        {
            "who": title,
            "year": year,
            "range": f"{width} % range",
            "held": shares[f"coverage_{width}"],
            "promised": width / 100,
        }
        for title, part in _calibrations(document).items()
        for year, shares in (part["by_year"] | part["crises"]).items()
        for width in (80, 90)
    ]
    span = [min(0.7, min(row["held"] for row in rows) - 0.02), 1.0]
    order = list(dict.fromkeys(row["year"] for row in rows))
    axis = axis_of(grid=False, domain=True) | {"labelAngle": 0, "labelLimit": 140}
    x = {"field": "year", "type": "nominal", "title": None, "sort": order, "axis": axis}
    y = y_of("held", "share of outcomes inside", ".0%") | {"scale": {"domain": span}}
    layers = [
        {
            "mark": {"type": "rule"} | DASHED,
            "encoding": {"y": y | {"field": "promised"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 0.95},
            "encoding": {"x": x, "y": y, "color": _who(), "shape": _shape(), "xOffset": {"field": "who"}},
        },
    ]
    facet = {"field": "range", "type": "nominal", "title": None, "header": {"labelFontSize": 14, "labelColor": INK}}
    inner = {"layer": layers, "width": max(280, 100 * len(order)), "height": 280}
    body = {"data": {"values": rows}, "facet": {"column": facet}, "spec": inner}
    title = "How often the ranges held, year by year", "dashed: what was promised"
    return chart(document, title, body)


def pit_histogram(document: dict[str, Any]) -> Specification:
    """Density of outcomes between neighbouring quantiles: flat at 1 where the forecast is calibrated."""
    rows = [
        {"low": part["low"], "high": part["high"], "density": part["observed"] / (part["high"] - part["low"])}
        for part in document["calibration"]["model"]["pit"]
    ]
    x = x_of("low", "between the promised levels", ".0%") | {"scale": {"domain": [0, 1]}}
    y = y_of("density", "outcomes found / promised", ".1f") | {"scale": {"zero": True}}
    bars = {"x": x, "x2": {"field": "high"}, "y": y, "y2": {"datum": 0}}
    bar = {"type": "rect", "color": MODEL, "opacity": 0.75, "stroke": "#ffffff", "strokeWidth": 1.5}
    layers = [{"mark": bar, "encoding": bars}, rule("y", 1.0)]
    title = "Where in the forecast range outcomes fell", "flat at 1: calibrated; high edges: ranges too narrow"
    return chart(document, title, {"data": {"values": rows}, "layer": layers, "width": 520, "height": 300})


def coverage_in_eras(document: dict[str, Any]) -> Specification:
    """Coverage of the 80 % range in every year, each era left out of training when it was scored."""
    rows = [
        {"who": title, "year": int(year), "held": shares["coverage_80"], "promised": 0.8}
        for title, part in _calibrations(document).items()
        for year, shares in part["by_year"].items()
    ]
    years, held = ([row[name] for row in rows] for name in ("year", "held"))
    axis = axis_of(grid=False, domain=True) | {"format": "d"}
    x = {"field": "year", "type": "quantitative", "title": None, "axis": axis}
    x |= {"scale": {"domain": [min(years) - 0.5, max(years) + 0.5]}}
    y = y_of("held", "share of outcomes inside", ".0%")
    y |= {"scale": {"domain": [min(0.7, min(held) - 0.02), max(0.9, max(held) + 0.02)], "zero": False}}
    mark = {"type": "line", "point": {"filled": True, "size": 50}, "strokeWidth": 2}
    promised = {"type": "line"} | DASHED
    layers = [
        {"mark": promised, "encoding": {"x": x, "y": y | {"field": "promised"}}},
        {"mark": mark, "encoding": {"x": x, "y": y, "color": _who(), "shape": _shape()}},
    ]
    title = "How often the 80 % ranges held, each era left out in turn", "dashed: what was promised"
    spanning = document | {"span": "other", "first": str(min(years)), "last": str(max(years))}
    return chart(spanning, title, {"data": {"values": rows}, "layer": layers, "width": 640, "height": 280})


ALL = {
    "evaluation-skill": skill_bars,
    "evaluation-reliability": reliability_diagram,
    "evaluation-coverage": coverage_by_year,
    "evaluation-pit": pit_histogram,
}


def _calibrations(document: dict[str, Any]) -> dict[str, Any]:
    return {document["rivals"][name]["title"]: part for name, part in document["calibration"].items()}


def _ends(at: dict[str, Any]) -> dict[str, float]:
    level, observed = at["level"], at["observed"]
    low, high = at["interval"] or (observed, observed)
    above = {"above": observed - level, "above_low": low - level, "above_high": high - level}
    return {"observed": observed, "low": low, "high": high} | above


def chart(document: dict[str, Any], title: tuple[str, str], body: Specification) -> Specification:
    """Title, span and style around what is drawn."""
    named = "cutoffs" if document["span"] == "other" else document["span"]
    first, last = document["first"][:4], document["last"][:4]
    span = f"{named} {first}" if first == last else f"{named} {first}-{last}"
    return frame(LIGHT, body, heading(LIGHT, f"{title[0]} ({span})", [title[1]], size=17), padding=16)


def axis_of(grid: bool, domain: bool) -> Specification:
    look = {"labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal", "titlePadding": 10}
    colors = {"labelColor": QUIET, "titleColor": QUIET, "gridColor": GRID, "domainColor": GRID}
    return look | colors | {"grid": grid, "domain": domain, "ticks": False, "labelPadding": 6}


def x_of(field: str, title: str | None = None, form: str = "") -> Specification:
    axis = axis_of(grid=True, domain=False) | {"tickCount": 6, "labelFlush": False} | ({"format": form} if form else {})
    return {"field": field, "type": "quantitative", "axis": axis} | ({"title": title} if title else {})


def y_of(field: str, title: str, form: str) -> Specification:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "axis": axis_of(grid=True, domain=False) | {"format": form},
    }


def rule(channel: str, at: float) -> Specification:
    mark = {"type": "rule", "color": INK, "strokeWidth": 1.2, "strokeDash": [4, 4]}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {channel: {"datum": at}}}


def _who() -> Specification:
    scale = {"domain": list(OWNERS), "range": list(OWNERS.values())}
    return {"field": "who", "type": "nominal", "scale": scale, "legend": LEGEND | {"labelLimit": 300}}


def _shape() -> Specification:
    scale = {"domain": list(OWNERS), "range": ["circle", "diamond"]}
    return {"field": "who", "type": "nominal", "scale": scale}
