"""What exchange_calendars 4.13 needs before pandas 3.1 reads its rules as they were written.

pandas asks an offset for `_add_datetime` where the library wrote `_apply`. Without a mend Orthodox feasts cannot be
computed, Hebrew feasts are taken from the Western Easter, and weeks that changed are ignored. A library and a pandas
that agree are left as they are.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset, CustomBusinessDay

_FIRST, _LAST = "1960-01-01", "2100-12-31"  #: between these a changed week is known; pandas counts no further


def mend(library: ModuleType) -> None:
    """Mend the rules of `exchange_calendars` in this process. May be called again."""
    if hasattr(BaseOffset, "_apply"):  # a pandas that speaks as the library does
        return
    for offset in _below(BaseOffset):
        own = vars(offset)
        if offset.__module__.startswith(library.__name__) and "_apply" in own and "_add_datetime" not in own:
            offset._add_datetime = own["_apply"]
    for name, kind in library.calendar_utils._default_calendar_factories.items():
        if "special_weekmasks" in vars(kind):
            library.register_calendar_type(name, _with_one_week(kind), force=True)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _with_one_week(kind: type[Any]) -> type[Any]:
    """The calendar whose week changes as one whose week never does: the days off are holidays.

    The library walks through a changing week day by day, by an offset of several offsets that pandas no longer knows.
    """

    class OneWeek(kind):  # type: ignore[misc]
        @property
        def day(self) -> CustomBusinessDay:
            days = pd.date_range(_FIRST, _LAST)
            trades = _on(self.weekmask, days)
            masks = [self.weekmask]
            for first, last, mask in self.special_weekmasks:
                inside = np.ones(len(days), bool) if first is None else np.asarray(days >= first)
                if last is not None:
                    inside &= np.asarray(days <= last)
                trades[inside] = _on(mask, days)[inside]
                masks.append(mask)
            widest = "".join("1" if "1" in place else "0" for place in zip(*masks, strict=True))
            return CustomBusinessDay(
                holidays=[*self.adhoc_holidays, *days[~trades & _on(widest, days)]],
                calendar=self.regular_holidays,
                weekmask=widest,
            )

    OneWeek.__name__ = kind.__name__
    return OneWeek


def _on(mask: str, days: pd.DatetimeIndex) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each of the days is one of a week written as "1111100", from Monday on."""
    on: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.array([sign == "1" for sign in mask])[days.day_of_week]
    return on
