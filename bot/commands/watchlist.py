"""/watch, /unwatch and /list: what a chat gets a digest of every evening."""

from collections.abc import Sequence
from html import escape

from bellwether.alerts import watchlist
from bellwether.core.errors import AmbiguousSymbol, BadSymbol, BellwetherError, UnknownSymbol
from bellwether.core.i18n.translate import N_, ngettext, said, together, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Instrument
from bellwether.market.symbols.names_typed import names_typed
from bot.commands import watchlist_emptied, watchlist_file
from bot.commands.base import ChatContext, Command, Press, Who
from bot.commands.pause_sentences import pause_notice
from bot.commands.stock_typed import ask_back, or_ask_back, question_and_horizon
from bot.commands.watch_promise import NOTHING_NEW, one_message
from bot.keyboards import in_rows
from bot.replies import Button, Reply

_SHOWN = 80  #: lines; a Telegram message holds 4,096 characters
_SHOWN_BUTTONS = 12  #: more would push the list off a phone's screen


def watch(chat: ChatContext, text: str) -> Reply:
    """Put one or several symbols on the watchlist; each is answered."""
    universe = chat.services.universe
    names = names_typed(question_and_horizon(universe, text)[0], universe)
    if not names:
        raise BadSymbol(together(said("Which stock? For example: /watch AAPL"), watchlist_file.ALSO_A_FILE))
    return _add(chat, names[0]) if len(names) == 1 else _add_each(chat, names)


def _add_each(chat: ChatContext, names: list[str]) -> Reply:
    """Answer each name in a line, with buttons for those that are not clear."""
    lines, buttons, watching = [], list[tuple[Button, ...]](), False
    for name in names:
        try:
            watched = watchlist.watch(chat.services, chat.chat_id, name, chat.language, chat.thread)
        except (AmbiguousSymbol, UnknownSymbol) as problem:
            asked = ask_back(problem, "add:{}")
            lines.append(f"• {asked.text}")
            buttons += asked.buttons
        except BellwetherError as problem:  # the list is full, or the market away: the others are answered all the same
            lines.append(f"• {escape(name)}: {escape(translated(problem))}")
        else:
            watching = True
            now = _("You watch {name} now.") if watched.changed else _("You watched {name} already.")
            lines.append(f"• {now.format(name=_name(watched))}")
    if not watching:  # then there is nothing to promise
        return Reply("\n".join(lines), buttons=tuple(buttons))
    return Reply("\n\n".join(["\n".join(lines), *one_message(chat)]), buttons=tuple(buttons))


def _name(watched: watchlist.Watched) -> str:
    return f"<b>{escape(watched.instrument.name)}</b> ({escape(watched.instrument.symbol)})"


def _add(chat: ChatContext, question: str) -> Reply:
    return or_ask_back(lambda: begin_watch(chat, question), "add:{}")


def begin_watch(chat: ChatContext, question: str) -> Reply:
    """Put one symbol on the watchlist. Raises AmbiguousSymbol and UnknownSymbol."""
    return Reply(_told(chat, watchlist.watch(chat.services, chat.chat_id, question, chat.language, chat.thread)))


def _told(chat: ChatContext, watched: watchlist.Watched) -> str:
    name = _name(watched)
    if not watched.changed:
        return _("You already watch {name}. /list shows everything you watch.").format(name=name)
    delay = chat.services.settings.alerts.digest_delay
    promise = ngettext(
        "You now watch {name}. After each trading day, about {count} minute after the close, I send one message with "
        "its range and what changed. /unwatch stops it, /list shows everything.",
        "You now watch {name}. After each trading day, about {count} minutes after the close, I send one message with "
        "its range and what changed. /unwatch stops it, /list shows everything.",
        delay,
    ).format(name=name, count=delay)
    return promise if chat.services.provider.live else f"{promise}\n\n{_(NOTHING_NEW)}"


