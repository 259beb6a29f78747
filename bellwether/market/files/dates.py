"""Days from a column of text: one way of writing for the whole column, or a refusal that names two rows.

    texts -> day and time of day -> every way of writing that fits all rows -> the one that the column itself supports

A column such as 01.02.03 fits several ways. The right one is told by what the column is: prices come in days that
follow each other and leave out weekends, statements end with months, and most files are sorted. Where that does not
tell, nothing is guessed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.market.files.table import BadTable

Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]
Evidence = Callable[[Days, Ints], tuple[bool, bool]]  #: days by row, each row's symbol -> (regular, sorted)
_Place = Callable[[int], str]

_MONTHS = (
    "jan january januar jän jänner ene enero janv janvier janeiro gen gennaio янв января январь sty",
    "feb february februar febrero fév févr février fev fevereiro febbraio фев февраля февраль lut",
    "mar march mär mrz märz marzo mars março marco maart maa мар марта март",
    "apr april abr abril avr avril aprile апр апреля апрель kwi",
    "may mai mayo maio mag maggio mei май мая maj",
    "jun june juni junio juin junho giu giugno июн июня июнь cze",
    "jul july juli julio juil juillet julho lug luglio июл июля июль lip",
    "aug august ago agosto août aou aout augustus авг августа август sie",
    "sep sept september septiembre septembre setembro set settembre сен сентября сентябрь wrz",
    "oct october okt oktober octubre octobre out outubro ott ottobre окт октября октябрь paź",
    "nov november noviembre novembre novembro ноя ноября ноябрь lis",
    "dec december dez dezember dic diciembre déc décembre dezembro dicembre дек декабря декабрь gru",
)
_MONTH = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(?P<half>[ap]\.?m\.?)?\s*"
_ZONE = r"(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?"
_WHOLE = re.compile(rf"(?:{_WEEKDAY})?(?P<day>.+?)(?:(?:(?<=\d)t|,?\s+){_CLOCK}{_ZONE})?", re.IGNORECASE)
_NUMERIC = re.compile(r"(\d{1,4})([-/.]\s?|\s)(\d{1,2})([-/.]\s?|\s)(\d{1,4})\.?")
_NAMED = (  #: (pattern, order of its fields)
    (re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[-/. ]?\s?([^\W\d_]{3,10})\.?,?[-/ ]?\s?(\d{4}|\d{2})"), "dmy"),
    (re.compile(r"([^\W\d_]{3,10})\.?[-/ ]?\s?(\d{1,2})(?:st|nd|rd|th)?,?[-/ ]\s?(\d{4}|\d{2})"), "mdy"),
    (re.compile(r"(\d{4}|\d{2})[-/. ]?([^\W\d_]{3,10})\.?[-/. ]?(\d{1,2})"), "ymd"),
)
_TIMED = " with times"
_FEW = 8  #: distinct days below which a sorted column may be sorted by chance
_FARTHEST = 14 * 3600  #: seconds that a place's clocks may be before or behind UTC
_EPOCHS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}  #: digits -> ticks a second


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """A column of days, perhaps with times of day, row by row."""

    local: Days  #: datetime64[s] as written, (n,); NaT where nothing is
    utc: Days | None  #: the same instants in UTC, (n,); None where the column names no zone
    written: str  #: how the column is written, for people


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One way of writing days and what it makes of each distinct text."""

    name: str  #: "dd.mm.yy"
    days: Days  #: datetime64[D], NaT where a text is not written so
    usual: bool = False  #: taken of several where a column is too short to tell


