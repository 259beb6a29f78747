"""/watch: a digest every evening for this symbol."""

from html import escape

from bellwether import queries
from bellwether.errors import AmbiguousSymbol, BadSymbol, UnknownSymbol
from bellwether.services import Services
from bot.commands.asking_back import ask_back
from bot.commands.command import Asker, Command, Given, Press, Who
from bot.commands.forecast import question_and_horizon
from bot.replies import Pressed, Reply

_NOTHING_NEW = "\n\nThe sample market has no new days, so here it comes only when the operator rehearses one."


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """Put a symbol on the watchlist."""
    if not text.strip():
        raise BadSymbol("Which stock? For example: /watch AAPL")
    return add(services, asker, question_and_horizon(services, text)[0])


def add(services: Services, asker: Asker, question: str) -> Reply:
    """Watch it, or ask back."""
    try:
        return Reply(said(services, queries.watch(services, asker.chat_id, question, asker.language)))
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, "add:{}")


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


def _add(services: Services, asker: Asker, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(reply=add(services, asker, given.symbol()))


COMMAND = Command(
    "watch", "SYMBOL", "get a digest of it every evening", answer, {"add": Press(_add, Who.ADMINS)}, Who.ADMINS
)
