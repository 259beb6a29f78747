"""/privacy, /export_me and /delete_me: what is kept about a chat, told, handed out or erased for good."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chats
from bellwether.delivery.targets import ask
from bot.commands.base import ChatContext, Command, Given, Press, Who
from bot.replies import NO_FILE, Button, Document, Pressed, Reply

_POLICY = N_(
    "<b>What I keep about you</b>\n\n"
    "• The number of this chat, the language your app told me, the stocks you watch, your alerts and /settings: to "
    "write to you when you want it.\n"
    "• The text of a message only until it is answered, or for a day where I can't read it; then it is erased. What "
    "you say by /feedback is kept for whoever runs this bot.\n"
    "• The last stock you asked about, for an hour, in memory only.\n"
    "• The digests and alerts I owe you and when they were sent, so that none is lost or sent twice.\n\n"
    "/export_me gives you all of it as a file, /delete_me erases all of it for good, /stop only silences me. "
    "What lies in the operator's backups goes when they do.\n\n"
    "I keep no name, phone number or location, and pass nothing on about you. A ticker or name that you ask for may be "
    "looked up at the source of prices, such as Yahoo Finance, which learns nothing of who asked. The data lie in the "
    "database of whoever runs this bot."
)
_LOOKED_UP = N_(
    "What had to be looked up there, for a file that you send too, is remembered with the answer for at most 30 days, "
    "without who asked."
)
_TARGETS = N_(
    "Where alerts go to other apps too, I keep their addresses, encrypted, until you delete them or all of it."
)
_LISTS = N_(
    "Forecasts that are given stay in the track record for good, without who asked. Of a list, as /risk and a digest "
    "tell of it, the tickers stand there together; /delete_me leaves them, since nothing in the record shows whose "
    "list it was."
)
_NAME = "bellwether-my-data.json"
_ASKED = N_(
    "<b>Erase everything I keep about this chat?</b>\n\nYour watchlist, alerts, settings, feedback and every message "
    "that waits go at once and for good. /export_me gives you a copy first; /stop only silences me."
)
_DONE = N_(
    "<b>Erased.</b> I keep nothing about this chat any more. Anything that you send begins anew: what you ask is "
    "answered, and nothing is kept before you say /start, /watch or /alerts."
)
_NOTHING = N_("I keep nothing about this chat, so there is nothing to erase.")


def privacy(chat: ChatContext, text: str) -> Reply:
    """Say what is kept."""
    return Reply(
        "\n\n".join([_(_POLICY), _(_LOOKED_UP), _(_LISTS), *([_(_TARGETS)] if ask.offered(chat.services) else [])])
    )


def export(chat: ChatContext, text: str) -> Reply:
    """Send every row of this chat as a JSON file."""
    content = chats.export(chat.services.store, chat.services.clock, chat.chat_id)
    text = _("Everything I keep about this chat, as JSON, which programs and people can read. /delete_me erases it.")
    return Reply(text, document=Document(_NAME, content), words_alone=_(NO_FILE))


def delete(chat: ChatContext, text: str) -> Reply:
    """Ask first: there is no way back."""
    return Reply(_(_ASKED), buttons=((Button(_("Erase everything"), "erase"), Button(_("Keep it"), "keep")),))


def _erase(chat: ChatContext, given: Given) -> Pressed:
    chat.services.memory.forget(chat.chat_id)
    gone = chats.erase(chat.services.store, chat.services.clock, chat.chat_id)
    return Pressed(_("Erased.") if gone else "", edit=Reply(_(_DONE if gone else _NOTHING)))


def _keep(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(_("Nothing was erased."), edit=Reply(_("Nothing was erased.")))


PRIVACY = Command("privacy", "", N_("what is kept about you"), privacy)
EXPORT = Command("export_me", "", N_("everything kept about you, as a file"), export, who=Who.ADMINS, in_groups=False)
DELETE = Command(
    "delete_me",
    "",
    N_("erase everything kept about you"),
    delete,
    {"erase": Press(_erase, (0,), Who.ADMINS), "keep": Press(_keep, (0,), Who.ADMINS)},
    Who.ADMINS,
    in_groups=False,
)
