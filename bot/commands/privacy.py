"""/privacy: what is kept about a chat."""

from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.replies import Reply

_POLICY = (
    "<b>What I keep about you</b>\n\n"
    "• The number of this chat, the language your app told me, and the symbols you watch: to send your digests.\n"
    "• The text of a message only until it is answered; then it is erased.\n"
    "• The digests I owe you and when they were sent, so that none is lost or sent twice.\n\n"
    "I keep no name, phone number or location, and pass nothing on to anybody. The data lie in the database "
    "of whoever runs this bot. Block the bot or /unwatch everything and no more messages come."
)


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """The policy."""
    return Reply(_POLICY)


COMMAND = Command("privacy", "", "what is kept about you", answer)
