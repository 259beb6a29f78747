"""/feedback: a word to whoever runs this bot."""

from bellwether import chat_queries
from bellwether.language import N_
from bellwether.language import gettext as _
from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.replies import Reply


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """Keep it for the operator."""
    said = text.strip()
    if not said:
        return Reply(_("What would you like to say? For example: /feedback The chart is hard to read."))
    chat_queries.say_to_operator(services, asker.chat_id, said)
    return Reply(_("Thank you. Whoever runs this bot reads it; I can't promise an answer."))


COMMAND = Command(
    "feedback",
    N_("TEXT"),
    N_("tell whoever runs this bot something"),
    answer,
    in_groups=False,
    longest=chat_queries.LONGEST_FEEDBACK,
)
