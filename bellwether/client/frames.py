"""Answers as data frames."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_DAYS = ("cutoff", "target_session", "session", "made_at", "fired_at", "period_end")


def frame(items: Iterable[Mapping[str, Any]]) -> "pd.DataFrame":
    """One row for each item, nested values in columns such as `quantiles.0.1`; days and times as such.

    Items of a batch give one row for each forecast; those that failed are left out.
    """
    import pandas as pd

    rows = [one["forecast"] if "forecast" in one and "asked" in one else one for one in items]
    table = pd.json_normalize([dict(one) for one in rows if one is not None])
    for name in _DAYS:
        if name in table:
            table[name] = pd.to_datetime(table[name])
    return table
