"""Numbers, money and days as people write them, in the language that is spoken. Pure: values in, text out.

English has a style of its own: "79 %", "14 January 2022". Other languages write as Babel knows them.
"""

import math
from collections.abc import Callable
from datetime import date

from bellwether.core.i18n.translate import ENGLISH, N_, Said, said, spoken

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
#: minor units as Yahoo writes them; Johannesburg's ZAc and Tel Aviv's ILA have no sign that everybody knows
_HUNDREDTHS = {"GBp": "p"}
_DASHED = {"de", "ru"}  #: languages in which a hyphen between years is a slip
_CLOSES = (
    N_("Monday's close"),
    N_("Tuesday's close"),
    N_("Wednesday's close"),
    N_("Thursday's close"),
    N_("Friday's close"),
    N_("Saturday's close"),
    N_("Sunday's close"),
)


class Spoken:
    """A value in a sentence by `said`, written anew in each language that the sentence is read in."""

    def __init__(self, write: Callable[[], str]) -> None:
        """`write` gives the value in the language that is spoken."""
        self._write = write

    def __format__(self, spec: str) -> str:
        """As it is written now."""
        return self._write()


def money(amount: float, currency: str, symbol: str = "") -> str:
    """A price: "$1,234.50", "540.25p" in pence, "1,234.50 SEK"; "4,766.18" for an index, a level and not money."""
    digits = price_digits(amount)
    if symbol.startswith("^") or not currency:
        return plain(amount, digits)
    if currency in _HUNDREDTHS:
        return f"{plain(amount, digits)}{_HUNDREDTHS[currency]}"
    if spoken() != ENGLISH:
        from bellwether.core.i18n import babel_data  # Babel, which English does not need

        return babel_data.currency(amount, currency, digits, spoken())
    return f"{_SIGNS[currency]}{plain(amount, digits)}" if currency in _SIGNS else f"{plain(amount, digits)} {currency}"


def sum_of_money(amount: float, currency: str, digits: int) -> str:
    """An amount that somebody owns: "$1,000", "$11.87"; "1,000" of no currency."""
    if not currency:
        return plain(amount, digits)
    if spoken() != ENGLISH:
        from bellwether.core.i18n import babel_data

        return babel_data.currency(amount, currency, digits, spoken())
    return f"{_SIGNS[currency]}{plain(amount, digits)}" if currency in _SIGNS else f"{plain(amount, digits)} {currency}"


def price_digits(amount: float) -> int:
    """The decimals of a price: two; more for what costs less than one, so that no price reads as nothing."""
    return 2 if amount >= 1 else 4 if amount >= 0.01 or amount <= 0 else 2 - math.floor(math.log10(amount))


def short(value: float) -> str:
    """A number with no more digits than it has, six at most: "180", "177.57"."""
    written = f"{value:g}"
    if spoken() == ENGLISH or "e" in written:
        return written
    from bellwether.core.i18n import babel_data

    return babel_data.decimal(value, len(written.partition(".")[2]), spoken())


def years(span: str) -> str:
    """ "2019-2021", with the dash between years where a language prints one."""
    return span.replace("-", "\N{EN DASH}") if spoken() in _DASHED else span


def count(number: int) -> str:
    """1234 as "1,234"."""
    return plain(number, 0)


def plain(value: float, digits: int) -> str:
    """A number with the signs of its language."""
    if spoken() == ENGLISH:
        return f"{value:,.{digits}f}"
    from bellwether.core.i18n import babel_data

    return babel_data.decimal(value, digits, spoken())


def percent(fraction: float, digits: int = 0) -> str:
    """0.798 as "80 %", without a minus on zero. The space does not break: a narrow screen keeps both in one line."""
    value = round(fraction * 100, digits) + 0.0
    if spoken() == ENGLISH:
        return f"{value:.{digits}f}\N{NO-BREAK SPACE}%"
    from bellwether.core.i18n import babel_data

    return babel_data.percent(value / 100, digits, spoken())


def signed_percent(fraction: float) -> str:
    """-0.084 as "−8.4 %", 0.102 as "+10.2 %"."""
    value = round(fraction * 100, 1)
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{percent(abs(value) / 100, 1)}"


def day(session: date) -> str:
    """A date as people say it: "14 January 2022"."""
    if spoken() == ENGLISH:
        return f"{session.day} {session:%B %Y}"
    from bellwether.core.i18n import babel_data

    return babel_data.day(session, spoken())


def spoken_day(session: date) -> Spoken:
    """A date in a sentence by `said`, as `day` writes it in each language that the sentence is read in."""
    return Spoken(lambda: day(session))


def short_day(session: date) -> str:
    """A date where there is little room, without its year: "14 Jan"."""
    if spoken() == ENGLISH:
        return f"{session.day} {session:%b}"
    from bellwether.core.i18n import babel_data

    return babel_data.short_day(session, spoken())


def month(session: date) -> str:
    """A month where there is little room: "Jan"."""
    if spoken() == ENGLISH:
        return f"{session:%b}"
    from bellwether.core.i18n import babel_data

    return babel_data.month(session, spoken())


def day_and_month(session: date) -> str:
    """A date whose year goes without saying: "14 January"."""
    if spoken() == ENGLISH:
        return f"{session.day} {session:%B}"
    from bellwether.core.i18n import babel_data

    return babel_data.day_and_month(session, spoken())


def closing(session: date, today: date) -> Said:
    """The end of a session: "Friday's close" within the week, "the close of 20 November 2026" later."""
    if 0 <= (today - session).days < 7:
        return said(_CLOSES[session.weekday()])
    return said("the close of {day}", day=spoken_day(session))
