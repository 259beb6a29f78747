"""/feedback: a word to whoever runs this bot."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chats
from bot.commands.base import ChatContext, Command
from bot.replies import Reply


def answer(chat: ChatContext, text: str) -> Reply:
    """Keep a message for the operator."""
    said = text.strip()
    if not said:
        return Reply(_("What would you like to say? For example: /feedback The chart is hard to read."))
    services = chat.services
    admin_chat = services.settings.telegram.admin_chat
    chats.say_to_operator(services.store, services.clock, admin_chat, chat.chat_id, said)
    return Reply(_("Thank you. Whoever runs this bot reads it; I can't promise an answer."))


COMMAND = Command(
    "feedback",
    N_("TEXT"),
    N_("tell whoever runs this bot something"),
    answer,
    in_groups=False,
    longest=chats.LONGEST_FEEDBACK,
)
