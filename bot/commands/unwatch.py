"""/unwatch: no more digests for this symbol."""

from html import escape

from bellwether.alerts import watchlist
from bellwether.core.errors import AmbiguousSymbol, BadSymbol
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.services import Services
from bot.commands.base import ChatContext, Command, Given, Press, Who
from bot.commands.clarify import ask_back
from bot.commands.forecast import question_and_horizon
from bot.replies import Pressed, Reply


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """Take a symbol off the watchlist."""
    if not text.strip():
        raise BadSymbol(said("Which stock? For example: /unwatch AAPL. /list shows what you watch."))
    return drop(services, asker, question_and_horizon(services, text)[0])


def drop(services: Services, asker: ChatContext, question: str) -> Reply:
    """Stop watching it, or ask back."""
    try:
        return Reply(_told(watchlist.unwatch(services.store, services.universe, asker.chat_id, question)))
    except AmbiguousSymbol as problem:
        return ask_back(problem, "drop:{}")


def _told(watched: watchlist.Watched) -> str:
    """What changed, in words."""
    name = escape(watched.instrument.symbol)
    if not watched.changed:
        return _("You don't watch {symbol}. /list shows what you watch.").format(symbol=name)
    rest = (
        _("You still watch {count}: /list.").format(count=watched.count)
        if watched.count
        else _("You watch nothing now.")
    )
    gone = _("You no longer watch <b>{symbol}</b>.").format(symbol=name)
    return f"{gone} {rest}"


def _drop(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(reply=drop(services, asker, given.symbol()))


COMMAND = Command(
    "unwatch", N_("SYMBOL"), N_("stop its digest"), answer, {"drop": Press(_drop, Who.ADMINS)}, Who.ADMINS
)