def read_moments(
    texts: "pd.Series[Any]", symbols: Ints, evidence: Evidence, *, word: str, order: str = "", like: str = ""
) -> Moments:
    """The days and times of a column, written in one way.

    `symbols` numbers each row's symbol. `order` ("mdy", "dmy") or `like` (a way of another column) decide between ways
    that the column leaves open. Raises BadTable, naming rows as `word` and the number in the index.
    """
    codes, found = pd.factorize(texts)
    distinct = [str(text).strip() for text in found]
    blank = np.array([text == "" for text in distinct], bool)
    parts = [_WHOLE.fullmatch(text) for text in distinct]
    days = [part["day"] if part else "" for part in parts]
    epoch = _instants_by_number(days, blank)
    if epoch is not None:
        local = epoch[codes]
        return Moments(local, local, "numbers of seconds since 1970")

    def place(number: int) -> str:
        """Where in the file a distinct text stands first, in words."""
        row = int(np.flatnonzero(codes == number)[0])
        return f"{word} {texts.index[row]} ({distinct[number]})"

    seconds, offsets, zoned = _times(parts, place)
    ways = _ways(days)
    fits = np.vstack([~np.isnat(way.days) | blank for way in ways])
    whole = [way for way, fit in zip(ways, fits, strict=True) if fit.all()]
    if blank.all():
        whole = ways[:1]
    if not whole:
        raise BadTable(_disagreement(fits, ways, place))
    if zoned[~blank].any() and not zoned[~blank].all():
        first, second = (int(np.flatnonzero(~blank & (zoned == which))[0]) for which in (True, False))
        raise BadTable(f"{place(first)} has a time zone and {place(second)} has none. Write days such as 2026-06-05.")
    way = whole[0] if len(whole) == 1 else _choice(whole, codes, symbols, evidence, place, order, like)
    local = way.days.astype("datetime64[s]") + seconds.astype("timedelta64[s]")
    utc = (local - offsets.astype("timedelta64[s]"))[codes] if zoned.any() else None
    timed = bool((seconds != 0).any() or zoned.any())
    return Moments(local[codes], utc, way.name + (_TIMED if timed else ""))


