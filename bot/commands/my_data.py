"""/export_me and /delete_me: everything that is kept about a chat, handed out or erased for good."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chats
from bellwether.services import Services
from bot.commands.base import ChatContext, Command, Given, Press, Who
from bot.replies import NO_FILE, Button, Document, Pressed, Reply

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


def export(services: Services, asker: ChatContext, text: str) -> Reply:
    """Every row of this chat as a JSON file."""
    content = chats.export(services, asker.chat_id)
    text = _("Everything I keep about this chat, as JSON, which programs and people can read. /delete_me erases it.")
    return Reply(text, document=Document(_NAME, content), words_alone=_(NO_FILE))


def delete(services: Services, asker: ChatContext, text: str) -> Reply:
    """Ask first: there is no way back."""
    return Reply(_(_ASKED), buttons=((Button(_("Erase everything"), "erase"), Button(_("Keep it"), "keep")),))


def _erase(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(0)
    gone = chats.erase(services, asker.chat_id)
    return Pressed(_("Erased.") if gone else "", edit=Reply(_(_DONE if gone else _NOTHING)))


def _keep(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(0)
    return Pressed(_("Nothing was erased."), edit=Reply(_("Nothing was erased.")))


EXPORT = Command("export_me", "", N_("everything kept about you, as a file"), export, who=Who.ADMINS, in_groups=False)
DELETE = Command(
    "delete_me",
    "",
    N_("erase everything kept about you"),
    delete,
    {"erase": Press(_erase, Who.ADMINS), "keep": Press(_keep, Who.ADMINS)},
    Who.ADMINS,
    in_groups=False,
)
