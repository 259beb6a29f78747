"""What is promised to whoever watches something, and where it will not come."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bot.commands.base import ChatContext

#: said wherever something is promised that only live prices bring
NOTHING_NEW = N_(
    "This is the sample market, which has ended: nothing will come here. With live prices it comes every trading day."
)


def one_message(chat: ChatContext) -> list[str]:
    """Return the paragraphs that promise the digest of all that is watched."""
    end = _("After each trading day I send one message about all that you watch. /list shows it, /unwatch stops one.")
    return [end] if chat.services.provider.live else [end, _(NOTHING_NEW)]
