"""The axis of trading days: sessions stand side by side, whatever weekends and holidays lie between them.

A row's place is its `step`, sessions after the cutoff: negative in the past, 0 at the last close.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date

from bellwether.charts import kit
from bellwether.charts.kit import Palette, Specification
from bellwether.core.i18n.numbers import month, short_day

_MOST = {True: 5, False: 6}  #: labels, by whether the picture is a small one
_Period = Callable[[date], object]
#: what gets a label where it begins anew, and how that is written: the finest for which there is room
_PERIODS: tuple[tuple[_Period, Callable[[date], str]], ...] = (
    (lambda day: day, short_day),
    (lambda day: (day.toordinal() - 1) // 7, short_day),
    (lambda day: (day.toordinal() - 1) // 14, short_day),
    (lambda day: (day.year, day.month), month),
    (lambda day: (day.year, (day.month - 1) // 2), month),
    (lambda day: (day.year, (day.month - 1) // 3), month),
    (lambda day: (day.year, (day.month - 1) // 6), month),
    (lambda day: day.year, lambda day: str(day.year)),
    (lambda day: day.year // 2, lambda day: str(day.year)),
    (lambda day: day.year // 20, lambda day: str(day.year)),
)


def place(sessions: Sequence[date], last: int, palette: Palette, *, is_small: bool, room: float = 0.0) -> Specification:
    """The encoding of `step`: `sessions` are all on the axis, of which that at index `last` is the cutoff.

    `room` is what is left free on the right, in parts of the width.
    """
    labels = ticks(sessions, _MOST[is_small])
    written = {str(at - last): lines for at, lines in labels.items()}
    first, end = -last, max(len(sessions) - 1 - last, 1 - last)
    axis = kit.time_axis(
        palette,
        grid=False,
        values=[at - last for at in labels],
        labelExpr=f"({json.dumps(written, ensure_ascii=False)})[datum.value]",
        labelOverlap="greedy",  # a week of few trading days leaves its next label no room
        labelSeparation=6,
        labelBound=False,
    )
    scale = {"domain": [first, end + (end - first) * room / (1 - room)], "nice": False, "zero": False}
    return {"field": "step", "type": "quantitative", "scale": scale, "axis": axis}


def ticks(sessions: Sequence[date], most: int) -> dict[int, list[str]]:
    """The lines of each label by the index of its session; the second is the year, where it is another one."""
    write, starts = next(
        (write, starts) for period, write in _PERIODS if len(starts := _starts(sessions, period)) <= most
    )
    labels, year = {}, 0
    for at in starts or [len(sessions) - 1]:
        day = sessions[at]
        label = write(day)
        labels[at] = [label, str(day.year)] if day.year != year and label != str(day.year) else [label]
        year = day.year
    return labels


def _starts(sessions: Sequence[date], period: _Period) -> list[int]:
    """Where a new period begins, by the indices of its sessions; the first session may stand in the middle of one."""
    return [at for at in range(1, len(sessions)) if period(sessions[at]) != period(sessions[at - 1])]
