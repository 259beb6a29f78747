"""What /settings shows: what holds now, and what can be chosen. Words and buttons; nothing is changed here."""

from collections.abc import Callable
from html import escape
from zoneinfo import ZoneInfo

from bellwether.core.alert_types import AlertSettings, DigestMode
from bellwether.core.i18n.translate import LANGUAGES, N_, ngettext, pgettext, spoken
from bellwether.core.i18n.translate import gettext as _
from bellwether.services import Services
from bot import settings_keyboards
from bot.replies import Reply, Rows

MENUS: dict[str, tuple[str, Callable[[], Rows]]] = {
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


def overview(services: Services, now: AlertSettings, opening: str = "") -> Reply:
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
        _("• Charts: <b>dark</b>") if now.theme == "dark" else _("• Charts: <b>light</b>"),
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


def menu(what: str) -> Reply:
    text, buttons = MENUS[what]
    return Reply(_(text), buttons=buttons())