def unwatch(chat: ChatContext, text: str) -> Reply:
    """Take a symbol off the watchlist."""
    if not text.strip():
        raise BadSymbol(said("Which stock? For example: /unwatch AAPL. /list shows what you watch."))
    return _drop(chat, question_and_horizon(chat.services.universe, text)[0])


def unwatch_each(chat: ChatContext, names: Sequence[str]) -> Reply:
    """Take several off the watchlist; each is answered in a line."""
    answers = [_drop(chat, name) for name in names]
    return Reply("\n".join(answer.text for answer in answers), buttons=sum((answer.buttons for answer in answers), ()))


def _drop(chat: ChatContext, question: str) -> Reply:
    def drop() -> Reply:
        services = chat.services
        gone = watchlist.unwatch(services.store, services.universe, chat.chat_id, question)
        again = (Button(_("Watch again"), f"add:{gone.instrument.symbol}"),)
        return Reply(_told_gone(gone), buttons=(again,) if gone.changed else ())

    return or_ask_back(drop, "drop:{}")


def _told_gone(watched: watchlist.Watched) -> str:
    if not watched.changed:
        name = escape(watched.instrument.name)
        return _("You don't watch {name}. /list shows what you watch.").format(name=name)
    gone = _("You no longer watch <b>{symbol}</b>.").format(symbol=escape(watched.instrument.symbol))
    if watched.count == 0:
        return f"{gone} " + _("You watch nothing now.")
    return f"{gone} " + _("You still watch {count}: /list.").format(count=watched.count)


def listed(chat: ChatContext, text: str) -> Reply:
    """Show the watchlist, with a button for the forecast of each symbol."""
    notice = pause_notice(chat)
    watched = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    if not watched:
        nothing = _("You watch nothing yet. Send /watch AAPL, or press “Watch” under a forecast.")
        return Reply(f"{notice}{nothing}\n\n{escape(f'{watchlist_file.ALSO_A_FILE}')}")
    lines = [_line(chat.services.universe.get(symbol), symbol) for symbol in watched[:_SHOWN]]
    if len(watched) > _SHOWN:
        lines.append(_("and {count} more").format(count=len(watched) - _SHOWN))
    rows = in_rows([Button(symbol, f"ask:{symbol}") for symbol in watched[:_SHOWN_BUTTONS]], 4)
    lines_shown = "\n".join([_("You watch:"), *lines])
    how = _("To stop watching one, send for example /unwatch {symbol}.").format(symbol=escape(watched[0]))
    return Reply(f"{notice}{lines_shown}\n\n{how}", buttons=rows)


def _line(known: Instrument | None, symbol: str) -> str:
    name = f" {escape(known.name)}" if known is not None and known.name != symbol else ""
    return f"<b>{escape(symbol)}</b>{name}"


WATCH = Command(
    "watch",
    N_("TICKER"),
    N_("get a digest of it every evening"),
    watch,
    {
        "add": Press(lambda chat, given: _add(chat, given.symbol()), who=Who.ADMINS),
        "addall": Press(lambda chat, given: _add_each(chat, given.symbols()), range(1, 6), Who.ADMINS),
        "addlist": Press(watchlist_file.press, who=Who.ADMINS),
    },
    Who.ADMINS,
    often=True,
)
UNWATCH = Command(
    "unwatch",
    N_("TICKER"),
    N_("stop its digest"),
    unwatch,
    {
        "drop": Press(lambda chat, given: _drop(chat, given.symbol()), who=Who.ADMINS),
        "emptylist": Press(watchlist_emptied.press, (0,), Who.ADMINS),
        "keeplist": Press(watchlist_emptied.press_keep, (0,), Who.ADMINS),
    },
    Who.ADMINS,
)
LIST = Command(
    "list", "", N_("what you watch"), listed, {"list": Press(lambda chat, given: listed(chat, ""), (0,))}, often=True
)
