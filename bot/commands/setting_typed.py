"""Settings as people type or press them: "18:30", "Berlin", "off". Pure."""

import re
from dataclasses import replace
from datetime import time
from typing import cast, get_args

from bellwether.core.alert_types import AlertSettings, DigestMode
from bellwether.core.errors import BadRule
from bellwether.core.i18n.time_zones import find_time_zone
from bellwether.core.i18n.translate import LANGUAGES, said, together
from bellwether.core.parsing import parse_clock, parse_quiet_hours
from bellwether.core.types import Theme

OFF = "off"
_IN_ENGLISH = {"en": "english", "es": "spanish", "de": "german", "pt": "portuguese", "ru": "russian"}
_NONE = frozenset({OFF, "none", "no", "never", "close", "unlimited", "telegram"})


def changed(old: AlertSettings, what: str, value: str) -> AlertSettings:
    """Return the settings with one part replaced by what was typed or pressed. Raises BadRule or BadTimeZone.

    `what` is timezone, digest, time, quiet, language, wording, theme, storms or budget.
    """
    word = value.lower()
    if what == "timezone":
        return replace(old, timezone=find_time_zone(value))
    if what == "digest" and word in {mode.value for mode in DigestMode}:
        return replace(old, digest_mode=DigestMode(word))
    if what in {"time", "digest"}:  # "digest 18:30" is its time
        return replace(old, digest_at=None if word in _NONE else _clock(value, what))
    if what == "quiet":
        return replace(old, quiet=None if word in _NONE else parse_quiet_hours(value))
    if what == "language":
        return replace(old, language=None if word in _NONE else _language(word))
    if what == "wording":
        return replace(old, expert=_is_expert(word))
    if what == "theme":
        return replace(old, theme=_theme(word))
    if what == "storms":
        return replace(old, storms=_is_on(word))
    if word in _NONE:
        return replace(old, weekly_budget=None)
    if not (value.isascii() and value.isdecimal() and len(value) < 7):
        raise BadRule(
            said("“{text}” is no number of alerts; please write it like /settings budget 5, or off.", text=value[:20])
        )
    return replace(old, weekly_budget=int(value))


def _is_expert(word: str) -> bool:
    if word not in {"plain", "expert"}:
        raise BadRule(said("The wording is plain or expert: /settings wording expert."))
    return word == "expert"


def _theme(word: str) -> Theme:
    if word not in get_args(Theme):
        raise BadRule(said("Charts are light or dark: /settings charts dark."))
    return cast(Theme, word)


def _is_on(word: str) -> bool:
    if word not in {"on", OFF}:
        raise BadRule(said("Storms are on or off: /settings storms on."))
    return word == "on"


def _clock(value: str, what: str) -> time:
    try:
        return parse_clock(value)
    except BadRule as problem:
        if what == "time":
            raise
        how_often = said("For how often: /settings digest always, unusual or weekly.")
        raise BadRule(together(problem.args[0], how_often)) from None


def _language(word: str) -> str:
    mother = re.split("[-_]", word, maxsplit=1)[0]  # of "pt-BR"
    for code, name in LANGUAGES.items():
        if mother == code or word in {name.lower(), _IN_ENGLISH[code]}:
            return code
    names = ", ".join(f"{name} ({code})" for code, name in LANGUAGES.items())
    raise BadRule(said("I don't speak “{text}” yet. I speak {names}.", text=word[:20], names=names))