def _times(parts: Sequence[re.Match[str] | None], place: _Place) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Seconds after midnight, seconds east of UTC, and whether a zone is named, of each text.

    Raises BadTable for a time that no clock shows: the hour 25 would be one of the next day.
    """
    seconds, offsets = np.zeros(len(parts), np.int64), np.zeros(len(parts), np.int64)
    zoned = np.zeros(len(parts), bool)
    for at, part in enumerate(parts):
        if part is None or part["clock"] is None:
            continue
        hours, minutes, *rest = (int(float(field.replace(",", "."))) for field in part["clock"].split(":"))
        second = rest[0] if rest else 0
        if hours > 23 or minutes > 59 or second > 59:
            raise BadTable(f"{place(at)} has no time of day. Write days such as 2026-06-05.")
        if part["half"]:
            hours = hours % 12 + 12 * (part["half"][0] in "pP")
        seconds[at] = hours * 3600 + minutes * 60 + second
        if part["zone"]:
            zoned[at] = True
            digits = part["zone"][1:].replace(":", "") if part["zone"][0] in "+-" else "0"
            east = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
            if east > _FARTHEST:
                raise BadTable(f"{place(at)} has no time zone. Write days such as 2026-06-05.")
            offsets[at] = -east if part["zone"][0] == "-" else east
    return seconds, offsets, zoned


def _instants_by_number(days: Sequence[str], blank: npt.NDArray[np.bool_]) -> Days | None:
    """Numbers of seconds, or of thousandths and so on, since 1970 as datetime64[s]; None for anything else."""
    numbers = [re.sub(r"\.0+$", "", day) for day in days]
    lengths = {
        len(number) if number.isdecimal() else 0 for number, empty in zip(numbers, blank, strict=True) if not empty
    }
    if not lengths or not lengths <= _EPOCHS.keys() or len({_EPOCHS[length] for length in lengths}) > 1:
        return None
    ticks = _EPOCHS[lengths.pop()]
    seconds = np.array([0 if empty else int(number) // ticks for number, empty in zip(numbers, blank, strict=True)])
    instants = seconds.astype("datetime64[s]")
    instants[blank] = np.datetime64("NaT")
    return instants


# ---- ways of writing


def _ways(days: Sequence[str]) -> list[_Way]:
    """Every way of writing that at least one of these texts fits."""
    fields: dict[tuple[str, str, bool], dict[int, tuple[int, int, int]]] = {}
    for at, day in enumerate(days):
        for key, numbers in _readings(day):
            fields.setdefault(key, {})[at] = numbers
    ways = []
    for (order, separator, short), by_place in fields.items():
        made = np.full(len(days), np.datetime64("NaT"), "datetime64[D]")
        places = np.fromiter(by_place, np.int64, len(by_place))
        made[places] = _calendar_days(np.array(list(by_place.values()), np.int64).reshape(-1, 3), short)
        names = {"y": "yy" if short else "yyyy", "m": "mm", "d": "dd", "M": "mon"}
        name = separator.join(names[field] for field in order) if order != "serial" else "Excel's numbers of days"
        usual = (order == "dmy" and separator == "." and not short) or order == "dMy"
        ways.append(_Way(name, made, usual))
    return [way for way in ways if not np.isnat(way.days).all()] or [
        _Way("yyyy-mm-dd", np.full(len(days), np.datetime64("NaT"), "datetime64[D]"))
    ]


def _readings(day: str) -> list[tuple[tuple[str, str, bool], tuple[int, int, int]]]:
    """What a text may mean: ((order, separator, whether its year has two digits), (year, month, day))."""
    number = re.sub(r"\.0+$", "", day)
    if number.isdecimal() and len(number) in {5, 6, 8}:
        return _compact(number)
    numeric = _NUMERIC.fullmatch(day)
    if numeric:
        first, separator, second, again, third = numeric.groups()
        if separator.strip() != again.strip():
            return []
        orders = ["ymd"] if len(first) == 4 else ["dmy", "mdy"] if len(third) == 4 else ["dmy", "mdy", "ymd"]
        if 3 in {len(first), len(third)} or (len(first) == 4 and len(third) > 2) or (len(third) == 4 < len(first)):
            return []
        short = 4 not in {len(first), len(third)}
        mark = separator.strip() or " "
        return [((order, mark, short), _in_order(order, (first, second, third))) for order in orders]
    found = []
    for pattern, order in _NAMED:
        named = pattern.fullmatch(day)
        if named:
            texts = [str(_MONTH.get(part.casefold(), 0)) if not part.isdecimal() else part for part in named.groups()]
            short = len(named.groups()[order.index("y")]) == 2
            found.append(((order.replace("m", "M"), "-", short), _in_order(order, texts)))
    return found


def _compact(number: str) -> list[tuple[tuple[str, str, bool], tuple[int, int, int]]]:
    """Digits alone: 20211230, 30122021, 301221 and so on, or Excel's 44560."""
    if len(number) == 5:
        day = np.datetime64("1899-12-30", "D") + int(number)
        year, month, rest = map(int, str(day).split("-"))
        return [(("serial", "", False), (year, month, rest))]
    short = len(number) == 6
    long = 2 if short else 4
    cuts = {"ymd": (long, long + 2), "dmy": (2, 4), "mdy": (2, 4)}
    return [
        ((order, "", short), _in_order(order, (number[:low], number[low:high], number[high:])))
        for order, (low, high) in cuts.items()
    ]


def _in_order(order: str, texts: Sequence[str]) -> tuple[int, int, int]:
    """(year, month, day) of fields in an order."""
    values = dict(zip(order, map(int, texts), strict=True))
    return values["y"], values["m"], values["d"]


def _calendar_days(fields: Ints, short: bool) -> Days:
    """(n, 3) years, months and days as days; NaT where there is none. Years of two digits are 1950 to 2049."""
    year, month, day = fields.T
    if short:
        year = year + np.where(year < 50, 2000, 1900)
    good = (year >= 1800) & (year <= 2199) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = ((np.where(good, year, 2000) - 1970) * 12 + np.where(good, month, 1) - 1).astype("datetime64[M]")
    made: Days = months.astype("datetime64[D]") + (np.where(good, day, 1) - 1)
    made[~good | (made.astype("datetime64[M]") != months)] = np.datetime64("NaT")
    return made


# ---- which of several


