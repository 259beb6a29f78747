"""What people type, as values: horizons, shares, prices, dates and times. Symbols are read in `market.universe`."""

import re
from datetime import UTC, date, datetime, time

from bellwether.core.alert_types import QuietHours
from bellwether.core.errors import BadDate, BadHorizon, BadRule
from bellwether.core.i18n.translate import ENGLISH, said, spoken
from bellwether.core.types import MAX_HORIZON

DEFAULT_HORIZON = 10
#: what may follow a number: in English shortened, in the other languages of the chat in full
_DAYS = r"d(?:ays?)?|d[ií]as?|tag(?:en?)?|день|дня|дней"
_WEEKS = r"w(?:eeks?)?|semanas?|wochen?|недел[яьию]"
_MONTHS = r"m(?:onths?)?|m[eê]s(?:es)?|monat(?:en?)?|месяц(?:а|ев)?"  # noqa: RUF001  # Russian
UNITS = rf"{_DAYS}|{_WEEKS}|{_MONTHS}"
#: sessions in each; a month of trading has about 21
_HORIZON = re.compile(rf"([0-9]{{1,6}})\s*(?:({_DAYS}|)|({_WEEKS})|({_MONTHS}))", re.IGNORECASE)
_WORDS = {"a": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "ten": "10"}
_WORDS_FIRST = re.compile(rf"({'|'.join(_WORDS)})\s+(?=(?:day|week|month)s?$)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"([+\-−]?)\s*([0-9][0-9.,' ]{0,20})", re.ASCII)
_CLOCK = re.compile(r"([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*(am|pm|a\.m\.|p\.m\.|)", re.IGNORECASE | re.ASCII)


def parse_horizon(text: str) -> int:
    """ "10", "10d", "2w", "3m" or "two weeks" as a number of sessions. Raises BadHorizon outside 1 to MAX_HORIZON.

    d or days are trading days, w or weeks 5 of them, m or months 21; "2 Wochen" and "1 mes" are understood, too.
    """
    match = _HORIZON.fullmatch(_WORDS_FIRST.sub(lambda word: _WORDS[word[1].lower()], text.strip()))
    sessions = int(match[1]) * (5 if match[3] else 21 if match[4] else 1) if match else 0
    if not 1 <= sessions <= MAX_HORIZON:
        asked = said("“{text}”", text=text.strip()[:20]) if text.strip() else said("nothing")
        raise BadHorizon(
            said(
                "I can look 1 to {most} trading days ahead, written as 10d, 2w or 3m; you asked for {asked}.",
                most=MAX_HORIZON,
                asked=asked,
            )
        )
    return sessions


def parse_date(text: str) -> date:
    """An ISO date such as 2021-06-30. Raises BadDate."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadDate(
            said("“{text}” is not a date; please write it like 2021-06-30.", text=text.strip()[:20])
        ) from None


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset from UTC, such as 2021-12-30T22:00:00Z, as UTC. Raises BadDate."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadDate(f"“{text.strip()[:40]}” is not an instant; please write it like 2021-12-30T22:00:00Z.") from None
    if instant.tzinfo is None:
        raise BadDate(
            f"“{text.strip()[:40]}” has no time zone; please end it with Z for UTC, or an offset like +01:00."
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise BadDate(f"“{text.strip()[:40]}” lies outside the calendar.") from None


def parse_share(text: str) -> float:
    """ "10%", "-5 %" or "0,5" as a fraction: 0.1, -0.05, 0.005. A number alone is in percent too. Raises BadRule."""
    number = _number(text.strip().removesuffix("%"))
    if number is None:
        raise BadRule(said("“{text}” is no percentage; please write it like 5% or 2.5%.", text=text.strip()[:20]))
    return number / 100


def parse_price(text: str) -> float:
    """ "200", "$1,234.50", "1.234,50 €" or "540p" as a number, in the unit of the quotes. Raises BadRule."""
    bare = re.sub(r"^(?:US)?[$€£¥]|((?:US)?[$€£¥₽p]|\b[A-Za-z]{3})$", "", text.strip()).strip()
    number = _number(bare)
    if number is None:
        raise BadRule(said("“{text}” is no price; please write it like 200 or 1,234.50.", text=text.strip()[:20]))
    return number


def parse_clock(text: str) -> time:
    """ "18:30", "7.30", "8", "6pm" or "noon" as a local time of day. Raises BadRule."""
    words = {"midnight": time(0), "noon": time(12)}
    asked = text.strip().lower()
    if asked in words:
        return words[asked]
    match = _CLOCK.fullmatch(asked)
    if match:
        hour, minute, half = int(match[1]), int(match[2] or 0), match[3][:1]
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        elif half:
            hour = 24  # "15 pm" is no time
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise BadRule(said("“{text}” is no time of day; please write it like 18:30.", text=text.strip()[:20]))


def parse_quiet_hours(text: str) -> QuietHours:
    """ "22-7", "22:00 to 07:30" or "10pm until 7am" as quiet hours. Raises BadRule."""
    ends = re.split(r"\s*(?:-|–|\bto\b|\buntil\b)\s*", text.strip(), maxsplit=1)  # noqa: RUF001  # people type both
    if len(ends) == 2:
        since, until = parse_clock(ends[0]), parse_clock(ends[1])
        if since != until:
            return QuietHours(since, until)
    raise BadRule(
        said("“{text}” is no span of time; please write quiet hours like 22:00-7:00.", text=text.strip()[:30])
    )


def _number(text: str) -> float | None:
    """A number as people in most places write it, with "." or "," before its decimals; None for anything else.

    Of two different signs the last one stands before the decimals; of one alone, three digits after it make it a sign
    of thousands where the language that is spoken has it as such, but for a leading 0: "1,234" is 1234 in English and
    "0,500" is a half.
    """
    match = _NUMBER.fullmatch(re.sub(r"\s", " ", text.strip()))  # a space that does not break is one
    if not match:
        return None
    digits = re.sub(r"[ ']", "", match[2])
    signs = [sign for sign in digits if sign in ".,"]
    thousands = ""
    if len(set(signs)) == 2:
        thousands = signs[0]
        if signs.count(signs[-1]) > 1 or signs.count(signs[0]) != len(signs) - 1:
            return None
    elif len(signs) > 1 or (signs and re.fullmatch(rf"[1-9][0-9]{{0,2}}[{_thousands()}][0-9]{{3}}", digits)):
        thousands = signs[0]
    if thousands and not re.fullmatch(rf"[0-9]{{1,3}}(\{thousands}[0-9]{{3}})+([.,][0-9]*)?", digits):
        return None
    plain = digits.replace(thousands, "") if thousands else digits
    number = float(plain.replace(",", "."))
    return -number if match[1] in {"-", "−"} and match[1] else number


def _thousands() -> str:
    """The sign, "." or ",", that stands between thousands."""
    return "," if spoken() == ENGLISH else "."
