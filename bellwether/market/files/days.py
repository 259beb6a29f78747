"""The session that each row of a price file belongs to: an instant is a day only in the zone of its exchange.

texts, dates, numbers or instants -> Moments -> sessions, datetime64[D]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.types import to_date
from bellwether.market.calendar import EVERY_DAY, WEEKDAYS, is_session, zone_of
from bellwether.market.files.dates import Days, Evidence, Ints, Moments, daily, is_weekend, read_moments, weekdays
from bellwether.market.files.table import BadTable
from bellwether.market.symbols.universe import instrument_of

_SOME = 5  #: rows of one symbol below which their days may be so by chance
_MANY = 0.1  #: share of days on weekends from which they are no exceptions
_NEARLY_ALL = 0.8  #: share of steps between days that are all as long


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A column of days as it was read."""

    written: "pd.Series[Any]"  #: as it stands in the file, its index the number of each row
    days: Days  #: datetime64[D] (n,), NaT where nothing is
    form: str  #: how the column is written, for people
    codes: Ints  #: which of the symbols each row is of, (n,)
    symbols: Sequence[str]  #: each one once
    timed: npt.NDArray[np.bool_]  #: which symbols have times of day, (len(symbols),)
    is_naive: bool  #: whether these name no zone
    word: str  #: what a row is called

    def place(self, row: int) -> str:
        """A row's number and its text: "7 (2026-06-05)"."""
        return f"{self.written.index[row]} ({self.written.iloc[row]})"

    def is_no_session(self, row: int) -> str:
        """The sentence's beginning on a row whose day is none of its exchange's."""
        session = to_date(self.days[row])
        return (
            f"{self.word} {self.place(row)} falls on {session:%A}, {session}, "
            f"on which {self.symbols[self.codes[row]]} is not traded"
        )


def sessions_of(column: "pd.Series[Any]", symbols: "pd.Series[Any]", *, word: str, order: str = "") -> tuple[Days, str]:
    """The session of each row, datetime64[D] (n,), NaT where the column is empty; and how the column is written.

    Raises BadTable, naming rows as `word` and the number in the index.
    """
    read = _read(column, symbols, daily, word, order, "")
    _refuse_weekends(read)
    _refuse_shifted(read)
    _refuse_weeks_and_months(read)
    return read.days, read.form


def days_of(
    column: "pd.Series[Any]", symbols: "pd.Series[Any]", evidence: Evidence, *, word: str, like: str = ""
) -> tuple[Days, str]:
    """The day of each row and how the column is written. The arguments are those of `read_moments`.

    A time of day with a zone is an instant, whose day is that of the symbol's exchange; midnights stand for their day
    wherever they are.
    """
    read = _read(column, symbols, evidence, word, "", like)
    return read.days, read.form


def _read(
    column: "pd.Series[Any]", symbols: "pd.Series[Any]", evidence: Evidence, word: str, order: str, like: str
) -> _Column:
    codes, distinct = pd.factorize(symbols)
    names = [str(name) for name in distinct]
    moments = _moments(column, codes, evidence, word, order, like)
    days = moments.local.astype("datetime64[D]")
    at_midnight = (moments.local == days) | np.isnat(days)
    timed = np.bincount(codes[~at_midnight], minlength=len(names)) > 0
    if moments.utc is not None and timed.any():
        days = _in_their_zones(days, moments.utc, codes, names, timed)
    return _Column(column, days, moments.written, codes, names, timed, moments.utc is None, word)


def _has_sundays(days: Days, calendar: str) -> bool:
    """Whether these are of a market that is open on Sundays: a coin's on all days, or Cairo's until Thursday."""
    of_week = np.bincount(weekdays(days[~np.isnat(days)]), minlength=7)
    friday, saturday, sunday = of_week[4:]
    often = 0.5 * of_week.max()
    until_thursday = calendar == WEEKDAYS and friday == saturday == 0 and sunday >= often  # nobody told us its week
    return bool(min(saturday, sunday) >= often or until_thursday)


