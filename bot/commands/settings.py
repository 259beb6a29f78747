"""/settings: when and how often a chat wants to hear from us, by buttons that edit the message or in words."""

from dataclasses import replace
from html import escape
from typing import get_args

from bellwether.alerts import ask
from bellwether.core.errors import BadRule, BadTimeZone
from bellwether.core.i18n.time_zones import time_zone_at
from bellwether.core.i18n.translate import LANGUAGES, N_, said, spoken, use_language
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Theme
from bellwether.delivery import chat_wishes
from bellwether.delivery.targets.target import TargetKind
from bot.commands import targets
from bot.commands.base import ChatContext, Command, Given, Press, StaleButton, Who
from bot.commands.pause_sentences import pause_notice
from bot.commands.setting_typed import changed
from bot.commands.setting_views import MENUS, menu, overview, zones
from bot.keyboards import meaning
from bot.replies import Button, Pressed, Reply

#: other words for what can be set
_ALIASES = {
    "zone": "timezone",
    "tz": "timezone",
    "limit": "budget",
    "charts": "theme",
    "chart": "theme",
    "storm": "storms",
}
_SWITCHES = frozenset({"digest", "wording", "theme"})  #: one button each, which needs no menu
#: what people type for where alerts and digests go too, which stands under /alerts
_ELSEWHERE = frozenset(
    {"channel", "channels", "targets", "target", "mail", "email", "e-mail", "also", "webhook", "webhooks"}
    | {kind.value for kind in TargetKind}
)
# each translation calls its own language: "Ich spreche hier jetzt Deutsch."
_SPEAKS_ALREADY = N_("I speak English here already. Others: /settings language.")
_SPEAKS = N_("I speak English here from now on. The button goes back; so does /settings language.")
_SPEAKS_TOO = N_("I speak English, too: press the first button.")
_EXAMPLES = (
    "/settings timezone Berlin, /settings time 18:30, /settings digest weekly, /settings quiet 22-7, "
    "/settings budget 5, /settings language de, /settings wording expert, /settings charts dark, /settings storms on"
)


def answer(chat: ChatContext, text: str) -> Reply:
    """Show all settings, or make a change such as "timezone Berlin"."""
    words = text.split()
    if not words:
        return _overview(chat)
    word, value = words[0].lower(), " ".join(words[1:])
    if word == "time" and value.lower().startswith("zone"):
        word, value = "timezone", value[4:].strip()
    if word in get_args(Theme):  # "/settings dark", as apps call theirs
        word, value = "theme", word
    if word in _ELSEWHERE:
        return targets.every_target(chat)
    what = _ALIASES.get(word, word)
    if what in MENUS and not value:
        return menu(chat, what)
    is_named = what in MENUS or what in _SWITCHES
    if not is_named:  # "/settings Berlin" is a time zone, too
        what, value = "timezone", " ".join(words)
    try:
        return _change(chat, what, value)
    except BadTimeZone as problem:
        if not is_named and not problem.offered:
            raise BadRule(
                said("I can set a time zone, times, limits and the language: {examples}.", examples=_EXAMPLES)
            ) from None
        buttons = zones(problem.offered) if problem.offered else menu(chat, "timezone").buttons
        return Reply(escape(problem.for_person), buttons=buttons)


def at_place(chat: ChatContext, latitude: float, longitude: float) -> Reply:
    """Take the clock of a shared place for the chat's; the place itself is not kept. Raises BadTimeZone."""
    return _change(chat, "timezone", time_zone_at(latitude, longitude))


def _change(chat: ChatContext, what: str, value: str) -> Reply:
    old = chat_wishes.alert_settings(chat.services.store, chat.chat_id)
    new = changed(old, what, value)
    settings = ask.change_alert_settings(chat.services, chat.chat_id, new, chat.language)
    with use_language(settings.language or chat.language):  # it may just have become another one
        return overview(chat, settings, _("<b>Changed.</b>") + " ")


def speak(chat: ChatContext, language: str) -> Reply:
    """Speak a language from now on, by its code; say so in it, with a button for the way back."""
    old = chat_wishes.alert_settings(chat.services.store, chat.chat_id)
    if language == spoken():
        return Reply(_(_SPEAKS_ALREADY), buttons=((meaning(),),))  # "in English, please" may ask for plainer words
    new = changed(old, "language", language)
    back = Button(
        LANGUAGES[spoken()], f"speak:{spoken()}"
    )  # by its code: who goes back has chosen, and is asked no more
    settings = ask.change_alert_settings(chat.services, chat.chat_id, new, chat.language)
    with use_language(settings.language or chat.language):
        return Reply(_(_SPEAKS), buttons=((back,),))


def offer_to_speak(reply: Reply, language: str) -> Reply:
    """Put a button first under an answer, in a language: to be answered in it."""
    with use_language(language):
        offer = Button(_("Answer in English"), f"speak:{language}")
    return replace(reply, buttons=((offer,), *reply.buttons))


def speaks_too(language: str) -> str:
    """Return the sentence, in a language, that it is spoken here."""
    with use_language(language):
        return _(_SPEAKS_TOO)


def _press_speak(chat: ChatContext, given: Given) -> Reply:
    return speak(chat, given.text(0))


def _overview(chat: ChatContext) -> Reply:
    notice = pause_notice(chat)
    return overview(chat, chat_wishes.alert_settings(chat.services.store, chat.chat_id), notice)


def _press_overview(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=_overview(chat))


def _press_set(chat: ChatContext, given: Given) -> Pressed:
    what = given.text(0)
    if what in MENUS and len(given) == 1:
        return Pressed(edit=menu(chat, what))
    if (what not in MENUS and what not in _SWITCHES) or len(given) == 1:
        raise StaleButton
    return Pressed(_("Changed."), edit=_change(chat, what, _with_colons(given.text(1))))


def _with_colons(value: str) -> str:
    """ "2200-0700" as "22:00-07:00": an action's parts are parted by colons."""
    parts = value.split("-")
    if all(len(part) == 4 and part.isascii() and part.isdecimal() for part in parts):
        return "-".join(f"{part[:2]}:{part[2:]}" for part in parts)
    return value


COMMAND = Command(
    "settings",
    N_("[WHAT VALUE]"),
    N_("your language, time zone, digest time, quiet hours, alerts a week, dark charts"),
    answer,
    {
        "settings": Press(_press_overview, (0,), Who.ADMINS),
        "set": Press(_press_set, (1, 2), Who.ADMINS),
        "speak": Press(_press_speak, (1,), Who.ADMINS),
    },
    Who.ADMINS,
    often=True,
)
