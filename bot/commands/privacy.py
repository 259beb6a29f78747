"""/privacy: what is kept about a chat."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.services import Services
from bot.commands.base import ChatContext, Command
from bot.replies import Reply

_POLICY = N_(
    "<b>What I keep about you</b>\n\n"
    "• The number of this chat, the language your app told me, the symbols you watch, your alerts and /settings: to "
    "write to you when you want it.\n"
    "• The text of a message only until it is answered, or for a day where I can't read it; then it is erased. What "
    "you say by /feedback is kept for whoever runs this bot.\n"
    "• The digests and alerts I owe you and when they were sent, so that none is lost or sent twice.\n\n"
    "/export_me gives you all of it as a file, /delete_me erases all of it for good, /stop only silences me. "
    "What lies in the operator's backups goes when they do.\n\n"
    "I keep no name, phone number or location, and pass nothing on about you. A symbol or name that you ask for may be "
    "looked up at the source of prices, such as Yahoo Finance, which learns nothing of who asked. The data lie in the "
    "database of whoever runs this bot."
)


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The policy."""
    return Reply(_(_POLICY))


COMMAND = Command("privacy", "", N_("what is kept about you"), answer)
