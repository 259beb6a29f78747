"""/unwatch: no more digests for this symbol."""

from html import escape

from bellwether import queries
from bellwether.errors import BadSymbol
from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.commands.forecast import split_horizon
from bot.replies import Reply


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """Take a symbol off the watchlist."""
    if not text.strip():
        raise BadSymbol("Which stock? For example: /unwatch AAPL. /list shows what you watch.")
    return Reply(said(queries.unwatch(services, asker.chat_id, split_horizon(text)[0])))


def said(watched: queries.Watched) -> str:
    """What changed, in words."""
    name = escape(watched.instrument.symbol)
    if not watched.changed:
        return f"You don't watch {name}. /list shows what you watch."
    rest = "You watch nothing now." if watched.count == 0 else f"You still watch {watched.count}: /list."
    return f"You no longer watch <b>{name}</b>. {rest}"


COMMAND = Command("unwatch", "SYMBOL", "stop its digest", answer)
