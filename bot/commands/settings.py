"""/settings: when and how often a chat wants to hear from us, by buttons that edit the message or in words."""

from dataclasses import replace
from datetime import time
from html import escape
from zoneinfo import ZoneInfo

from bellwether import alert_queries
from bellwether.alert_types import AlertSettings, DigestMode
from bellwether.errors import BadRule, BadTimeZone
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
}
_EXAMPLES = (
    "/settings timezone Berlin, /settings time 18:30, /settings digest unusual, /settings quiet 22-7, "
    "/settings budget 5"
)
_NONE = frozenset({settings_keyboards.OFF, "none", "no", "never", "close", "unlimited"})
_MENUS: dict[str, tuple[str, Rows]] = {
    "timezone": (
        "Whose clock do you live by? Not among these: type it, like <b>/settings timezone Lisbon</b>, or send me "
        "your location; I read only the time zone off it.",
        settings_keyboards.zones(),
    ),
    "time": (
        "At what time by your clock may the digest come? It never comes before the closing prices are in. Another one: "
        "<b>/settings time 18:30</b>.",
        settings_keyboards.digest_times(),
    ),
    "quiet": (
        "When must I be quiet? What falls into these hours waits for their end. Others: <b>/settings quiet 22-7</b>.",
        settings_keyboards.quiet_hours(),
    ),
    "budget": (
        "How many alerts of their own may come in seven days? What is beyond goes into the digest. Another number: "
        "<b>/settings budget 7</b>.",
        settings_keyboards.budgets(),
    ),
}


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """What holds now; or a change, such as "timezone Berlin"."""
    words = text.split()
    if not words:
        return _overview(services, alert_queries.alert_settings(services, asker.chat_id))
    said, value = words[0].lower(), " ".join(words[1:])
    if said == "time" and value.lower().startswith("zone"):
        said, value = "timezone", value[4:].strip()
    what = _WORDS.get(said)
    if what in _MENUS and not value:
        return _menu(what)
    try:
        # "/settings Berlin" is a time zone, too
        return _change(services, asker, what or "timezone", value if what else " ".join(words))
    except BadTimeZone as problem:
        if what is None and not problem.offered:
            raise BadRule(f"I can set a time zone, times and limits: {_EXAMPLES}.") from None
        return Reply(escape(str(problem)), buttons=settings_keyboards.zones(problem.offered))


def at_place(services: Services, asker: Asker, latitude: float, longitude: float) -> Reply:
    """The clock of a place that was shared is the chat's; the place itself is not kept. Raises BadTimeZone."""
    return _change(services, asker, "timezone", time_zone_at(latitude, longitude))


def _change(services: Services, asker: Asker, what: str, value: str) -> Reply:
    old = alert_queries.alert_settings(services, asker.chat_id)
    new = _changed(old, what, value)
    return _overview(
        services, alert_queries.change_alert_settings(services, asker.chat_id, new, asker.language), "<b>Changed.</b> "
    )


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
    if word in _NONE:
        return replace(old, weekly_budget=None)
    if not (value.isascii() and value.isdecimal() and len(value) < 7):
        raise BadRule(f"“{value[:20]}” is no number of alerts; please write it like /settings budget 5, or off.")
    return replace(old, weekly_budget=int(value))


def _clock(value: str, what: str) -> time:
    try:
        return parse_clock(value)
    except BadRule as problem:
        if what == "time":
            raise
        raise BadRule(f"{problem} For how often: /settings digest always, or unusual.") from None


def _overview(services: Services, now: AlertSettings, opening: str = "") -> Reply:
    local = services.clock().astimezone(ZoneInfo(now.timezone))
    delay = services.settings.alerts.digest_delay
    digest = "after every session" if now.digest_mode is DigestMode.ALWAYS else "only after unusual sessions"
    at = f"at {now.digest_at:%H:%M} or later" if now.digest_at else f"about {delay} minutes after the close"
    quiet = f"{now.quiet.since:%H:%M} to {now.quiet.until:%H:%M}" if now.quiet else "none"
    budget = (
        "no limit"
        if now.weekly_budget is None
        else "none, all go into the digest"
        if now.weekly_budget == 0
        else f"{now.weekly_budget}, the rest goes into the digest"
    )
    text = (
        f"{opening}How I write to you:\n\n"
        f"• Your clock: <b>{escape(now.timezone)}</b>, where it is {local:%H:%M} now\n"
        f"• Digest: <b>{digest}</b>, {at}\n"
        f"• Quiet hours: <b>{quiet}</b>\n"
        f"• Alerts of their own in a week: <b>{budget}</b>\n\n"
        "Press what you want to change. /alerts has your alerts, /stop silences everything."
    )
    return Reply(text, buttons=settings_keyboards.overview(now))


def _menu(what: str) -> Reply:
    text, buttons = _MENUS[what]
    return Reply(text, buttons=buttons)


def _press_overview(services: Services, asker: Asker, given: Given) -> Pressed:
    given.expect(0)
    return Pressed(edit=_overview(services, alert_queries.alert_settings(services, asker.chat_id)))


def _press_set(services: Services, asker: Asker, given: Given) -> Pressed:
    given.expect(1, 2)
    what = given.text(0)
    if what not in _MENUS and what != "digest":
        raise StaleButton
    if len(given) == 1:
        if what == "digest":
            raise StaleButton
        return Pressed(edit=_menu(what))
    return Pressed("Changed.", edit=_change(services, asker, what, _with_colons(given.text(1))))


def _with_colons(value: str) -> str:
    """ "2200-0700" as "22:00-07:00": an action's parts are parted by colons."""
    parts = value.split("-")
    if all(len(part) == 4 and part.isascii() and part.isdecimal() for part in parts):
        return "-".join(f"{part[:2]}:{part[2:]}" for part in parts)
    return value


COMMAND = Command(
    "settings",
    "[WHAT VALUE]",
    "your time zone, digest time, quiet hours, weekly limit",
    answer,
    {"settings": Press(_press_overview, Who.ADMINS), "set": Press(_press_set, Who.ADMINS)},
    Who.ADMINS,
)
