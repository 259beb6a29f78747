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

    rows = [item["forecast"] if "forecast" in item and "asked" in item else item for item in items]
    table = pd.json_normalize([dict(row) for row in rows if row is not None])
    for name in _DAYS:
        if name in table:
            table[name] = pd.to_datetime(table[name])
    return table
