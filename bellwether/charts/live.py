"""What a page tells of a chart under a finger or a pointer: where each session stands, and its prices in words.

The picture itself stays as it was drawn: nothing is drawn anew, and no library need be loaded.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

from bellwether.charts.beside import NOTHING, Beside, came_rows
from bellwether.charts.fan import fan_chart, fan_rows, past_rows, usual_past
from bellwether.charts.renderer import to_svg
from bellwether.core.types import Q10, Q25, Q75, Q90, Outlook, Shape, Theme
from bellwether.forecasting.sentences import day, money

Told = dict[str, Any]
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')
_CORNER = re.compile(r'transform="translate\(([\d.]+),([\d.]+)\)"')
_PLOT = re.compile(r'class="background" aria-hidden="true" d="M0,0h([\d.]+)v([\d.]+)h')


def told(
    outlook: Outlook, horizon: int, theme: Theme, shape: Shape, beside: Beside = NOTHING, shown: int | None = None
) -> Told:
    """The sessions of the chart that `fan_chart` makes of the same: each one's place, its day and its prices.

    `x` is counted from the left in parts of the width, `top` and `bottom` from above in parts of the height.
    """
    chart = fan_chart(outlook, horizon, theme, shape, beside, shown)
    left, right, top, bottom = _plot(to_svg(chart))
    first, last = chart["layer"][0]["encoding"]["x"]["scale"]["domain"]
    instrument = outlook.instrument
    amount = partial(money, currency=instrument.currency, symbol=instrument.symbol)
    past, ahead = past_rows(outlook, shown or usual_past(horizon)), fan_rows(outlook, horizon)[1:]
    came = {
        row["step"]: f"; it closed at {amount(row['close'])}"
        for row in came_rows(beside.came, past[-1], {row["date"]: row["step"] for row in ahead})[1:]
    }
    texts = [(row, f"closed at {amount(row['close'])}") for row in past]
    texts += [(row, _ranges(row, amount) + _report(outlook, row) + came.get(row["step"], "")) for row in ahead]
    sessions = [
        {
            "x": round(left + (right - left) * (row["step"] - first) / (last - first), 4),
            "day": day(date.fromisoformat(row["date"])),
            "price": text,
        }
        for row, text in texts
    ]
    return {"top": top, "bottom": bottom, "sessions": sessions}


def _plot(drawn: str) -> Sequence[float]:
    """The left, right, top and bottom ends of what is drawn between the axes, in parts of the picture."""
    size, corner, plot = (pattern.search(drawn) for pattern in (_SIZE, _CORNER, _PLOT))
    if size is None or corner is None or plot is None:
        raise ValueError("this is no picture of a chart")
    (width, height), (x, y), (wide, high) = (map(float, found.groups()) for found in (size, corner, plot))
    return [round(at, 4) for at in (x / width, (x + wide) / width, y / height, (y + high) / height)]


def _report(outlook: Outlook, row: dict[str, Any]) -> str:
    its = outlook.report
    if its is None or row["date"] != str(its.session):
        return ""
    return "; the company reports" if its.known else "; the company probably reports about here"


def _ranges(row: dict[str, Any], amount: Callable[[float], str]) -> str:
    outer, half = (f"{amount(row[f'q{low}'])} to {amount(row[f'q{high}'])}" for low, high in ((Q10, Q90), (Q25, Q75)))
    return f"8 in 10: {outer}; half: {half}"
