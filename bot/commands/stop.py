"""/stop: nothing more of our own accord."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chats
from bot.commands.base import ChatContext, Command, Who
from bot.replies import Reply

_SAID = N_(
    "<b>I write nothing more of my own accord.</b> Your watchlist, alerts and settings are kept, and I still answer "
    "when you ask.\n\n/start begins again, and so does a new /watch or alert. /delete_me erases everything."
)


def answer(chat: ChatContext, text: str) -> Reply:
    """Stop all digests and alerts."""
    chats.leave(chat.services.store, chat.services.clock, chat.chat_id)
    return Reply(_(_SAID))


COMMAND = Command("stop", "", N_("no more messages of my own accord"), answer, who=Who.ADMINS)
