"""Numbers in a sentence: percentages, prices, and times to come or past."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bellwether.core.i18n.translate import ENGLISH
from bot.understand.language import Language
from bot.understand.words import Word

#: "-$5" and "$-5"; a sign of money stands before the number or after it
_NUMBER = re.compile(
    r"([+\-\u2212]?)((?:us|ca|hk|mx|nz|[rcas])?\$|[€£¥₽₹]|)([+\-\u2212]?)(\d[\d.,]*)([^\W\d]*)((?:us|r)?\$|[€£¥₽₹]|)(%?)"
)
_WITH_UNIT = re.compile(r"(\d{1,4})-?([^\W\d]+)")
_SIGNS = {
    **{"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₽": "RUB", "₹": "INR", "us$": "USD", "r$": "BRL", "s$": "SGD"},
    **{"c$": "CAD", "ca$": "CAD", "a$": "AUD", "hk$": "HKD", "mx$": "MXN", "nz$": "NZD"},
}
_WITHOUT_NUMBER = 2  #: sessions of a unit that may stand alone: "week", but not "day"
_BACK = re.compile(r"[-\u2212](\d{1,4})([^\W\d]*)")  #: "-5" before "days", and "-5d"
#: words before an hour of the day, which is no time to come
_AT = frozenset(
    ["at", "by", "after", "before", "from", "to", "um", "ab", "bis", "nach", "las", "as", "a", "в", "к", "до", "после"]
)
_MINUS = frozenset({"minus", "negative", "negativ", "menos", "negativo", "минус"})
_CENTS = frozenset({"cent", "cents", "centavos"})
_CODE = 3  #: letters of a currency's code
_AND = frozenset({"and", "y", "e", "und", "и", "plus"})  #: between two parts of one time: "3 months and 1 week"


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
    """A time, where it stands."""

    start: int
    stop: int
    sessions: int
    unit: int = 0  #: sessions of its unit, where it was counted in one: 5 of "3 weeks"
    past: bool = False


def times(words: tuple[Word, ...], free: list[bool], spoken: Language) -> list[Time]:
    """The times to come among the words that are free; "3 months and 1 week" is one."""
    parts: list[Time] = []
    for time in _all_times(words, free, spoken):
        last = parts[-1] if parts else None
        if time.past:
            continue
        if last is not None and 0 < time.unit < last.unit and _are_joined(words, last.stop, time.start):
            parts[-1] = Time(last.start, time.stop, last.sessions + time.sessions, time.unit)
        else:
            parts.append(time)
    return parts


def past_time(words: tuple[Word, ...], free: list[bool], spoken: Language) -> Time | None:
    """The first time that has passed: "yesterday", "last week", "2 days ago", "-5 days"."""
    return next((time for time in _all_times(words, free, spoken) if time.past), None)


def _are_joined(words: tuple[Word, ...], stop: int, start: int) -> bool:
    return start == stop or (start == stop + 1 and words[stop].folded in _AND)


def _all_times(words: tuple[Word, ...], free: list[bool], spoken: Language) -> Iterator[Time]:
    at = 0
    while at < len(words):
        time = _time(words, free, at, spoken) if free[at] else None
        if time is not None:
            yield time
        at = time.stop if time is not None else at + 1


def _time(words: tuple[Word, ...], free: list[bool], at: int, spoken: Language) -> Time | None:
    folded = [word.folded for word in words]
    for stop in range(min(len(words), at + 4), at, -1):
        if all(free[at:stop]) and (fixed := spoken.value("when", " ".join(folded[at:stop]))) is not None:
            return Time(at, stop, int(fixed))
    if (back := _back(words, at, spoken)) is not None:
        return back
    if (joined := _WITH_UNIT.fullmatch(folded[at])) and (unit := spoken.values["units"].get(joined[2])):
        return _counted(folded, at, at + 1, int(joined[1]), int(unit), spoken)
    number = folded[at] if folded[at].isdigit() and len(folded[at]) < 5 else spoken.values["numbers"].get(folded[at])
    if number is not None:
        unit_at = at + 1
        while unit_at < min(len(words), at + 3) and folded[unit_at] in spoken.words["between"]:
            unit_at += 1
        if unit_at < len(words) and free[unit_at] and (unit := spoken.values["units"].get(folded[unit_at])):
            return _counted(folded, at, unit_at + 1, int(number), int(unit), spoken)
        return None
    alone = spoken.values["units"].get(folded[at])
    if alone is not None and int(alone) >= _WITHOUT_NUMBER and len(folded[at]) > 1:
        time = _counted(folded, at, at + 1, 1, int(alone), spoken)
        return replace(time, unit=0) if time is not None else None
    return None


def _back(words: tuple[Word, ...], at: int, spoken: Language) -> Time | None:
    """A time that has passed by a word or a sign of its own: "yesterday", "-5 days"."""
    for stop in range(min(len(words), at + 3), at, -1):
        if " ".join(word.folded for word in words[at:stop]) in spoken.words["yesterday"]:
            return Time(at, stop, 1, past=True)
    match = _BACK.fullmatch(words[at].folded)
    if match is None:
        return None
    unit = match[2] or (words[at + 1].folded if at + 1 < len(words) else "")
    if unit not in spoken.values["units"]:
        return None
    return Time(at, at + (1 if match[2] else 2), int(match[1]) * int(spoken.values["units"][unit]), past=True)


def _counted(folded: list[str], start: int, stop: int, number: int, unit: int, spoken: Language) -> Time | None:
    """A time in a unit; past where a word beside it says so: "last week"; none of "every week"."""
    around = range(max(0, start - 2), min(len(folded), stop + 1))
    beside = [folded[at] for at in around if not start <= at < stop]
    sessions = number * unit
    if not unit and start and folded[start - 1] in _AT:
        return None
    ago = [at for at in around if folded[at] in spoken.words["ago"]]
    if ago:
        return Time(min(start, *ago), max(stop, *(at + 1 for at in ago)), sessions, unit, past=True)
    if any(spoken.is_in("past", word) for word in beside):
        return None
    return Time(start, stop, sessions, unit)


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
        number = _plain_number((match[1] or match[3]).replace("\u2212", "-") + match[4].rstrip(".,"), code)
        if number is None:
            continue
        start, stop, unit, percent = at, at + 1, match[5], bool(match[7])
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
        number = number / 100 if unit in _CENTS else number
        currency = _SIGNS.get(match[2] or match[6]) or spoken.value("currencies", unit) or ""
        before = words[at - 1].folded if at and free[at - 1] else ""
        if not percent and before in _MINUS and number > 0:
            start, number = at - 1, -number
        elif not (percent or currency) and len(before) == _CODE and (code_before := spoken.value("currencies", before)):
            start, currency = at - 1, code_before  # "USD 500"
        found.append(Amount(start, stop, percent, _written(number) + ("%" if percent else ""), currency))
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
