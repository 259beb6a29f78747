"""The session that each row of a price file belongs to: an instant is a day only in the zone of its exchange.

texts, dates, numbers or instants -> Moments -> sessions, datetime64[D]
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.market.calendar import EVERY_DAY, is_session, zone_of
from bellwether.market.file_dates import Days, Ints, Moments, daily, read_moments
from bellwether.market.file_table import Unreadable
from bellwether.market.universe import instrument_of
from bellwether.types import to_date

_DAY = np.timedelta64(1, "D")


def sessions_of(column: "pd.Series[Any]", symbols: "pd.Series[Any]", *, word: str, order: str = "") -> tuple[Days, str]:
    """The session of each row, datetime64[D] (n,), NaT where the column is empty; and how the column is written.

    Raises Unreadable, naming rows as `word` and the number in the index.
    """
    codes, found = pd.factorize(symbols.to_numpy(object))
    names = [str(name) for name in found]
    moments = _moments(column, codes, word, order)
    days = moments.local.astype("datetime64[D]")
    at_midnight = (moments.local == days) | np.isnat(days)
    if at_midnight.all():
        return days, moments.written
    timed = np.bincount(codes[~at_midnight], minlength=len(names)) > 0  # by symbol
    if moments.utc is not None:
        days = _in_their_zones(days, moments.utc, codes, names, timed)
    _refuse_weekends(days, column, codes, names, timed, word)
    return days, moments.written


def _moments(column: "pd.Series[Any]", codes: Ints, word: str, order: str) -> Moments:
    """Days and times as the column has them: typed, or written in one way."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        local = column.dt.tz_localize(None).to_numpy("datetime64[s]")
        return Moments(local, column.dt.tz_convert(UTC).dt.tz_localize(None).to_numpy("datetime64[s]"), "instants")
    if pd.api.types.is_datetime64_any_dtype(column):
        return Moments(column.to_numpy("datetime64[s]"), None, "days")
    if pd.api.types.is_numeric_dtype(column):
        known = column.notna().to_numpy(bool)
        texts = np.full(len(column), "", object)
        texts[known] = column.to_numpy()[known].astype(np.int64).astype(str)
        column = pd.Series(texts, column.index)
    elif pd.api.types.infer_dtype(column, skipna=True) in {"date", "datetime", "datetime64"}:
        return _moments(pd.to_datetime(column), codes, word, order)
    return read_moments(column.fillna("").astype(str), codes, daily, word=word, order=order)


def _in_their_zones(days: Days, utc: Days, codes: Ints, names: Sequence[str], timed: npt.NDArray[np.bool_]) -> Days:
    """The days of instants in the zones of their exchanges, for the symbols whose instants are no midnights."""
    zones = [zone_of(instrument_of(name).calendar) if late else UTC for name, late in zip(names, timed, strict=True)]
    unknown = next((name for name, zone in zip(names, zones, strict=True) if zone is None), None)
    if unknown is not None:
        raise Unreadable(
            f"it has instants for {unknown}, and which day they belong to is told by an exchange that isn't known. "
            "Write days such as 2026-06-05."
        )
    moved = days.copy()
    for zone in dict.fromkeys(zone for zone, late in zip(zones, timed, strict=True) if late):
        rows = np.isin(codes, [at for at in range(len(names)) if timed[at] and zones[at] == zone])
        there = pd.DatetimeIndex(utc[rows]).tz_localize(UTC).tz_convert(zone).tz_localize(None)
        moved[rows] = there.to_numpy().astype("datetime64[D]")
    return moved


def _refuse_weekends(
    days: Days, column: "pd.Series[Any]", codes: Ints, names: Sequence[str], timed: npt.NDArray[np.bool_], word: str
) -> None:
    """Times whose days are Saturdays and Sundays without trading were written in another zone than the exchange's."""
    calendars = [instrument_of(name).calendar if late else EVERY_DAY for name, late in zip(names, timed, strict=True)]
    weekend = (days.astype("datetime64[D]").astype(np.int64) + 3) % 7 >= 5
    suspects = np.flatnonzero(weekend & ~np.isnat(days) & np.array([name != EVERY_DAY for name in calendars])[codes])
    for row in suspects[:5]:  # some exchanges trade on Sundays
        session, symbol = to_date(days[row]), names[codes[row]]
        if not is_session(calendars[codes[row]], session):
            raise Unreadable(
                f"{word} {column.index[row]} ({column.iloc[row]}) falls on {session:%A}, {session}, on which "
                f"{symbol} is not traded; its times are of another zone than the exchange's. "
                "Write days such as 2026-06-05."
            )
