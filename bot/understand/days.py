"""Days that a sentence names: "Christmas", "Friday", "the end of the year", "15 March". Pure."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from bellwether.core.i18n.translate import ENGLISH
from bot.understand.language import Language
from bot.understand.words import Word

_LONGEST = 5  #: words of a day's name
_MIDDLE = 15  #: of a month that is named alone
_DATE = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)|(\d{1,2})([./])(\d{1,2})(?:[./](\d{4}|\d\d))?)")
_DAY_OF_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|o|a|го|ое|е)?")  # noqa: RUF001  # Russian
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)")  #: "the 15th", of no month
_YEAR = re.compile(r"20[2-9]\d")
_YEAR_OF_SESSIONS = "252"
_LEAP = 8  #: years in which there is a 29 February, whenever one begins to count
_TO = frozenset({"to", "до"})  #: words before a price that is reached, too
_NUMBERED = re.compile(r"([MW])(\d{1,2})|(\d\d)-(\d\d)")  #: a month, a weekday, a day of every year


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day to come, where it stands, as far as it can be told without knowing today."""

    start: int
    stop: int
    day: int = 0  #: of the month; 0 for the last
    month: int | None = None
    year: int | None = None
    weekday: int | None = None  #: 0 is Monday
    period: str = ""  #: "MONTH", "QUARTER" or "YEAR" that ends with it


def date_of(named: NamedDay, today: date) -> date | None:
    """The next day of this name, after today; None where no calendar has it, such as 31 April and 29 February 2025."""
    if named.weekday is not None:
        return today + timedelta(days=(named.weekday - today.weekday() - 1) % 7 + 1)
    if named.period:
        months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[named.period]
        return _in_month(today.year, -(-today.month // months) * months, 0)
    if named.month is None:  # "the 15th"
        following = ((today.year + at // 12, at % 12 + 1) for at in range(today.month - 1, today.month + 2))
        days = (_in_month(*month, named.day) for month in following)
    elif named.year:
        return _in_month(named.year, named.month, named.day)
    else:
        days = (_in_month(today.year + years, named.month, named.day) for years in range(_LEAP + 1))
    return next((day for day in days if day is not None and day > today), None)


def _in_month(year: int, month: int, day: int) -> date | None:
    last = monthrange(year, month)[1]
    return date(year, month, day or last) if day <= last else None


def named_days(words: tuple[Word, ...], free: list[bool], spoken: Language, code: str) -> list[NamedDay]:
    """The days among the words that are free; a language's code tells whether the month of 3/4 is March."""
    folded = [word.folded for word in words]
    days: list[NamedDay] = []
    at = 0
    while at < len(words):
        day = _called(folded, free, at, spoken) or _dated(folded, free, at, spoken, code)
        if day is not None and not any(spoken.is_in("past", word) for word in folded[max(0, at - 1) : at]):
            days.append(day)
            at = day.stop
        else:
            at += 1
    return days


def _called(folded: list[str], free: list[bool], at: int, spoken: Language) -> NamedDay | None:
    """A day with a name of its own."""
    for stop in range(min(len(folded), at + _LONGEST), at, -1):
        name = spoken.values["days"].get(" ".join(folded[at:stop])) if all(free[at:stop]) else None
        if name is None:
            continue
        if (match := _NUMBERED.fullmatch(name)) is None:
            return NamedDay(at, stop, period=name)
        if match[1] == "W":
            return NamedDay(at, stop, weekday=int(match[2]))
        if match[3]:
            year_at = stop + (stop < len(folded) and folded[stop] in spoken.words["between"])
            if year_at < len(folded) and _YEAR.fullmatch(folded[year_at]):
                return NamedDay(at, year_at + 1, int(match[4]), int(match[3]), int(folded[year_at]))
            return NamedDay(at, stop, int(match[4]), int(match[3]))
    return None


def _dated(folded: list[str], free: list[bool], at: int, spoken: Language, code: str) -> NamedDay | None:
    """A day by its number and month, in either order, or a month alone after a word such as "until"."""
    if not free[at]:
        return None
    after_by = at > 0 and folded[at - 1] in spoken.words["by"]
    if (match := _DATE.fullmatch(folded[at])) is not None:
        return _in_digits(match, at, code, after_by)
    if after_by and (beginning := _year_alone(folded, at, spoken)) is not None:
        return beginning
    month, stop = _month(folded, at, spoken), at + 1
    number = _day_number(folded, at)
    if month is not None and (start := _end_before(folded, at, spoken)) is not None:
        return NamedDay(start, stop, 0, month)
    if month is not None:
        number = _day_number(folded, stop)
        if number is None and not (after_by or (at > 1 and folded[at - 2] in spoken.words["by"])):
            return None
        stop += number is not None
    elif number is not None:
        stop += stop < len(folded) and folded[stop] in spoken.words["between"]
        month = _month(folded, stop, spoken)
        stop += 1
    if month is None:
        return NamedDay(at, at + 1, number) if after_by and number and _ORDINAL.fullmatch(folded[at]) else None
    year = int(folded[stop]) if stop < len(folded) and _YEAR.fullmatch(folded[stop]) else None
    return NamedDay(at, stop + (year is not None), number or _MIDDLE, month, year)


def _year_alone(folded: list[str], at: int, spoken: Language) -> NamedDay | None:
    """The beginning of a year: "by 2030"; a price may be so high, but where it is reached "to" stands before it."""
    if not _YEAR.fullmatch(folded[at]):
        return None
    has_unit = at + 1 < len(folded) and spoken.values["units"].get(folded[at + 1]) == _YEAR_OF_SESSIONS
    if folded[at - 1] in _TO and not has_unit:
        return None
    return NamedDay(at, at + 1 + has_unit, 1, 1, int(folded[at]))


def _end_before(folded: list[str], at: int, spoken: Language) -> int | None:
    """Where "end of" begins before a month."""
    return next((start for start in (at - 2, at - 1) if start >= 0 and folded[start] in spoken.words["ends"]), None)


def _month(folded: list[str], at: int, spoken: Language) -> int | None:
    match = _NUMBERED.fullmatch(spoken.values["days"].get(folded[at], "")) if at < len(folded) else None
    return int(match[2]) if match is not None and match[1] == "M" else None


def _day_number(folded: list[str], at: int) -> int | None:
    match = _DAY_OF_MONTH.fullmatch(folded[at]) if at < len(folded) else None
    return int(match[1]) if match is not None and 1 <= int(match[1]) <= 31 else None


def _in_digits(match: re.Match[str], at: int, code: str, after_by: bool) -> NamedDay | None:
    """A date in digits; "15.3" alone is a number, unless a word such as "until" stands before it."""
    if match[1]:
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        return NamedDay(at, at + 1, day, month, year) if 1 <= month <= 12 and 1 <= day <= 31 else None
    if match[7] is None and not after_by:
        return None
    day, month = int(match[4]), int(match[6])
    if code == ENGLISH and match[5] == "/" and day <= 12:
        day, month = month, day
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return NamedDay(at, at + 1, day, month, int(match[7]) % 100 + 2000 if match[7] else None)
