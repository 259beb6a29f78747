"""The watchlist emptied in words, after one question that says what stays.

emptylist   take everything off the list
keeplist    leave it
"""

from html import escape

from bellwether.alerts import watchlist
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bot.commands.base import ChatContext, Given
from bot.replies import Button, Pressed, Reply

_MOST_NAMED = 12  #: symbols in the question


def ask(chat: ChatContext) -> Reply:
    """Ask first: a long list is not soon put together again. Raises StoreError."""
    symbols = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    stays = _("Your alerts and settings stay. /delete_me erases everything, /alerts removes alerts.")
    if not symbols:
        return Reply(" ".join([_("You watch nothing now."), stays]))
    opening = ngettext(
        "Take {count} stock off your list?", "Take all {count} stocks off your list?", len(symbols)
    ).format(count=len(symbols))
    named = ", ".join(symbols[:_MOST_NAMED]) + ("…" if len(symbols) > _MOST_NAMED else "")
    buttons = ((Button(_("Yes, empty the list"), "emptylist"), Button(_("No, keep it"), "keeplist")),)
    return Reply(f"<b>{opening}</b> {escape(named)}\n\n{stays}", buttons=buttons)


def press(chat: ChatContext, given: Given) -> Pressed:
    """Take everything off the list. Raises StoreError."""
    services = chat.services
    symbols = [row.symbol for row in watchlist.watchlist(services.store, chat.chat_id)]
    gone = sum(watchlist.unwatch(services.store, services.universe, chat.chat_id, symbol).changed for symbol in symbols)
    text = ngettext("{count} stock is off your list.", "{count} stocks are off your list.", gone).format(count=gone)
    return Pressed(edit=Reply(" ".join([text, _("You watch nothing now.")])))


def press_keep(chat: ChatContext, given: Given) -> Pressed:
    """Leave the list as it is."""
    text = _("Nothing was removed.")
    return Pressed(text, edit=Reply(text))
