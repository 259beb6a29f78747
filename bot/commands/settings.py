"""/settings: when and how often a chat wants to hear from us, by buttons that edit the message or in words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from html import escape
from zoneinfo import ZoneInfo

from bellwether import alert_queries
from bellwether.alert_types import AlertSettings, DigestMode
from bellwether.errors import BadRule, BadTimeZone
from bellwether.language import LANGUAGES, N_, ngettext, pgettext, said, spoken, together, use_language
from bellwether.language import gettext as _
from bellwether.parsing import parse_clock, parse_quiet_hours
from bellwether.services import Services
from bellwether.time_zones import find_time_zone, time_zone_at
from bot import settings_keyboards
from bot.commands.command import Asker, Command, Given, Press, StaleButton, Who
from bot.replies import Pressed, Reply, Rows

_WORDS = {
    "timezone": "timezone",
    "zone": "timezone",
    "tz": "timezone",
    "time": "time",
    "digest": "digest",
    "quiet": "quiet",
    "budget": "budget",
    "limit": "budget",
    "language": "language",
    "wording": "wording",
}
_IN_ENGLISH = {"en": "english", "es": "spanish", "de": "german", "pt": "portuguese", "ru": "russian"}
_EXAMPLES = (
    "/settings timezone Berlin, /settings time 18:30, /settings digest unusual, /settings quiet 22-7, "
    "/settings budget 5, /settings language de, /settings wording expert"
)
_NONE = frozenset({settings_keyboards.OFF, "none", "no", "never", "close", "unlimited", "telegram"})
_MENUS: dict[str, tuple[str, Callable[[], Rows]]] = {
    "timezone": (
        N_(
            "Whose clock do you live by? Not among these: type it, like <b>/settings timezone Lisbon</b>, or send me "
            "your location; I read only the time zone off it."
        ),
        settings_keyboards.zones,
    ),
    "time": (
        N_(
            "At what time by your clock may the digest come? It never comes before the closing prices are in. Another "
            "one: <b>/settings time 18:30</b>."
        ),
        settings_keyboards.digest_times,
    ),
    "quiet": (
        N_(
            "When must I be quiet? What falls into these hours waits for their end. Others: <b>/settings quiet "
            "22-7</b>."
        ),
        settings_keyboards.quiet_hours,
    ),
    "budget": (
        N_(
            "How many alerts of their own may come in seven days? What is beyond goes into the digest. Another number: "
            "<b>/settings budget 7</b>."
        ),
        settings_keyboards.budgets,
    ),
    "language": (N_("Which language shall I speak here?"), settings_keyboards.languages),
}


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """What holds now; or a change, such as "timezone Berlin"."""
    words = text.split()
    if not words:
        return _overview(services, alert_queries.alert_settings(services, asker.chat_id))
    word, value = words[0].lower(), " ".join(words[1:])
    if word == "time" and value.lower().startswith("zone"):
        word, value = "timezone", value[4:].strip()
    what = _WORDS.get(word)
    if what in _MENUS and not value:
        return _menu(what)
    try:
        # "/settings Berlin" is a time zone, too
        return _change(services, asker, what or "timezone", value if what else " ".join(words))
    except BadTimeZone as problem:
        if what is None and not problem.offered:
            raise BadRule(
                said("I can set a time zone, times, limits and the language: {examples}.", examples=_EXAMPLES)
            ) from None
        return Reply(escape(problem.for_person), buttons=settings_keyboards.zones(problem.offered))


def at_place(services: Services, asker: Asker, latitude: float, longitude: float) -> Reply:
    """The clock of a place that was shared is the chat's; the place itself is not kept. Raises BadTimeZone."""
    return _change(services, asker, "timezone", time_zone_at(latitude, longitude))


def _change(services: Services, asker: Asker, what: str, value: str) -> Reply:
    old = alert_queries.alert_settings(services, asker.chat_id)
    new = _changed(old, what, value)
    kept = alert_queries.change_alert_settings(services, asker.chat_id, new, asker.language)
    with use_language(kept.language or asker.language):  # it may just have become another one
        return _overview(services, kept, _("<b>Changed.</b>") + " ")


def _changed(old: AlertSettings, what: str, value: str) -> AlertSettings:
    """The settings with one part replaced, by what was typed or pressed. Raises BadRule or BadTimeZone."""
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