def _moments(column: "pd.Series[Any]", codes: Ints, evidence: Evidence, word: str, order: str, like: str) -> Moments:
    """Days and times as the column has them: typed, or written in one way."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        local = column.dt.tz_localize(None).to_numpy("datetime64[s]")
        return Moments(
            local, column.dt.tz_convert(UTC).dt.tz_localize(None).to_numpy("datetime64[s]"), "instants with a time zone"
        )
    if pd.api.types.is_datetime64_any_dtype(column):
        return Moments(column.to_numpy("datetime64[s]"), None, "dates")
    if pd.api.types.is_numeric_dtype(column):
        known = column.notna().to_numpy(bool)
        texts = np.full(len(column), "", object)
        texts[known] = column.to_numpy()[known].astype(np.int64).astype(str)
        column = pd.Series(texts, column.index)
    elif pd.api.types.infer_dtype(column, skipna=True) in {"date", "datetime", "datetime64"}:
        return _moments(pd.to_datetime(column), codes, evidence, word, order, like)
    return read_moments(column.fillna("").astype(str), codes, evidence, word=word, order=order, like=like)


def _in_their_zones(days: Days, utc: Days, codes: Ints, names: Sequence[str], timed: npt.NDArray[np.bool_]) -> Days:
    """The days of instants in the zones of their exchanges, for the symbols whose instants are no midnights."""
    zones = [zone_of(instrument_of(name).calendar) if late else UTC for name, late in zip(names, timed, strict=True)]
    unknown = next((name for name, zone in zip(names, zones, strict=True) if zone is None), None)
    if unknown is not None:
        raise BadTable(
            f"it has instants for {unknown}, and which day they belong to is told by an exchange that isn't known. "
            "Write days such as 2026-06-05."
        )
    moved = days.copy()
    for zone in dict.fromkeys(zone for zone, late in zip(zones, timed, strict=True) if late):
        rows = np.isin(codes, [at for at in range(len(names)) if timed[at] and zones[at] == zone])
        there = pd.DatetimeIndex(utc[rows]).tz_localize(UTC).tz_convert(zone).tz_localize(None)
        moved[rows] = there.to_numpy().astype("datetime64[D]")
    return moved


def _refuse_weekends(column: _Column) -> None:
    """Times whose days are Saturdays and Sundays without trading were written in another zone than the exchange's."""
    if not column.timed.any():
        return
    days, codes = column.days, column.codes
    calendars = [
        instrument_of(symbol).calendar if late else EVERY_DAY
        for symbol, late in zip(column.symbols, column.timed, strict=True)
    ]
    closed = np.array([calendar != EVERY_DAY for calendar in calendars])
    for row in np.flatnonzero(is_weekend(days) & ~np.isnat(days) & closed[codes])[:5]:  # some trade on Sundays
        calendar = calendars[codes[row]]
        its_week = column.is_naive and _has_sundays(days[codes == codes[row]], calendar)
        if not is_session(calendar, to_date(days[row])) and not its_week:
            raise BadTable(
                f"{column.is_no_session(row)}; its times are of another zone than the exchange's. "
                "Write days such as 2026-06-05."
            )


def _refuse_shifted(column: _Column) -> None:
    """Many Saturdays and Sundays of what is not traded then: the days are one off, or months were taken for days."""
    days, codes, count = column.days, column.codes, len(column.symbols)
    weekend = is_weekend(days) & ~np.isnat(days)
    of_symbol, all_days = (np.bincount(codes[rows], minlength=count) for rows in (weekend, ~np.isnat(days)))
    for at in np.flatnonzero((of_symbol >= _SOME) & (of_symbol >= _MANY * all_days)).tolist():
        calendar = instrument_of(column.symbols[at]).calendar
        if calendar in {EVERY_DAY, WEEKDAYS} or _has_sundays(days[codes == at], calendar):
            continue
        rows = np.flatnonzero(weekend & (codes == at))
        row = next((row for row in rows[:_SOME] if not is_session(calendar, to_date(days[row]))), None)
        if row is not None:
            raise BadTable(
                f"{column.is_no_session(row)}, and so do {len(rows)} of its {all_days[at]} days. "
                "Write days such as 2026-06-05."
            )


def _refuse_weeks_and_months(column: _Column) -> None:
    """Prices of weeks or months are no daily ones: their moves are larger, and a range reckoned with them is wrong."""
    days, codes, count = column.days, column.codes, len(column.symbols)
    known = np.flatnonzero(~np.isnat(days))
    order = known[np.lexsort((days[known], codes[known]))]
    apart = np.diff(days[order].astype("datetime64[D]").astype(np.int64))
    within = (np.diff(codes[order]) == 0) & (apart > 0)
    far = within & (((apart >= 6) & (apart <= 8)) | ((apart >= 26) & (apart <= 35)) | ((apart >= 85) & (apart <= 96)))
    steps, regular = (np.bincount(codes[order[1:]][which], minlength=count) for which in (within, far))
    wrong = np.flatnonzero((steps >= _SOME) & (regular >= _NEARLY_ALL * steps))
    if len(wrong):
        at = int(np.flatnonzero(far & (codes[order[1:]] == wrong[0]))[0])
        first, second = column.place(order[at]), column.place(order[at + 1])
        raise BadTable(
            f"{column.word}s {first} and {second} of {column.symbols[wrong[0]]} are "
            f"{apart[at]} days apart, as nearly all of its rows are: no daily prices. "
            "Take a file with a row for every trading day."
        )
