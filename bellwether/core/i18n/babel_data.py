"""What Babel knows of our languages: the catalogues, and how numbers, money and days are written.

locale/<language>/LC_MESSAGES/bellwether.po is read when its language is first spoken: no build step, and nothing to
forget after an edit.
"""

import gettext
import logging
from datetime import date
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_currency, format_decimal, format_percent

log = logging.getLogger(__name__)
_LOCALES = {"pt": "pt_BR"}  #: where a language is written in more than one way
_DAYS = {"ru": "d MMMM y"}  #: without the abbreviated "year", whose point looks like the end of a sentence
_WIDTHS = ("wide", "abbreviated")
_FROM_SUNDAY = (6, 0, 1, 2, 3, 4, 5)  #: as D3 counts the days of Babel, whose week begins on a Monday


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into a language; where they cannot be read, English is spoken."""
    file = files("bellwether") / "locale" / language / "LC_MESSAGES" / "bellwether.po"
    compiled = BytesIO()
    try:
        with file.open("rb") as source:
            read = read_po(source, language, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as problem:
        log.error("The catalogue %s cannot be read, so its language stays silent: %s", file, problem)
        return gettext.NullTranslations()
    write_mo(compiled, read)  # leaves out what is marked as unsure ("fuzzy")
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def decimal(value: float, digits: int, language: str) -> str:
    """1234.5 as "1.234,50" in German."""
    return format_decimal(value, format=f"#,##0{_zeros(digits)}", locale=_locale(language))


def currency(amount: float, code: str, digits: int, language: str) -> str:
    """1234.5 USD as "1.234,50 $" in German."""
    locale = _locale(language)
    pattern = locale.currency_formats["standard"].pattern.replace("0.00", f"0{_zeros(digits)}")
    return format_currency(amount, code, pattern, locale, currency_digits=False)


def percent(fraction: float, digits: int, language: str) -> str:
    """0.798 as "80 %" in German, with a space that does not break."""
    locale = _locale(language)
    pattern = locale.percent_formats[None].pattern.replace("0", f"0{_zeros(digits)}")
    return format_percent(fraction, pattern, locale)


def day(session: date, language: str) -> str:
    """ "14. Januar 2022" in German."""
    return format_date(session, _DAYS.get(language, "long"), _locale(language))


def short_day(session: date, language: str) -> str:
    """ "14. Jan" in German."""
    return format_skeleton("MMMd", session, locale=_locale(language)).rstrip(".")


def month(session: date, language: str) -> str:
    """ "янв" in Russian: the month alone, shortened."""
    return format_date(session, "LLL", _locale(language)).rstrip(".")


def day_and_month(session: date, language: str) -> str:
    """ "14. Januar" in German."""
    return format_skeleton("MMMMd", session, locale=_locale(language))


def city_names(language: str) -> dict[str, str]:
    """What the cities are called that time zones are named after: in German "Europe/Moscow" is "Moskau"."""
    return {zone: names["city"] for zone, names in _locale(language).time_zones.items() if "city" in names}


def country_names(language: str) -> dict[str, str]:
    """What countries are called, by their ISO codes: in German "DE" is "Deutschland"."""
    return dict(_locale(language).territories)


def chart_locale(language: str) -> dict[str, dict[str, Any]]:
    """How D3, which draws the charts, is to write numbers and days: the `locale` of a specification's config."""
    locale = _locale(language)
    months, days = ({width: locale.months["format"][width] for width in _WIDTHS}, locale.days["format"])
    symbols = locale.number_symbols["latn"]
    return {
        "number": {
            "decimal": symbols["decimal"],
            "thousands": symbols["group"],
            "grouping": [3],
            "currency": ["", ""],
            "percent": locale.percent_formats[None].pattern.removeprefix("#,##0"),
        },
        "time": {
            "dateTime": "%x, %X",
            "date": "%d.%m.%Y",
            "time": "%H:%M:%S",
            "periods": ["", ""],
            "days": [days["wide"][at] for at in _FROM_SUNDAY],
            "shortDays": [days["abbreviated"][at] for at in _FROM_SUNDAY],
            "months": [months["wide"][at] for at in range(1, 13)],
            "shortMonths": [months["abbreviated"][at].rstrip(".") for at in range(1, 13)],  # labels stand close
        },
    }


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language))


def _zeros(digits: int) -> str:
    return f".{'0' * digits}" if digits else ""
