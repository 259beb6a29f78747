"""What /settings shows: what holds now, and what can be chosen. Words and buttons; nothing is changed here.

settings        what holds now
set:WHAT        what can be chosen: timezone, time, quiet, budget, storms, language
set:WHAT:VALUE  choose it. Times of day have no colon here: "1830", "2200-0700"
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from html import escape
from zoneinfo import ZoneInfo

from bellwether.alerts.next_digest import after_the_close
from bellwether.core.alert_types import AlertSettings, DigestMode
from bellwether.core.i18n.time_zones import city
from bellwether.core.i18n.translate import ENGLISH, LANGUAGES, N_, ngettext, pgettext, spoken
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery.messages import TERMINAL
from bot.commands.base import ChatContext
from bot.commands.setting_typed import OFF
from bot.keyboards import in_rows
from bot.replies import Button, Reply, Rows

#: one for each clock that many people live by, from west to east
_ZONES = (
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
    "UTC",
)
_HOURS = (7, 8, 12, 18, 20, 22)  #: o'clock, for the digest
_QUIET = ((21, 7), (22, 7), (22, 8), (23, 8))
_BUDGETS = (0, 3, 5, 10, 20)  #: alerts a week that may come by themselves
_LANGUAGE = N_("Language")


@dataclass(frozen=True, slots=True)
class Menu:
    """What can be chosen for one setting."""

    question: str  #: marked with N_
    choices: tuple[tuple[str, str], ...]  #: what stands on each button, and the value it sets
    width: int  #: buttons in a row
    off: Callable[[], str] | None = None  #: what stands on the button that sets none, where there is one


def _zone_choices(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((city(name), name) for name in names)


MENUS = {
    "timezone": Menu(
        N_(
            "Where do you live? Times in my messages, and quiet hours, go by the clock there. Not among these? Type a "
            "city, like <b>/settings timezone Lisbon</b>, or send me your location; I read only the time zone off it."
        ),
        _zone_choices(_ZONES),
        width=2,
    ),
    "time": Menu(
        N_(
            "At what time should the digest come, the message on all that you watch? It waits until the day's closing "
            "prices are in. Another time: <b>/settings time 18:30</b>."
        ),
        tuple((f"{hour}:00", f"{hour:02}00") for hour in _HOURS),
        width=3,
        off=lambda: _("Soon after the close"),
    ),
    "quiet": Menu(
        N_(
            "When should I not write to you? Digests and alerts of these hours come when they end. Other hours: "
            "<b>/settings quiet 22-7</b>."
        ),
        tuple((f"{since:02}:00–{until:02}:00", f"{since:02}00-{until:02}00") for since, until in _QUIET),  # noqa: RUF001
        width=2,
        off=lambda: pgettext("quiet hours", "None"),
    ),
    "budget": Menu(
        N_(
            "How many alerts may come as separate messages in seven days? The most unusual ones do, the rest stands in "
            "the digest. Another number: <b>/settings budget 7</b>."
        ),
        tuple((str(most), str(most)) for most in _BUDGETS),
        width=5,
        off=lambda: _("No limit"),
    ),
    "storms": Menu(
        N_(
            "A storm: days on which my ranges of all stocks hold too rarely, far fewer than 80 of 100 of those one day "
            "ahead. Then prices move more than the ranges say; expect wider. It is rare. Shall I write when one begins "
            "and when it is over?"
        ),
        (),
        width=1,
    ),
    # each language by its own name: whoever chose a wrong one must find the way back
    "language": Menu(
        N_("Which language shall I speak here? Answers, digests and alerts are in it from now on."),
        tuple((name, code) for code, name in LANGUAGES.items()),
        width=2,
        off=lambda: _("As in Telegram"),
    ),
}


@dataclass(frozen=True, slots=True)
class _DigestText:
    """How one mode of the digest is shown and offered; both marked with N_."""

    shown: str
    offered: str


_DIGESTS = {
    DigestMode.ALWAYS: _DigestText(
        N_("• Digest: <b>after every trading day</b>, {at}"), N_("Digest: every trading day")
    ),
    DigestMode.UNUSUAL: _DigestText(
        N_("• Digest: <b>only after unusual days</b> (a big move, a rare forecast, an alert), {at}"),
        N_("Digest: only on unusual days"),
    ),
    DigestMode.WEEKLY: _DigestText(
        N_("• Digest: <b>once a week</b>, after its last trading day, {at}"), N_("Digest: weekly")
    ),
}


def menu(chat: ChatContext, what: str) -> Reply:
    """Offer the choices of one of MENUS."""
    if what == "language" and chat.chat_id == TERMINAL:
        here = replace(MENUS[what], off=lambda: _("As on this computer"))
        return Reply(_(here.question), buttons=_buttons(what, here))
    if what == "storms":  # their answers speak the chat's language
        on, off = Button(_("Tell me of storms"), "set:storms:on"), Button(_("No word of storms"), f"set:storms:{OFF}")
        return Reply(_(MENUS[what].question), buttons=((on,), (off,), (Button(_("« Back"), "settings"),)))
    if what == "timezone":  # cities have a name of their own in each language
        return Reply(_(MENUS[what].question), buttons=zones(_ZONES))
    return Reply(_(MENUS[what].question), buttons=_buttons(what, MENUS[what]))


def zones(names: Iterable[str]) -> Rows:
    """Return the buttons that offer these time zones."""
    return _buttons("timezone", replace(MENUS["timezone"], choices=_zone_choices(names)))


def _buttons(what: str, menu: Menu) -> Rows:
    buttons = in_rows([Button(label, f"set:{what}:{value}") for label, value in menu.choices], menu.width)
    off: Rows = ((Button(menu.off(), f"set:{what}:{OFF}"),),) if menu.off is not None else ()
    return (*buttons, *off, (Button(_("« Back"), "settings"),))


def overview(chat: ChatContext, now: AlertSettings, opening: str = "") -> Reply:
    """Show all settings, with a button for each."""
    local = chat.services.clock().astimezone(ZoneInfo(now.timezone))
    at = _("at {time} or later").format(time=f"{now.digest_at:%H:%M}") if now.digest_at else _after_close(chat, now)
    lines = [
        _("• Time zone: <b>{zone}</b>, where it is {time} now").format(
            zone=escape(now.timezone), time=f"{local:%H:%M}"
        ),
        _(_DIGESTS[now.digest_mode].shown).format(at=at),
        _("• Quiet hours: <b>{hours}</b>").format(hours=_quiet(now)),
        _("• Separate alert messages a week: <b>{budget}</b>").format(budget=_budget(now)),
        _("• “Details” of a forecast: <b>with all figures</b>")
        if now.expert
        else _("• “Details” of a forecast: <b>in plain words</b>"),
        _("• Charts: <b>dark</b>") if now.theme == "dark" else _("• Charts: <b>light</b>"),
        _("• Language: <b>{language}</b>").format(language=_spoken(chat, now)),
    ]
    if now.storms:
        lines.append(_("• Storms, when ranges of all stocks hold too rarely: <b>a message at begin and end</b>"))
    how = _("How I write to you. The digest is one message on all that you watch.")
    press = _("Press what you want to change. /alerts has your alerts, /stop silences everything.")
    text = f"{opening}{how}\n\n" + "\n".join(lines) + f"\n\n{press}"
    return Reply(text, buttons=_switches(now))


def _after_close(chat: ChatContext, now: AlertSettings) -> str:
    """How long after the close a digest comes, and when that is by the chat's clock."""
    delay = chat.services.settings.alerts.digest_delay
    after = ngettext("about {count} minute after the close", "about {count} minutes after the close", delay).format(
        count=delay
    )
    due = after_the_close(chat.services, chat.chat_id, now)
    if due is None:
        return after
    local = due.astimezone(ZoneInfo(now.timezone))
    return _("{after_the_close} (about {time} your time)").format(after_the_close=after, time=f"{local:%H:%M}")


def _switches(now: AlertSettings) -> Rows:
    modes = tuple(
        Button(_(digest.offered), f"set:digest:{mode.value}")
        for mode, digest in _DIGESTS.items()
        if mode is not now.digest_mode
    )
    return (
        (Button(_("Time zone"), "set:timezone"), Button(_("Digest time"), "set:time")),
        modes,
        (Button(_("Quiet hours"), "set:quiet"), Button(_("Alerts a week"), "set:budget")),
        (
            Button(_("Fewer figures"), "set:wording:plain")
            if now.expert
            else Button(_("More figures"), "set:wording:expert"),
            Button(_("Light charts"), "set:theme:light")
            if now.theme == "dark"
            else Button(_("Dark charts"), "set:theme:dark"),
        ),
        (Button(_("Storms"), "set:storms"),),
        (Button(_LANGUAGE if spoken() == ENGLISH else f"{_(_LANGUAGE)} / {_LANGUAGE}", "set:language"),),
    )


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


def _spoken(chat: ChatContext, now: AlertSettings) -> str:
    if now.language:
        return LANGUAGES[now.language]
    follows = _("{language}, as in Telegram") if chat.chat_id != TERMINAL else _("{language}, as on this computer")
    return follows.format(language=LANGUAGES[spoken()])
