"""The fan chart: one Vega-Lite specification, drawn to PNG or SVG by a `Renderer`.

The past is a line, the forecast a fan: the stronger band holds half of the outcomes, the fainter one 8 in 10.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from bellwether.charts.renderer import Renderer
from bellwether.core.i18n.translate import ENGLISH, spoken
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Q10, Q50, Q90, Outlook, Shape, Theme
from bellwether.forecasting.sentences import day, money, span
from bellwether.market.calendar import session_after

#: width and height in pixels; twice the card, as a PNG has it, is what those who show previews of links ask for
SIZES: dict[Shape, tuple[int, int]] = {"wide": (576, 432), "narrow": (360, 300), "card": (600, 315)}
_LABEL_SHARE = 20  #: percent of the past that a price label is wide
DAYS = {"type": "utc"}  # a session is a date: the same picture wherever the server stands
_PEN = Renderer()  #: of the whole process: a second one would cost another 100 MB
_BANDS = ((0.1, 0.9, 0.28), (0.25, 0.75, 0.38))  #: levels, opacity: 8 in 10 outcomes, and half of them


@dataclass(frozen=True, slots=True)
class Palette:
    """Blue and orange differ for every kind of colour blindness, and in grey."""

    background: str
    ink: str
    quiet: str
    grid: str
    past: str
    fan: str


PALETTES = {
    "light": Palette("#ffffff", "#16202c", "#5b6775", "#e4e8ed", "#1f5fa8", "#d9730d"),
    "dark": Palette("#10161d", "#eef2f6", "#9aa7b5", "#26303b", "#6fb1f5", "#f5a04c"),
}


def fan_chart(outlook: Outlook, horizon: int, theme: Theme, shape: Shape = "wide") -> dict[str, Any]:
    """The Vega-Lite specification of one symbol's past and forecast.

    The narrow one is for a page on a phone, whose headings already say what its title would.
    """
    palette, one = PALETTES[theme], outlook.instrument
    past, fan = past_rows(outlook, horizon), fan_rows(outlook, horizon)
    last, end = past[-1], fan[-1]
    layers: list[dict[str, Any]] = [_band(fan, low, high, opacity, palette) for low, high, opacity in _BANDS]
    layers += [
        _line(fan, f"q{Q50}", palette.fan, dash=[4, 3]),
        _line(past, "close", palette.past),
        _point(last, palette),
        _last_label(past, _money(outlook, last["close"]), palette),
    ]
    low, high = Q10, Q90
    layers += [
        _label(end["date"], end[f"q{level}"], _money(outlook, end[f"q{level}"]), palette.ink, dx=-2, dy=dy)
        for level, dy in ((high, -10), (low, 14))
    ]
    target = session_after(one.calendar, outlook.bars.cutoff, horizon)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": palette.background,
        "width": SIZES[shape][0],
        "height": SIZES[shape][1],
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 8 if shape == "narrow" else 14,
        "title": {
            "text": _("{name} ({symbol}) to {day}").format(name=one.name, symbol=one.symbol, day=day(target)),
            "subtitle": _("{span}: orange holds 8 in 10 outcomes, its core half of them").format(span=span(horizon)),
            "anchor": "start",
            "offset": 14,
            "fontSize": 18,
            "subtitleFontSize": 13,
            "color": palette.ink,
            "subtitleColor": palette.quiet,
        }
        if shape != "narrow"
        else None,
        "layer": layers,
        "config": config(),
    }


def prepare() -> None:
    """Make ready to draw, in the background: it takes half a second."""
    _PEN.start()


def config() -> dict[str, Any]:
    """What all charts have in common: their font, and how numbers and days are written."""
    common = {"view": {"stroke": None}, "font": "Liberation Sans, Arial, sans-serif"}
    if spoken() == ENGLISH:
        return common
    from bellwether.core.i18n import babel_data  # Babel, which English does not need

    return common | {"locale": babel_data.chart_locale(spoken())}


def to_png(specification: dict[str, Any]) -> bytes:
    """The chart as a PNG, at twice its size so that it is sharp on a phone."""
    return _png(json.dumps(specification))


def to_svg(specification: dict[str, Any]) -> str:
    """The chart as an SVG."""
    return _svg(json.dumps(specification))


@lru_cache(maxsize=256)  # the same chart is drawn once: 90 ms, and 60 kB to keep
def _png(specification: str) -> bytes:
    return _PEN.draw(specification, "png")


@lru_cache(maxsize=256)
def _svg(specification: str) -> str:
    return _PEN.draw(specification, "svg").decode()


def browser_script() -> str:
    """Vega, Vega-Lite and Vega-Embed for a page, which draws the same specification live: 0.9 MB, made in 2 s.

    Made by a process of its own: bundling leaves 80 MB behind that nobody needs again.
    """
    make = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())"
    return subprocess.run([sys.executable, "-c", make], capture_output=True, check=True).stdout.decode()


def past_rows(outlook: Outlook, horizon: int) -> list[dict[str, Any]]:
    """The closes before the cutoff, scaled so that the last one is the one quoted."""
    bars = outlook.bars
    shown = slice(-min(10 + 3 * horizon, 126), None)  # the fan takes about a quarter of the width
    closes = bars.closes[shown] * (bars.quoted_close / bars.closes[-1])
    return [
        {"date": str(session), "close": float(close)}
        for session, close in zip(bars.sessions[shown], closes, strict=True)
        if np.isfinite(close) and close > 0
    ]


def fan_rows(outlook: Outlook, horizon: int) -> list[dict[str, Any]]:
    """The quantiles as prices at the cutoff and at each session up to the horizon; q0, q1, ... by level."""
    bars, calendar = outlook.bars, outlook.instrument.calendar
    paths = np.vstack([np.zeros(len(LEVELS)), outlook.log_returns[:horizon]])
    prices = bars.quoted_close * np.exp(paths)
    return [
        {"date": str(session_after(calendar, bars.cutoff, step))}
        | {f"q{level}": float(price) for level, price in enumerate(row)}
        for step, row in enumerate(prices)
    ]


def _money(outlook: Outlook, amount: float) -> str:
    return money(amount, outlook.instrument.currency, outlook.instrument.symbol)


def _x(palette: Palette) -> dict[str, Any]:
    axis = {
        "title": None,
        "format": "%-d %b",
        "labelColor": palette.quiet,
        "labelFontSize": 13,
        "grid": False,
        "domainColor": palette.grid,
        "tickColor": palette.grid,
        "tickCount": 6,
        "labelOverlap": True,
    }
    return {"field": "date", "type": "temporal", "scale": DAYS, "axis": axis}


def _y(field: str, palette: Palette) -> dict[str, Any]:
    axis = {
        "title": None,
        "labelColor": palette.quiet,
        "labelFontSize": 13,
        "gridColor": palette.grid,
        "domain": False,
        "ticks": False,
        "tickCount": 6,
    }
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": False, "nice": True, "padding": 18},
        "axis": axis,
    }


def _band(fan: list[dict[str, Any]], low: float, high: float, opacity: float, palette: Palette) -> dict[str, Any]:
    return {
        "data": {"values": fan},
        "mark": {"type": "area", "color": palette.fan, "opacity": opacity},
        "encoding": {
            "x": _x(palette),
            "y": _y(f"q{LEVELS.index(low)}", palette),
            "y2": {"field": f"q{LEVELS.index(high)}"},
        },
    }


def _line(rows: list[dict[str, Any]], field: str, color: str, dash: list[int] | None = None) -> dict[str, Any]:
    mark: dict[str, Any] = {"type": "line", "color": color, "strokeWidth": 2.2}
    return {
        "data": {"values": rows},
        "mark": mark | ({"strokeDash": dash} if dash else {}),
        "encoding": {
            "x": {"field": "date", "type": "temporal", "scale": DAYS},
            "y": {"field": field, "type": "quantitative"},
        },
    }


def _point(row: dict[str, Any], palette: Palette) -> dict[str, Any]:
    return {
        "data": {"values": [row]},
        "mark": {"type": "point", "filled": True, "size": 60, "color": palette.past, "opacity": 1},
        "encoding": {
            "x": {"field": "date", "type": "temporal", "scale": DAYS},
            "y": {"field": "close", "type": "quantitative"},
        },
    }


def _last_label(past: list[dict[str, Any]], text: str, palette: Palette) -> dict[str, Any]:
    """The last close in figures, beside its point, above or below the stretch of line that it would cover."""
    last = past[-1]
    beside = [row["close"] for row in past[-(len(past) * _LABEL_SHARE // 100) :]]
    above, below = max(beside), min(beside)
    if above - last["close"] <= last["close"] - below:
        return _label(last["date"], above, text, palette.past, dx=2, dy=-14)
    return _label(last["date"], below, text, palette.past, dx=2, dy=18)


def _label(at: str, height: float, text: str, color: str, *, dx: int, dy: int) -> dict[str, Any]:
    mark = {"type": "text", "text": text, "align": "right", "dx": dx, "dy": dy, "color": color}
    return {
        "data": {"values": [{"date": at, "height": height}]},
        "mark": mark | {"fontSize": 15, "fontWeight": "bold"},
        "encoding": {
            "x": {"field": "date", "type": "temporal", "scale": DAYS},
            "y": {"field": "height", "type": "quantitative"},
        },
    }
