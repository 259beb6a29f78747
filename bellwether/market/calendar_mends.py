"""What exchange_calendars 4.13 needs before pandas 3.1 reads its rules as they were written.

pandas asks an offset for `_add_datetime` where the library wrote `_apply`. Without a mend Orthodox feasts cannot be
computed, Hebrew feasts are taken from the Western Easter, and weeks that changed are ignored. A library and a pandas
that agree are left as they are.

And the library works out the holidays of 130 years for a calendar of three; here those of a year around are enough,
which takes a third of the time.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset, CustomBusinessDay

_FIRST, _LAST = "1960-01-01", "2100-12-31"  #: of a calendar that is made for no years in particular


def mend(library: ModuleType) -> None:
    """Mend the rules of `exchange_calendars` in this process, and make its calendars quicker. May be called again."""
    kinds = library.calendar_utils._default_calendar_factories
    for name, kind in kinds.items():
        if "special_weekmasks" not in vars(kind):
            library.register_calendar_type(name, _of_few_years(kind), force=True)
    if hasattr(BaseOffset, "_apply"):  # a pandas that speaks as the library does
        return
    for offset in _below(BaseOffset):
        own = vars(offset)
        if offset.__module__.startswith(library.__name__) and "_apply" in own and "_add_datetime" not in own:
            offset._add_datetime = own["_apply"]
    for name, kind in kinds.items():
        if "special_weekmasks" in vars(kind):
            library.register_calendar_type(name, _with_one_week(kind), force=True)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _below(subclass)


def _of_few_years(kind: type[Any]) -> type[Any]:
    """The calendar that works out only holidays around the years it is made for."""

    class OfFewYears(kind):  # type: ignore[misc]
        def __init__(self, start: Any = None, end: Any = None, **others: Any) -> None:
            year = pd.DateOffset(years=1)
            self._around = (
                pd.Timestamp(_FIRST if start is None else start) - year,
                pd.Timestamp(_LAST if end is None else end) + year,
            )
            super().__init__(start=start, end=end, **others)

        @property
        def day(self) -> CustomBusinessDay:
            rules = self.regular_holidays
            regular = rules.holidays(*self._around) if rules is not None else ()
            return CustomBusinessDay(holidays=[*self.adhoc_holidays, *regular], weekmask=self.weekmask)

    OfFewYears.__name__ = kind.__name__
    return OfFewYears


def _with_one_week(kind: type[Any]) -> type[Any]:
    """The calendar whose week changes as one whose week never does: the days off are holidays.

    The library walks through a changing week day by day, by an offset of several offsets that pandas no longer knows.
    """

    class OneWeek(_of_few_years(kind)):  # type: ignore[misc]
        @property
        def day(self) -> CustomBusinessDay:
            first, last = self._around
            days = pd.date_range(first, last)
            trades = _on(self.weekmask, days)
            masks = [self.weekmask]
            for since, until, mask in self.special_weekmasks:
                inside = np.ones(len(days), bool) if since is None else np.asarray(days >= since)
                if until is not None:
                    inside &= np.asarray(days <= until)
                trades[inside] = _on(mask, days)[inside]
                masks.append(mask)
            rules = self.regular_holidays
            regular = rules.holidays(first, last) if rules is not None else ()
            widest = "".join("1" if "1" in place else "0" for place in zip(*masks, strict=True))
            return CustomBusinessDay(
                holidays=[*self.adhoc_holidays, *regular, *days[~trades & _on(widest, days)]],
                weekmask=widest,
            )

    OneWeek.__name__ = kind.__name__
    return OneWeek


def _on(mask: str, days: pd.DatetimeIndex) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each of the days is one of a week written as "1111100", from Monday on."""
    on: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.array([sign == "1" for sign in mask])[days.day_of_week]
    return on
