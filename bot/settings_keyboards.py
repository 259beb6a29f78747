"""The buttons of /settings: the message shows what holds now, and each button changes it in place.

settings        what holds now
set:WHAT        what can be chosen: timezone, time, quiet, budget, language
set:WHAT:VALUE  choose it. Times of day have no colon here: "1830", "2200-0700"
"""

from datetime import time

from bellwether.core.alert_types import AlertSettings, DigestMode
from bellwether.core.i18n.translate import ENGLISH, LANGUAGES, N_, pgettext, spoken
from bellwether.core.i18n.translate import gettext as _
from bot.keyboards import in_rows
from bot.replies import Button, Rows

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
_TIMES = (7, 8, 12, 18, 20, 22)  #: o'clock
_QUIET = ((21, 7), (22, 7), (22, 8), (23, 8))
_BUDGETS = (0, 3, 5, 10, 20)
OFF = "off"
_LANGUAGE = N_("Language")


def overview(settings: AlertSettings) -> Rows:
    """What can be changed."""
    always = settings.digest_mode is DigestMode.ALWAYS
    other = DigestMode.UNUSUAL if always else DigestMode.ALWAYS
    mode = _("Digest: only when unusual") if always else _("Digest: after every session")
    return (
        (Button(_("Time zone"), "set:timezone"), Button(_("Digest time"), "set:time")),
        (Button(mode, f"set:digest:{other.value}"),),
        (Button(_("Quiet hours"), "set:quiet"), Button(_("Weekly limit"), "set:budget")),
        (
            Button(_("Plain words"), "set:wording:plain")
            if settings.expert
            else Button(_("All the numbers"), "set:wording:expert"),
            Button(_("Light charts"), "set:theme:light")
            if settings.theme == "dark"
            else Button(_("Dark charts"), "set:theme:dark"),
        ),
        (Button(_LANGUAGE if spoken() == ENGLISH else f"{_(_LANGUAGE)} / {_LANGUAGE}", "set:language"),),
    )


def languages() -> Rows:
    """Languages to choose from, each by its own name: whoever chose a wrong one must find the way back."""
    buttons = [Button(name, f"set:language:{code}") for code, name in LANGUAGES.items()]
    return (*in_rows(buttons, 2), (Button(_("As in Telegram"), f"set:language:{OFF}"),), _back())


def zones(names: tuple[str, ...] = _ZONES) -> Rows:
    """Time zones to choose from."""
    labels = [name.rpartition("/")[2].replace("_", " ") for name in names]
    buttons = [Button(label, f"set:timezone:{name}") for label, name in zip(labels, names, strict=True)]
    return (*in_rows(buttons, 2), _back())


def digest_times() -> Rows:
    """Local times of day for the digest."""
    buttons = [Button(f"{hour}:00", f"set:time:{hour:02}00") for hour in _TIMES]
    return (*in_rows(buttons, 3), (Button(_("Soon after the close"), f"set:time:{OFF}"),), _back())


def quiet_hours() -> Rows:
    """Spans in which messages wait."""
    spans = [(time(since), time(until)) for since, until in _QUIET]
    buttons = [
        Button(f"{since:%H:%M}–{until:%H:%M}", f"set:quiet:{since:%H%M}-{until:%H%M}")  # noqa: RUF001  # a span
        for since, until in spans
    ]
    return (*in_rows(buttons, 2), (Button(pgettext("quiet hours", "None"), f"set:quiet:{OFF}"),), _back())


def budgets() -> Rows:
    """How many alerts a week may come by themselves."""
    buttons = [Button(str(most), f"set:budget:{most}") for most in _BUDGETS]
    return (*in_rows(buttons, 5), (Button(_("No limit"), f"set:budget:{OFF}"),), _back())


def _back() -> tuple[Button, ...]:
    return (Button(_("« Back"), "settings"),)
