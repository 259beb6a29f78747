"""The fan chart as a page shows it: the same specification, with the session under the pointer told in words."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from bellwether.charts.fan import DAYS, PALETTES, fan_chart, fan_rows, past_rows
from bellwether.core.types import Q10, Q25, Q75, Q90, Outlook, Shape, Theme
from bellwether.forecasting.sentences import day, money

_LOW, _LOW_HALF, _HIGH_HALF, _HIGH = (f"q{place}" for place in (Q10, Q25, Q75, Q90))

# Vega-Lite 6 writes the fields of a tooltip as those of the mark, which the nearest one has a level deeper
_TOLD = "{'Day': (datum.datum || datum).day, 'Price': (datum.datum || datum).price}"


def live_chart(outlook: Outlook, horizon: int, theme: Theme, shape: Shape = "wide") -> dict[str, Any]:
    """`fan_chart`, as wide as its place in the page, with a line and a note at the session under the pointer."""
    drawn = fan_chart(outlook, horizon, theme, shape)
    return drawn | {"width": "container", "layer": [*drawn["layer"], _under_pointer(outlook, horizon, theme)]}


def _under_pointer(outlook: Outlook, horizon: int, theme: Theme) -> dict[str, Any]:
    one = outlook.instrument
    amount = partial(money, currency=one.currency, symbol=one.symbol)
    told = [_told_past(row, amount) for row in past_rows(outlook, horizon)]
    told += [_told_fan(row, amount) for row in fan_rows(outlook, horizon)[1:]]
    near = {"param": "near", "empty": False, "value": 0.6}
    return {
        "data": {"values": told},
        "params": [
            {
                "name": "near",
                "select": {
                    "type": "point",
                    "on": "pointerover",
                    "clear": "pointerout",
                    "encodings": ["x"],
                    "nearest": True,
                },
            }
        ],
        "mark": {"type": "rule", "color": PALETTES[theme].quiet, "strokeWidth": 1.5, "tooltip": {"expr": _TOLD}},
        "encoding": {
            "x": {"field": "date", "type": "temporal", "scale": DAYS},
            "opacity": {"condition": near, "value": 0},
        },
    }


def _told_past(row: dict[str, Any], amount: Callable[[float], str]) -> dict[str, str]:
    return {"date": row["date"], "day": _day(row), "price": f"closed at {amount(row['close'])}"}


def _told_fan(row: dict[str, Any], amount: Callable[[float], str]) -> dict[str, str]:
    outer, inner = (
        f"{amount(row[low])} to {amount(row[high])}" for low, high in ((_LOW, _HIGH), (_LOW_HALF, _HIGH_HALF))
    )
    return {"date": row["date"], "day": _day(row), "price": f"8 in 10: {outer}; half: {inner}"}


def _day(row: dict[str, Any]) -> str:
    return day(date.fromisoformat(row["date"]))