def _choice(
    ways: Sequence[_Way], codes: Ints, symbols: Ints, evidence: Evidence, place: _Place, order: str, like: str
) -> _Way:
    """The way that the column supports, else the one that is known. Raises BadTable where it stays open."""
    first = ways[0]
    if all(np.array_equal(way.days, first.days, equal_nan=True) for way in ways):
        return first
    known = [way for way in ways if way.name == like.removesuffix(_TIMED)]
    told = {way.name: evidence(way.days[codes], symbols) for way in ways}
    for way in known or ways:
        others = [told[other.name] for other in ways if other is not way]
        regular, in_order = told[way.name]
        if known or all(
            regular >= other[0] and in_order >= other[1] and (regular, in_order) != other for other in others
        ):
            return way
    by_dialect = [way for way in ways if order and way.name.replace("mon", "mm")[0] == order[0] and order[0] != "y"]
    few = len(first.days) < _FEW and not any(any(one) for one in told.values())
    usual = by_dialect or [way for way in ways if way.usual and few]
    if len(usual) == 1:
        return usual[0]
    example = next(at for at in range(len(first.days)) if len({str(way.days[at]) for way in ways}) > 1)
    names = " or ".join(way.name for way in ways)
    raise BadTable(f"{place(example)} can be {names}, and the column does not tell. Write days such as 2026-06-05.")


def _disagreement(fits: npt.NDArray[np.bool_], ways: Sequence[_Way], place: _Place) -> str:
    """Two rows that are written in different ways, or one that is no day at all."""
    strangers = np.flatnonzero(~fits.any(axis=0))
    if len(strangers):
        return f"{place(int(strangers[0]))} is no day. Write days such as 2026-06-05."
    best = int(fits.sum(axis=1).argmax())
    second = int(np.flatnonzero(~fits[best])[0])
    apart = np.flatnonzero(fits[best] & ~(fits & fits[:, [second]]).any(axis=0))
    first = int(apart[0]) if len(apart) else int(np.flatnonzero(fits[best])[0])
    others = " or ".join(way.name for way, fit in zip(ways, fits[:, second], strict=True) if fit)
    return (
        f"{place(first)} is written as {ways[best].name} and {place(second)} as {others}. "
        "Write all days in one way, such as 2026-06-05."
    )


def daily(days: Days, symbols: Ints) -> tuple[bool, bool]:
    """Evidence of prices: whether the days follow each other as sessions do, and whether the rows are sorted."""
    distinct = np.unique(days[~np.isnat(days)])
    if len(distinct) < 3:
        return False, False
    gaps = np.diff(distinct).astype(np.int64)
    weekend = float(is_weekend(distinct).mean())
    dense = len(distinct) / (1 + int((distinct[-1] - distinct[0]).astype(np.int64)))
    return bool(np.median(gaps) <= 3 and (weekend <= 0.02 or dense >= 0.85)), in_order(days, symbols)


def quarterly(days: Days, symbols: Ints) -> tuple[bool, bool]:
    """Evidence of quarters: whether nearly all of them end about when a month does, and whether the rows are sorted."""
    distinct = np.unique(days[~np.isnat(days)])
    into = (distinct - distinct.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)  # 0: the first
    return bool(len(distinct) and np.mean((into <= 6) | (into >= 23)) >= 0.8), in_order(days, symbols)


def filed_in_order(days: Days, symbols: Ints) -> tuple[bool, bool]:
    """Evidence of the days of reports: they follow no rule, but the rows may be sorted."""
    return False, in_order(days, symbols)


def in_order(days: Days, symbols: Ints) -> bool:
    """Whether every symbol's rows go up, or every one's go down, in enough steps not to be so by chance."""
    known = ~np.isnat(days)
    by_symbol = np.argsort(symbols[known], kind="stable")
    numbers, values = symbols[known][by_symbol], days[known][by_symbol].astype("datetime64[D]").astype(np.int64)
    steps = np.diff(values)[numbers[1:] == numbers[:-1]]
    steps = steps[steps != 0]
    return len(steps) >= _FEW - 1 and bool((steps > 0).all() or (steps < 0).all())


def weekdays(days: Days) -> Ints:
    """The day of the week of each day, (n,): 0 for Monday to 6 for Sunday; of NaT one of them."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def is_weekend(days: Days) -> npt.NDArray[np.bool_]:
    """Whether each day is a Saturday or a Sunday, (n,)."""
    return weekdays(days) >= 5
