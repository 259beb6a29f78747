"""The fan chart: one Vega-Lite specification, drawn to PNG or SVG by `bellwether.charts.renderer`.

The past is a line, the forecast a fan: the stronger band holds half of the outcomes, the fainter one 8 in 10.
"""

from typing import Any

import numpy as np

from bellwether.charts import kit
from bellwether.charts.kit import Palette, Specification
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Q10, Q25, Q50, Q75, Q90, Outlook, Shape, Theme
from bellwether.forecasting.sentences import day, money, span
from bellwether.market.calendar import session_after

_LABEL_SHARE = 20  #: percent of the past that a price label is wide
_BANDS = ((Q10, Q90, 0.28), (Q25, Q75, 0.38))  #: from level to level, opacity: 8 in 10 outcomes, and half of them


def fan_chart(
    outlook: Outlook, horizon: int, theme: Theme, shape: Shape = "wide", title_width: int | None = None
) -> Specification:
    """The Vega-Lite specification of one symbol's past and forecast.

    The narrow one is for a page on a phone, whose headings already say what its title would. The title fits into a
    picture of `title_width` pixels, or into that of the shape.
    """
    palette, instrument = kit.PALETTES[theme], outlook.instrument
    past, fan = past_rows(outlook, horizon), fan_rows(outlook, horizon)
    last, end = past[-1], fan[-1]
    layers = [_band(fan, low, high, opacity, palette) for low, high, opacity in _BANDS]
    layers += [
        _line(fan, f"q{Q50}", palette.fan, strokeDash=[4, 3]),
        _line(past, "close", palette.past),
        _point(last, palette),
        _last_label(past, _money(outlook, last["close"]), palette),
    ]
    layers += [
        _label(end["date"], end[f"q{level}"], _money(outlook, end[f"q{level}"]), palette.ink, dx=-2, dy=dy)
        for level, dy in ((Q90, -10), (Q10, 14))
    ]
    target = session_after(instrument.calendar, outlook.bars.cutoff, horizon)
    title = kit.heading(
        palette,
        _("{name} ({symbol}) to {day}").format(name=instrument.name, symbol=instrument.symbol, day=day(target)),
        [_("{span}: orange holds 8 in 10 outcomes, its core half of them").format(span=span(horizon))],
        width=title_width or kit.SIZES[shape][0],
    )
    body = kit.fit(*kit.SIZES[shape]) | {"layer": layers}
    return kit.frame(palette, body, title if shape != "narrow" else None, kit.PADDING[shape])


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


def _amount(field: str) -> Specification:
    return {"field": field, "type": "quantitative"}


def _band(fan: list[dict[str, Any]], low: int, high: int, opacity: float, palette: Palette) -> Specification:
    days = kit.time_axis(palette, format="%-d %b", grid=False, tickCount=6, labelOverlap=True)
    prices = {"scale": {"zero": False, "nice": True, "padding": 18}, "axis": kit.value_axis(palette)}
    return kit.layer(
        fan,
        {"type": "area", "color": palette.fan, "opacity": opacity},
        x=kit.DATE | {"axis": days},
        y=_amount(f"q{low}") | prices,
        y2={"field": f"q{high}"},
    )


def _line(rows: list[dict[str, Any]], field: str, color: str, **look: Any) -> Specification:
    return kit.layer(rows, {"type": "line", "color": color, "strokeWidth": 2.2} | look, x=kit.DATE, y=_amount(field))


def _point(row: dict[str, Any], palette: Palette) -> Specification:
    mark = {"type": "point", "filled": True, "size": 60, "color": palette.past, "opacity": 1}
    return kit.layer([row], mark, x=kit.DATE, y=_amount("close"))


def _last_label(past: list[dict[str, Any]], text: str, palette: Palette) -> Specification:
    """The last close in figures, beside its point, above or below the stretch of line that it would cover."""
    last = past[-1]
    nearby = [row["close"] for row in past[-(len(past) * _LABEL_SHARE // 100) :]]
    above, below = max(nearby), min(nearby)
    if above - last["close"] <= last["close"] - below:
        return _label(last["date"], above, text, palette.past, dx=2, dy=-14)
    return _label(last["date"], below, text, palette.past, dx=2, dy=18)


def _label(date: str, height: float, text: str, color: str, *, dx: int, dy: int) -> Specification:
    look = {"align": "right", "dx": dx, "dy": dy, "color": color, "fontSize": 15, "fontWeight": "bold"}
    return kit.layer(
        [{"date": date, "height": height}], {"type": "text", "text": text} | look, x=kit.DATE, y=_amount("height")
    )
