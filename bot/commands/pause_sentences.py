"""What /list and /settings say about a pause: why the chat was not written to, since when, and what ends it."""

from zoneinfo import ZoneInfo

from bellwether.core.errors import StoreError
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import N_, ngettext
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chat_wishes, chats
from bellwether.delivery.chats_table import Pause, Silence
from bot.commands.base import ChatContext

_WHY = {
    Silence.STOPPED: N_("Somebody here sent /stop."),
    Silence.GONE: N_("Telegram said that I was blocked or removed here."),
    Silence.FORBIDDEN: N_("Telegram said that I may not write here."),
}


def pause_notice(chat: ChatContext) -> str:
    """Return a paragraph of HTML with an empty line after it, "" where the chat is not paused. Raises StoreError."""
    pause = chats.pause_of(chat.services.store, chat.services.clock, chat.chat_id)
    if pause is None:
        return ""
    zone = ZoneInfo(chat_wishes.alert_settings(chat.services.store, chat.chat_id).timezone)
    sentences = [f"<b>{_when(pause, zone)}</b>", _(_WHY[pause.why]), _end(pause)]
    if pause.lost:
        sentences.append(
            ngettext(
                "{count} message of that time is out of date and does not come.",
                "{count} messages of that time are out of date and do not come.",
                pause.lost,
            ).format(count=pause.lost)
        )
    return " ".join(sentence for sentence in sentences if sentence) + "\n\n"


def is_stopped(chat: ChatContext) -> bool:
    """Tell whether nothing comes before somebody here says /start. Never raises: an answer is still given."""
    try:
        pause = chats.pause_of(chat.services.store, chat.services.clock, chat.chat_id)
    except StoreError:
        return False
    return pause is not None and pause.until is None and pause.why is Silence.STOPPED


def _when(pause: Pause, zone: ZoneInfo) -> str:
    since = pause.since.astimezone(zone).date()
    if pause.until is None:
        return _("Paused since {day}.").format(day=day(since))
    until = pause.until.astimezone(zone).date()
    if until == since:
        return _("Paused for a while on {day}.").format(day=day(since))
    return _("Paused from {since} to {until}.").format(since=day(since), until=day(until))


def _end(pause: Pause) -> str:
    if pause.until is not None:
        return _("That is over: I write here again.")
    if pause.why is Silence.STOPPED:
        return _("/start ends the pause; /watch and a new alert do, too.")
    return _("Any message from you ends the pause.")
