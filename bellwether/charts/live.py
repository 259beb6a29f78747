"""The fan chart as a page shows it: the same specification, with the session under the pointer told in words."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from bellwether.charts import kit
from bellwether.charts.fan import fan_chart, fan_rows, past_rows
from bellwether.charts.kit import Specification
from bellwether.core.types import Q10, Q25, Q75, Q90, Outlook, Shape, Theme
from bellwether.forecasting.sentences import day, money

NARROWEST = 320  #: pixels of the narrowest place in which the wide one may stand with its title

# Vega-Lite 6 writes the fields of a tooltip as those of the mark, which the nearest one has a level deeper
_TOLD = "{'Day': (datum.datum || datum).day, 'Price': (datum.datum || datum).price}"


def live_chart(outlook: Outlook, horizon: int, theme: Theme, shape: Shape = "wide") -> Specification:
    """`fan_chart`, as wide as its place in the page, with a line and a note at the session under the pointer."""
    drawn = fan_chart(outlook, horizon, theme, shape, title_width=NARROWEST)
    return drawn | {"width": "container", "layer": [*drawn["layer"], _under_pointer(outlook, horizon, theme)]}


def _under_pointer(outlook: Outlook, horizon: int, theme: Theme) -> Specification:
    instrument = outlook.instrument
    amount = partial(money, currency=instrument.currency, symbol=instrument.symbol)
    rows = [_told(row, f"closed at {amount(row['close'])}") for row in past_rows(outlook, horizon)]
    rows += [_told(row, _ranges(row, amount)) for row in fan_rows(outlook, horizon)[1:]]
    nearest = {"type": "point", "on": "pointerover", "clear": "pointerout", "encodings": ["x"], "nearest": True}
    pointed = {"param": "near", "empty": False, "value": 0.6}
    return {"params": [{"name": "near", "select": nearest}]} | kit.layer(
        rows,
        {"type": "rule", "color": kit.PALETTES[theme].quiet, "strokeWidth": 1.5, "tooltip": {"expr": _TOLD}},
        x=kit.DATE,
        opacity={"condition": pointed, "value": 0},
    )


def _told(row: dict[str, Any], price: str) -> dict[str, str]:
    return {"date": row["date"], "day": day(date.fromisoformat(row["date"])), "price": price}


def _ranges(row: dict[str, Any], amount: Callable[[float], str]) -> str:
    outer, half = (f"{amount(row[f'q{low}'])} to {amount(row[f'q{high}'])}" for low, high in ((Q10, Q90), (Q25, Q75)))
    return f"8 in 10: {outer}; half: {half}"
