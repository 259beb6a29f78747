"""/watch: a digest every evening for this symbol."""

from html import escape

from bellwether import queries
from bellwether.errors import BadSymbol
from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.commands.forecast import split_horizon
from bot.replies import Reply

_NOTHING_NEW = "\n\nThe sample market has no new days, so here it comes only when the operator rehearses one."


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """Put a symbol on the watchlist."""
    if not text.strip():
        raise BadSymbol("Which stock? For example: /watch AAPL")
    watched = queries.watch(services, asker.chat_id, split_horizon(text)[0], asker.language)
    return Reply(said(services, watched))


def said(services: Services, watched: queries.Watched) -> str:
    """What watching means, in words."""
    name = f"<b>{escape(watched.instrument.name)}</b> ({escape(watched.instrument.symbol)})"
    if not watched.changed:
        return f"You already watch {name}. /list shows everything you watch."
    delay = services.settings.alerts.digest_delay
    promise = (
        f"You now watch {name}. After each trading day, about {delay} minutes after the close, I send one message "
        "with its range, the chance of a rise and what changed. /unwatch stops it, /list shows everything."
    )
    return promise if services.provider.live else promise + _NOTHING_NEW


COMMAND = Command("watch", "SYMBOL", "get a digest of it every evening", answer)
