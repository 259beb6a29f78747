"""The fan chart: one Vega-Lite specification, drawn to PNG or SVG by `bellwether.charts.renderer`.

The past is a line, the forecast a fan: the stronger band holds half of the outcomes, the fainter one 8 in 10.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from bellwether.charts import kit, trading_days
from bellwether.charts.beside import NOTHING, Beside, bracket_layers, bracket_rows, came_rows
from bellwether.charts.kit import Palette, Specification
from bellwether.charts.report_mark import report_layers
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Q10, Q25, Q50, Q75, Q90, Outlook, Shape, Theme
from bellwether.forecasting.sentences import day, money, span
from bellwether.market.calendar import session_after

#: sessions of the past that can be asked for: a month, half a year, a year, five years
PASTS: dict[str, int] = {"1m": 21, "6m": 126, "1y": 252, "5y": 1260}
_LETTERS = {True: 13.5, False: 15}  #: pixels of the figures at the lines, by whether the picture is small
_BESIDE_PLOT = (72, 62)  #: pixels beside what is drawn, and below it, with the figures of the axes
_TITLE = 66  #: pixels of a title and what stands under it
_BESIDE_FAN = 12  #: of the room of a figure beside the fan, the pixels that one over it does not need
_GAP = 17  #: pixels from one figure to the next
_ABOVE = 13  #: pixels from the line to the middle of a figure that stands over it, or under it
_NEAREST = 12  #: pixels from one bracket to the next
_PAD = 0.1  #: of the span of prices, above and below
_BANDS = ((Q10, Q90, 0.28), (Q25, Q75, 0.38))  #: from level to level, opacity: 8 in 10 outcomes, and half of them


def fan_chart(
    outlook: Outlook,
    horizon: int,
    theme: Theme,
    shape: Shape = "wide",
    beside: Beside = NOTHING,
    shown: int | None = None,
) -> Specification:
    """The Vega-Lite specification of one symbol's past and forecast, and of what is known beside them.

    The narrow one is for a page on a phone, whose headings already say what its title would. `shown` sessions of the
    past are drawn, or as many as let the fan take about a quarter of the width.
    """
    palette, is_small, is_titled = kit.PALETTES[theme], shape in kit.SMALL, shape != "narrow"
    past, fan = past_rows(outlook, shown or usual_past(horizon)), fan_rows(outlook, horizon)
    last, ahead = past[-1], fan[1:]
    came = came_rows(beside.came, last, {row["date"]: row["step"] for row in ahead})
    earlier = bracket_rows(beside.brackets, past) if _has_place(horizon, len(past)) else []
    prices = [row["close"] for row in (*past, *came)] + [fan[-1][f"q{level}"] for level in (Q10, Q90)]
    prices += [row[end] for row in earlier for end in ("low", "high")]
    width, height = (size - taken for size, taken in zip(kit.SIZES[shape], _BESIDE_PLOT, strict=True))
    figures = _Figures(outlook, fan[-1], (min(prices), max(prices)), height - _TITLE * is_titled, _LETTERS[is_small])
    # the figures stand over the fan, or on its right where it is too small for them
    is_over = figures.width - _BESIDE_FAN < width * len(ahead) / (len(past) + len(ahead)) and not came
    sessions = [date.fromisoformat(row["date"]) for row in (*past, *ahead)]
    under = int(figures.width * (len(past) + len(ahead)) / width) + 1  # sessions that its figure stands over
    beneath = [row["close"] for row in past[-under:]] if is_over else []
    room = 0.0 if is_over else figures.width / width
    x = trading_days.place(sessions, len(past) - 1, palette, is_small=is_small, room=room)
    y = kit.amount(f"q{Q10}") | {"scale": {"domain": figures.domain, "nice": False, "zero": False}}
    y["axis"] = kit.value_axis(palette, **_unit(outlook, palette))
    layers = [
        *(_band(fan, (low, high), opacity, palette, x, y) for low, high, opacity in _BANDS),
        _line(fan, f"q{Q50}", palette.fan, x, strokeDash=[4, 3]),
        _line(past, "close", palette.past, x),
        *report_layers(outlook.report, fan, x, palette),
        _point(last, x, palette),
        *bracket_layers(earlier, x, palette),  # a miss at the last close shows its cross
        *([_line(came, "close", palette.past, x), _point(came[-1], x, palette)] if came else []),
        *figures.layers(x, palette, beneath),
    ]
    body = kit.fit(*kit.SIZES[shape]) | {"layer": layers}
    title = _title(outlook, horizon, palette, shape, [*_legend(outlook, bool(earlier), bool(came))])
    return kit.frame(palette, body, title if is_titled else None, kit.PADDING[shape])


def _has_place(horizon: int, shown: int) -> bool:
    """Whether brackets a horizon apart do not stand on each other, in the narrowest picture and so in all."""
    return min(width for width, __ in kit.SIZES.values()) * horizon / (shown + horizon) > _NEAREST


def usual_past(horizon: int) -> int:
    """How many sessions of the past let the fan take about a quarter of the width.

    It is the same in every shape: a phone must not hide a miss that a window shows.
    """
    return min(10 + 3 * horizon, 126)


def past_rows(outlook: Outlook, shown: int) -> list[dict[str, Any]]:
    """The last closes, `shown` of them, scaled so that the last one is the one quoted."""
    bars = outlook.bars
    closes = bars.closes[-shown:] * (bars.quoted_close / bars.closes[-1])
    usable = [
        (str(session), float(close))
        for session, close in zip(bars.sessions[-shown:], closes, strict=True)
        if np.isfinite(close) and close > 0
    ]
    return [{"step": at - len(usable) + 1, "date": day, "close": close} for at, (day, close) in enumerate(usable)]


def fan_rows(outlook: Outlook, horizon: int) -> list[dict[str, Any]]:
    """The quantiles as prices at the cutoff and at each session up to the horizon; q0, q1, ... by level."""
    bars, calendar = outlook.bars, outlook.instrument.calendar
    paths = np.vstack([np.zeros(len(LEVELS)), outlook.log_returns[:horizon]])
    prices = bars.quoted_close * np.exp(paths)
    return [
        {"step": step, "date": str(session_after(calendar, bars.cutoff, step))}
        | {f"q{level}": float(price) for level, price in enumerate(row)}
        for step, row in enumerate(prices)
    ]


class _Figures:
    """The last close and the ends of the range, written so that none covers another."""

    def __init__(
        self, outlook: Outlook, end: dict[str, Any], prices: tuple[float, float], height: float, size: float
    ) -> None:
        """`prices` are the lowest and the highest that are drawn, on about `height` pixels."""
        instrument, last = outlook.instrument, outlook.bars.quoted_close
        low, high = prices
        span_of_prices = (high - low) or 0.1 * high
        self.domain = [max(low - _PAD * span_of_prices, 0.0), high + _PAD * span_of_prices]
        self._pixel = (self.domain[1] - self.domain[0]) / height
        self._size, self._step = size, end["step"]
        self._heights = (end[f"q{Q90}"], last, end[f"q{Q10}"])
        self._texts = [money(height, instrument.currency, instrument.symbol) for height in self._heights]
        self.width = max(kit.text_width(text, size, is_bold=True) for text in self._texts) + 18

    def layers(self, x: Specification, palette: Palette, beneath: list[float]) -> list[Specification]:
        """All of them on the right of the fan; or, where the closes `beneath` its last one are given, over the fan.

        That of the last close then stands before its point, above or below these closes, whichever is nearer.
        """
        is_over = bool(beneath)
        off = _apart([0, 0, 0], [-height / self._pixel for height in self._heights])
        if is_over:
            up, down = (abs(end - self._heights[1]) / self._pixel for end in (max(beneath), min(beneath)))
            off = [-10, round(-up - _ABOVE if up <= down else down + _ABOVE, 1), 12]
        layers = []
        for text, height, down, color in zip(
            self._texts, self._heights, off, (palette.ink, palette.past, palette.ink), strict=True
        ):
            row = {"step": 0 if is_over and color == palette.past else self._step, "height": height}
            look = {"type": "text", "text": text, "baseline": "middle", "fontSize": self._size, "fontWeight": "bold"}
            look |= {"align": "right" if is_over else "left", "dx": -2 if is_over else 9, "dy": down}
            around = {"stroke": palette.background, "strokeWidth": 4, "strokeJoin": "round", "opacity": 0.75}
            for mark in (look | around, look | {"color": color}):
                layers.append(kit.layer([row], mark, x=x, y=kit.amount("height")))
        return layers


def _apart(wanted: list[float], places: list[float]) -> list[float]:
    """How far to move each of three figures down, the middle one staying as it is wanted, so that all can be read."""
    top, middle, bottom = (place + off for place, off in zip(places, wanted, strict=True))
    top, bottom = min(top, middle - _GAP), max(bottom, middle + _GAP)
    return [round(at - place, 1) for at, place in zip((top, middle, bottom), places, strict=True)]


def _title(outlook: Outlook, horizon: int, palette: Palette, shape: Shape, legend: list[str]) -> Specification:
    instrument = outlook.instrument
    target = session_after(instrument.calendar, outlook.bars.cutoff, horizon)
    return kit.heading(
        palette,
        _("{name} ({symbol}) to {day}").format(name=instrument.name, symbol=instrument.symbol, day=day(target)),
        [
            _("{span}: orange holds 8 in 10 outcomes, its core half of them").format(span=span(horizon)),
            *legend,
        ],
        width=kit.SIZES[shape][0],
        size=15 if shape in kit.SMALL else 18,
    )


def _legend(outlook: Outlook, has_brackets: bool, has_come: bool) -> Iterator[str]:
    if has_come:
        yield _("Blue after {day}: what came").format(day=day(outlook.bars.cutoff))
    if has_brackets:
        yield _("Brackets: earlier such ranges; grey with a dot held, bold with a cross missed")


def _unit(outlook: Outlook, palette: Palette) -> Specification:
    """The currency, above the axis; an index is a level and has none."""
    instrument = outlook.instrument
    if not instrument.currency or instrument.symbol.startswith("^"):
        return {}
    name = _("pence") if instrument.currency == "GBp" else instrument.currency
    return {
        "title": name,
        "titleAngle": 0,
        "titleAnchor": "end",
        "titleAlign": "right",
        "titleX": -6,
        "titleY": -9,
        "titleColor": palette.quiet,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }


def _band(
    fan: list[dict[str, Any]],
    levels: tuple[int, int],
    opacity: float,
    palette: Palette,
    x: Specification,
    y: Specification,
) -> Specification:
    low, high = levels
    mark = {"type": "area", "color": palette.fan, "opacity": opacity}
    return kit.layer(fan, mark, x=x, y=y | {"field": f"q{low}"}, y2={"field": f"q{high}"})


def _line(rows: list[dict[str, Any]], field: str, color: str, x: Specification, **look: Any) -> Specification:
    return kit.layer(rows, {"type": "line", "color": color, "strokeWidth": 2.2} | look, x=x, y=kit.amount(field))


def _point(row: dict[str, Any], x: Specification, palette: Palette) -> Specification:
    mark = {"type": "point", "filled": True, "size": 60, "color": palette.past, "opacity": 1}
    return kit.layer([row], mark, x=x, y=kit.amount("close"))
