"""/list: what this chat watches."""

from html import escape

from bellwether.alerts import watchlist
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.services import Services
from bot.commands.base import ChatContext, Command
from bot.commands.pause_sentences import pause_notice
from bot.replies import Button, Reply

_SHOWN = 80  #: lines; a Telegram message holds 4,096 characters
_SHOWN_BUTTONS = 12  #: more would push the list off a phone's screen


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The watchlist, with a button to each forecast."""
    notice = pause_notice(services, asker.chat_id)
    watched = [one.symbol for one in watchlist.watchlist(services.store, asker.chat_id)]
    if not watched:
        nothing = _("You watch nothing yet. Send /watch AAPL, or press “Watch” under a forecast.")
        return Reply(f"{notice}{nothing}")
    lines = [f"<b>{escape(symbol)}</b> {escape(_name(services, symbol))}".rstrip() for symbol in watched[:_SHOWN]]
    if len(watched) > _SHOWN:
        lines.append(_("and {count} more").format(count=len(watched) - _SHOWN))
    buttons = [Button(symbol, f"ask:{symbol}") for symbol in watched[:_SHOWN_BUTTONS]]
    rows = tuple(tuple(buttons[start : start + 4]) for start in range(0, len(buttons), 4))
    listed = "\n".join([_("You watch:"), *lines])
    how = _("/unwatch SYMBOL stops one.")
    return Reply(f"{notice}{listed}\n\n{how}", buttons=rows)


def _name(services: Services, symbol: str) -> str:
    known = services.universe.get(symbol)
    return known.name if known is not None and known.name != symbol else ""


COMMAND = Command("list", "", N_("what you watch"), answer)
