"""/symbols: all that is served here, a page at a time, with a link to the page's own list where there is one."""

from html import escape

from bellwether.core.i18n.translate import N_, ngettext
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Instrument
from bot.commands.base import ChatContext, Command, Given, Press
from bot.replies import Button, Pressed, Reply

_PAGE = 60  #: symbols with their names; a Telegram message holds 4,096 characters


def answer(chat: ChatContext, text: str) -> Reply:
    """List the symbols from the first one on."""
    return _page(chat, 0)


def _page(chat: ChatContext, page: int) -> Reply:
    """List one page of them, the last one for a higher number."""
    served = sorted(chat.services.universe, key=lambda instrument: instrument.name.casefold())
    last = max(0, (len(served) - 1) // _PAGE)
    page = min(page, last)
    heading = ngettext(
        "<b>{count} stock or index</b> is ready here:", "<b>{count} stocks and indices</b> are ready here:", len(served)
    )
    lines = "\n".join(map(_line, served[page * _PAGE : (page + 1) * _PAGE]))
    parts = [heading.format(count=len(served)), lines, _("Send me a name or a ticker of these.")]
    if (address := chat.services.settings.web.public_url) != "":
        parts.append(f"{escape(address)}/market")
    turns = [Button("«", f"symbols:{page - 1}")] if page else []
    turns += [Button("»", f"symbols:{page + 1}")] if page < last else []
    return Reply("\n\n".join(parts), buttons=(tuple(turns),) if turns else ())


def _line(instrument: Instrument) -> str:
    return f"{escape(instrument.name)} · <code>{escape(instrument.symbol)}</code>"


def _press(chat: ChatContext, given: Given) -> Pressed:
    """Show the first page in a message of its own, and turn the pages within it."""
    if len(given):
        return Pressed(edit=_page(chat, given.number()))
    return Pressed(reply=answer(chat, ""))


COMMAND = Command("symbols", "", N_("all stocks that are ready here"), answer, {"symbols": Press(_press, (0, 1))})