def _clock(value: str, what: str) -> time:
    try:
        return parse_clock(value)
    except BadRule as problem:
        if what == "time":
            raise
        how_often = said("For how often: /settings digest always, or unusual.")
        raise BadRule(together(problem.args[0], how_often)) from None


def _language(word: str) -> str:
    """The code of a language by its code, its own name or its English one. Raises BadRule."""
    for code, name in LANGUAGES.items():
        if word in {code, name.lower(), _IN_ENGLISH[code]}:
            return code
    names = ", ".join(f"{name} ({code})" for code, name in LANGUAGES.items())
    raise BadRule(said("I don't speak “{text}” yet. I speak {names}.", text=word[:20], names=names))


def _overview(services: Services, now: AlertSettings, opening: str = "") -> Reply:
    local = services.clock().astimezone(ZoneInfo(now.timezone))
    delay = services.settings.alerts.digest_delay
    always = now.digest_mode is DigestMode.ALWAYS
    at = (
        _("at {time} or later").format(time=f"{now.digest_at:%H:%M}")
        if now.digest_at
        else ngettext("about {count} minute after the close", "about {count} minutes after the close", delay).format(
            count=delay
        )
    )
    lines = [
        _("• Your clock: <b>{zone}</b>, where it is {time} now").format(
            zone=escape(now.timezone), time=f"{local:%H:%M}"
        ),
        (
            _("• Digest: <b>after every session</b>, {at}")
            if always
            else _("• Digest: <b>only after unusual sessions</b>, {at}")
        ).format(at=at),
        _("• Quiet hours: <b>{hours}</b>").format(hours=_quiet(now)),
        _("• Alerts of their own in a week: <b>{budget}</b>").format(budget=_budget(now)),
        _("• Forecasts: <b>all the numbers</b>") if now.expert else _("• Forecasts: <b>plain words</b>"),
        _("• Language: <b>{language}</b>").format(language=_spoken(now)),
    ]
    how = _("How I write to you:")
    press = _("Press what you want to change. /alerts has your alerts, /stop silences everything.")
    text = f"{opening}{how}\n\n" + "\n".join(lines) + f"\n\n{press}"
    return Reply(text, buttons=settings_keyboards.overview(now))


def _quiet(now: AlertSettings) -> str:
    if now.quiet is None:
        return pgettext("quiet hours", "none")
    return _("{since} to {until}").format(since=f"{now.quiet.since:%H:%M}", until=f"{now.quiet.until:%H:%M}")


def _budget(now: AlertSettings) -> str:
    if now.weekly_budget is None:
        return _("no limit")
    if now.weekly_budget == 0:
        return _("none, all go into the digest")
    return _("{count}, the rest goes into the digest").format(count=now.weekly_budget)


def _spoken(now: AlertSettings) -> str:
    return (
        LANGUAGES[now.language]
        if now.language
        else _("{language}, as in Telegram").format(language=LANGUAGES[spoken()])
    )


def _menu(what: str) -> Reply:
    text, buttons = _MENUS[what]
    return Reply(_(text), buttons=buttons())


def _press_overview(services: Services, asker: Asker, given: Given) -> Pressed:
    given.expect(0)
    return Pressed(edit=_overview(services, alert_queries.alert_settings(services, asker.chat_id)))


def _press_set(services: Services, asker: Asker, given: Given) -> Pressed:
    given.expect(1, 2)
    what = given.text(0)
    if what not in _MENUS and what not in {"digest", "wording"}:
        raise StaleButton
    if len(given) == 1:
        if what not in _MENUS:
            raise StaleButton
        return Pressed(edit=_menu(what))
    changed = _change(services, asker, what, _with_colons(given.text(1)))
    return Pressed(_("Changed."), edit=changed)


def _with_colons(value: str) -> str:
    """ "2200-0700" as "22:00-07:00": an action's parts are parted by colons."""
    parts = value.split("-")
    if all(len(part) == 4 and part.isascii() and part.isdecimal() for part in parts):
        return "-".join(f"{part[:2]}:{part[2:]}" for part in parts)
    return value


COMMAND = Command(
    "settings",
    N_("[WHAT VALUE]"),
    N_("your language, time zone, digest time, quiet hours, weekly limit"),
    answer,
    {"settings": Press(_press_overview, Who.ADMINS), "set": Press(_press_set, Who.ADMINS)},
    Who.ADMINS,
)
