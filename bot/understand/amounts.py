"""Numbers in a sentence: percentages, prices and times to come."""

import re
from dataclasses import dataclass

from bellwether.core.i18n.translate import ENGLISH
from bot.understand.language import Language
from bot.understand.words import Word

_NUMBER = re.compile(r"([$€£]?)([+-]?\d[\d.,]*)([^\W\d]*)(%?)")
_WITH_UNIT = re.compile(r"(\d{1,4})-?([^\W\d]+)")
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_WITHOUT_NUMBER = 2  #: sessions of a unit that may stand alone: "week", but not "day"


@dataclass(frozen=True, slots=True)
class Amount:
    """A percentage or a price, where it stands."""

    start: int
    stop: int
    percent: bool
    written: str  #: as `parse_share` and `parse_price` read it in any language: "5%", "85.5", "120000"
    currency: str = ""  #: where one is said: "USD"


@dataclass(frozen=True, slots=True)
class Time:
    """A time to come, where it stands."""

    start: int
    stop: int
    sessions: int


def times(words: tuple[Word, ...], free: list[bool], spoken: Language) -> list[Time]:
    """The times among the words that are free."""
    found: list[Time] = []
    at = 0
    while at < len(words):
        time = _time(words, free, at, spoken) if free[at] else None
        if time is not None:
            found.append(time)
        at = time.stop if time is not None else at + 1
    return found


def _time(words: tuple[Word, ...], free: list[bool], at: int, spoken: Language) -> Time | None:
    folded = [word.folded for word in words]
    for stop in range(min(len(words), at + 4), at, -1):
        if all(free[at:stop]) and (fixed := spoken.value("when", " ".join(folded[at:stop]))) is not None:
            return Time(at, stop, int(fixed))
    if (joined := _WITH_UNIT.fullmatch(folded[at])) and (unit := spoken.values["units"].get(joined[2])):
        return _to_come(folded, at, at + 1, int(joined[1]) * int(unit), spoken)
    number = folded[at] if folded[at].isdigit() and len(folded[at]) < 5 else spoken.values["numbers"].get(folded[at])
    if number is not None:
        unit_at = at + 1
        while unit_at < min(len(words), at + 3) and folded[unit_at] in spoken.words["between"]:
            unit_at += 1
        if unit_at < len(words) and free[unit_at] and (unit := spoken.values["units"].get(folded[unit_at])):
            return _to_come(folded, at, unit_at + 1, int(number) * int(unit), spoken)
        return None
    alone = spoken.values["units"].get(folded[at])
    if alone is not None and int(alone) >= _WITHOUT_NUMBER and len(folded[at]) > 1:
        return _to_come(folded, at, at + 1, int(alone), spoken)
    return None


def _to_come(folded: list[str], start: int, stop: int, sessions: int, spoken: Language) -> Time | None:
    """A time, unless a word beside it makes it one that has passed: "last week", "two days ago"."""
    beside = (*folded[max(0, start - 2) : start], *folded[stop : stop + 1])
    if sessions < 1 or any(spoken.is_in("past", word) for word in beside):
        return None
    return Time(start, stop, sessions)


def amounts(words: tuple[Word, ...], free: list[bool], spoken: Language, code: str) -> list[Amount]:
    """The percentages and prices among the words that are free; a language's code tells what parts its thousands."""
    found: list[Amount] = []
    for at, word in enumerate(words):
        match = _NUMBER.fullmatch(word.folded) if free[at] else None
        if match is None:
            said = spoken.values["numbers"].get(word.folded) if free[at] else None
            if said is not None and at + 1 < len(words) and words[at + 1].folded in spoken.words["percent"]:
                found.append(Amount(at, at + 2, percent=True, written=f"{said}%"))  # "three percent"
            continue
        number = _plain_number(match[2].rstrip(".,"), code)
        if number is None:
            continue
        stop, unit, percent = at + 1, match[3], bool(match[4])
        for words_ahead in (2, 1):
            ahead = " ".join(after.folded for after in words[stop : stop + words_ahead])
            if ahead in spoken.words["percent"]:
                stop, percent = stop + words_ahead, True
                break
        if not unit and stop < len(words) and spoken.is_in("thousand", words[stop].folded):
            stop, number = stop + 1, number * 1e3
        elif not unit and stop < len(words) and spoken.is_in("million", words[stop].folded):
            stop, number = stop + 1, number * 1e6
        elif unit and spoken.is_in("thousand", unit):
            number *= 1e3
        elif unit and not spoken.is_in("money", unit):
            continue
        if stop < len(words) and spoken.is_in("money", words[stop].folded):
            unit, stop = words[stop].folded, stop + 1
        currency = _SIGNS.get(match[1]) or spoken.value("currencies", unit) or ""
        found.append(Amount(at, stop, percent, _written(number) + ("%" if percent else ""), currency))
    return found


def _plain_number(digits: str, code: str) -> float | None:
    """A number with "," or "." between its thousands or before its decimals."""
    thousands, decimal = (",", ".") if code == ENGLISH else (".", ",")
    if digits.count(decimal) == 1 and digits.count(thousands) == 0 and code != ENGLISH:
        digits = digits.replace(decimal, ".")
    elif re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(\{thousands}\d{{3}})+(\{decimal}\d+)?", digits):
        digits = digits.replace(thousands, "").replace(decimal, ".")
    elif re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(\{decimal}\d{{3}})+(\{thousands}\d+)", digits):
        digits = digits.replace(decimal, "").replace(thousands, ".")
    else:
        digits = digits.replace(",", ".")
    try:
        return float(digits)
    except ValueError:
        return None


def _written(number: float) -> str:
    """A number that no language takes for thousands: three decimals get a fourth."""
    plain = f"{number:.6f}".rstrip("0").rstrip(".")
    return f"{plain}0" if re.fullmatch(r"-?\d+\.\d{3}", plain) else plain
