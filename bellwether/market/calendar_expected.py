"""Holidays of years that nobody has recorded: those that came back every year so far.

recorded days without trading | marks: a date, days from a feast | what was hardly ever traded on
    | the days of another year that bear such a mark

Some exchanges announce their holidays one year at a time, so those of next year are not known before its end. What
comes back is better than Monday to Friday; days that are moved by decree are missing.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from statistics import median
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.offsets import Easter

_FAR = 2199  #: a year past all that is asked for
_LEARNT = 10  #: recorded years that are looked at, the nearest ones
_OFTEN = 4  #: working days on which a mark must have been seen
_HARDLY = 0.1  #: share of the days with a mark that may have been traded on: the moon is seen a day apart
_BEFORE, _AFTER = 7, 10  #: days around a feast
_A_LIST = 3  #: days a year from which single days are a list of holidays, not of accidents
_MUCH_FEWER = 0.7  #: of the usual holidays, from which a year's are incomplete
_Mark = tuple[str, int, int]


def recorded(kind: type[Any]) -> range:
    """The years of which a calendar of exchange_calendars knows the holidays; the end is past them."""
    low, high = kind.bound_min(), kind.bound_max()
    first = 1900 if low is None else low.year + ((low.month, low.day) > (1, 1))
    if high is not None:
        last = high.year - ((high.month, high.day) < (12, 31))
    elif (end := _end_of_list(kind)) < _FAR and _is_poorer(kind, end):
        last = end
    else:
        last = _FAR
    return range(first, last + 1)


def _is_poorer(kind: type[Any], end: int) -> bool:
    """Whether there are clearly fewer holidays after the year in which a list ends: no rules go on there."""
    closed = _closed(kind, range(end - _LEARNT + 1, end + 2))
    a_year = Counter(day.year for day, was_closed in closed.items() if was_closed)
    return a_year.pop(end + 1, 0) < _MUCH_FEWER * median(a_year.values())


def with_expected(library: ModuleType, kind: type[Any], first: int, last: int) -> type[Any]:
    """The same calendar of the library, with the holidays that are expected in unrecorded years from `first` to `last`.

    It can be built for all of them.
    """
    known = recorded(kind)
    unknown = [year for year in range(first, last + 1) if year not in known]
    near = known[:_LEARNT] if last < known.start else known[-_LEARNT:]
    feasts = _feasts(library, [*near, *unknown])
    closed = _closed(kind, near)
    expected = [pd.Timestamp(day) for year in unknown for day in expected_holidays(closed, feasts, year)]

    class WithExpected(kind):  # type: ignore[misc]
        @classmethod
        def bound_min(cls) -> None:
            return None

        @classmethod
        def bound_max(cls) -> None:
            return None

        @property
        def adhoc_holidays(self) -> list[pd.Timestamp]:
            return [*(pd.Timestamp(day) for day in super().adhoc_holidays), *expected]

    WithExpected.__name__ = kind.__name__
    return WithExpected


def expected_holidays(closed: dict[date, bool], feasts: dict[str, list[date]], year: int) -> tuple[date, ...]:
    """The days of a year that are hardly ever traded on.

    `closed` tells of each working day of some years whether it was without trading; `feasts` are the days of each feast
    whose date moves, in those years and in this.
    """
    near = _days_from(feasts)
    seen, without = Counter[_Mark](), Counter[_Mark]()
    for day, was_closed in closed.items():
        marks = (("date", day.month, day.day), *near[day])
        seen.update(marks)
        if was_closed:
            without.update(marks)
    kept = {mark for mark, times in without.items() if times >= _OFTEN and times >= (1 - _HARDLY) * seen[mark]}
    days = (date(year, 1, 1) + timedelta(at) for at in range(366))
    return tuple(
        day for day in days if day.year == year and kept.intersection((("date", day.month, day.day), *near[day]))
    )


def _days_from(feasts: dict[str, list[date]]) -> defaultdict[date, list[_Mark]]:
    """How many days from which feasts each day lies."""
    near: defaultdict[date, list[_Mark]] = defaultdict(list)
    for feast, dates in feasts.items():
        for day in dates:
            for away in range(-_BEFORE, _AFTER + 1):
                near[day + timedelta(away)].append((feast, 0, away))
    return near


def _feasts(library: ModuleType, years: list[int]) -> dict[str, list[date]]:
    """The feasts whose date moves, as far as the library has them."""
    lists = {
        name: getattr(module, name)
        for module, names in (
            (library.common_holidays, ("eid_al_fitr_first_day", "eid_al_adha_first_day")),
            (library.xkls_holidays, ("muharram", "muhammad_birthday", "deepavali", "wesak_day")),
            (
                library.lunisolar_holidays,
                [name for name in vars(library.lunisolar_holidays) if name.endswith("_dates")],
            ),
        )
        for name in names
    }
    wanted = set(years)
    feasts = {
        name: [stamp.date() for stamp in pd.DatetimeIndex(days) if stamp.year in wanted] for name, days in lists.items()
    }
    return {**feasts, "easter": [(pd.Timestamp(year, 1, 1) + Easter()).date() for year in sorted(wanted)]}


def _closed(kind: type[Any], years: range) -> dict[date, bool]:
    """Of each working day of recorded years whether there was no trading."""
    if not years:
        return {}
    start, end = f"{years[0]}-01-01", f"{years[-1]}-12-31"
    calendar = kind(start=start, end=end)
    week = np.array([sign == "1" for sign in calendar.weekmask])
    days = pd.date_range(start, end)
    traded = days.isin(calendar.sessions)
    return {day.date(): not on for day, on in zip(days, traded, strict=True) if week[day.day_of_week]}


def _end_of_list(kind: type[Any]) -> int:
    """The last year of a list that names some days for each year; far away where there is no such list."""
    single = kind.adhoc_holidays.fget(object.__new__(kind))
    a_year = Counter(pd.Timestamp(day).year for day in single)
    last = max((year for year, days in a_year.items() if days >= _A_LIST), default=_FAR)
    whole = sum(a_year[year] >= _A_LIST for year in range(last - 5, last))
    return last if whole >= 4 else _FAR
