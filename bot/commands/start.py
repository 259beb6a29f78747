"""/start: who we are, and the first thing to try. Wakes up a chat that had stopped us."""

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

from bellwether.alerts import ask, watchlist
from bellwether.alerts.next_digest import next_digest
from bellwether.core.alert_types import DigestMode
from bellwether.core.errors import AmbiguousSymbol, BadHorizon, BadSymbol, Delisted, MarketDataError, UnknownSymbol
from bellwether.core.i18n.numbers import day_and_month
from bellwether.core.i18n.time_zones import city
from bellwether.core.i18n.translate import N_, ngettext, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chat_wishes
from bellwether.market.symbols.match import is_whole_name
from bellwether.market.symbols.start_links import is_of_symbol, read_start
from bellwether.market.symbols.universe import Universe
from bot.commands import forecast
from bot.commands.base import ChatContext, Command, Who
from bot.commands.stock_typed import ask_back, question_and_horizon
from bot.commands.watch_promise import NOTHING_NEW
from bot.commands.watchlist import begin_watch
from bot.replies import Button, Reply, Rows

_MOST_NAMED = 3  #: stocks that are named; a list has its button
_WELCOME = N_(
    "<b>I forecast where a stock may be in days, weeks or months, as a range with its track record.</b>\n\n"
    "Nobody can tell whether a stock goes up tomorrow, and I won't pretend to. "
    "What can be told is how far it is likely to move, and how often such ranges have held.\n\n"
    "Send me a ticker or a company, like <b>AAPL</b> or <b>Apple</b>. "
    "Press “Watch” under an answer and I write to you every evening after the close. /help shows everything."
)
_IN_A_GROUP = N_("In a group I answer commands such as /forecast AAPL, what begins with my name, and replies to me.")


def answer(chat: ChatContext, text: str) -> Reply:
    """Welcome a chat; a link such as t.me/bot?start=AAPL gives the forecast at once, one to watch starts the digest.

    A link may also carry something that is not for us, such as the code of a campaign: that gets the welcome, too.
    """
    resumed = chat.may_change and watchlist.join(  # in a group not everybody may undo a /stop
        chat.services.store, chat.services.clock, chat.chat_id, chat.language, chat.thread
    )
    payload = text.strip()
    if " " in payload:  # typed, for no link carries a space
        return forecast.answer(chat, payload)
    if resumed and not payload:
        return Reply(_resumed(chat), buttons=(*_examples(chat), _own()))
    return (_of_link(chat, payload) if payload else None) or _welcome(chat)


def _resumed(chat: ChatContext) -> str:
    """Say that /stop is over, and what comes again."""
    symbols = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    rules = len(ask.rules_of(chat.services.store, chat.chat_id))
    parts = [_("<b>I write to you again.</b>")]
    if symbols:
        parts += [_watched(symbols), _when(chat)]
    if rules:
        parts.append(
            ngettext(
                "You have {count} alert; I look at it after each trading day.",
                "You have {count} alerts; I look at them after each trading day.",
                rules,
            ).format(count=rules)
        )
    if not symbols and not rules:
        parts.append(_("You watch nothing yet and have no alerts, so nothing comes by itself: send me a stock."))
    elif not chat.services.provider.live:
        parts.append(_(NOTHING_NEW))
    return "\n\n".join([parts[0], " ".join(part for part in parts[1:] if part)])


def _watched(symbols: Sequence[str]) -> str:
    """ "You watch AAPL, KO, MSFT and 4 more."."""
    named, more = ", ".join(escape(symbol) for symbol in symbols[:_MOST_NAMED]), len(symbols) - _MOST_NAMED
    if more > 0:
        named = ngettext("{names} and {count} more", "{names} and {count} more", more).format(names=named, count=more)
    return _("You watch {names}.").format(names=named)


def _when(chat: ChatContext) -> str:
    """When the next digest comes, by the chat's clock; "" where nothing comes, or nobody knows when."""
    due = next_digest(chat.services, chat.chat_id)
    if due is None or not chat.services.provider.live:
        return ""
    settings = chat_wishes.alert_settings(chat.services.store, chat.chat_id)
    if due <= chat.services.clock():
        return _("The digest of them comes in a few minutes.")
    local = due.astimezone(ZoneInfo(settings.timezone))
    message = (
        _("The next digest of them comes on {day} at {time} ({place} time), if something unusual has happened.")
        if settings.digest_mode is DigestMode.UNUSUAL
        else _("The next digest of them comes on {day} at {time} ({place} time).")
    )
    return message.format(day=day_and_month(local.date()), time=f"{local:%H:%M}", place=city(settings.timezone))


def _of_link(chat: ChatContext, payload: str) -> Reply | None:
    """Return what a link asks for, None where it names no stock: "VIP" may be a symbol or the code of a campaign."""
    wanted = read_start(payload)
    watches, universe = wanted.watch and chat.may_change, chat.services.universe
    try:
        question, horizon = question_and_horizon(universe, wanted.question)
        if watches:
            return begin_watch(chat, wanted.question)
        return forecast.show(chat, question, horizon)
    except (BadHorizon, BadSymbol):
        return None
    except MarketDataError:
        # of a stock, trouble is an answer; of words that nobody knows it would only puzzle
        if is_of_symbol(payload) or _is_known(universe, question):
            raise
        return None
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        if not isinstance(problem, Delisted) and not _is_known(universe, question):
            return None
        return ask_back(problem, "add:{}" if watches else f"ask:{{}}:{horizon}")


def _is_known(universe: Universe, question: str) -> bool:
    return universe.get(question.upper()) is not None or is_whole_name(question, universe)


def _welcome(chat: ChatContext) -> Reply:
    note = f"\n\n<i>{escape(translated(chat.services.provider.note))}</i>" if chat.services.provider.note else ""
    told = f"\n\n{_(_IN_A_GROUP)}" if chat.chat_id < 0 else ""  # as Telegram numbers them
    return Reply(_(_WELCOME) + told + note, buttons=_examples(chat))


def _own() -> tuple[Button, ...]:
    """Lead to what a chat has set up."""
    return (Button(_("What do I watch?"), "list"), Button(_("My alerts"), "alerts"), Button(_("Settings"), "settings"))


def _examples(chat: ChatContext) -> Rows:
    return (tuple(Button(symbol, f"ask:{symbol}") for symbol in some_symbols(chat.services.universe)),)


def some_symbols(universe: Universe) -> list[str]:
    """Return up to three symbols of this market as examples."""
    known = {instrument.symbol for instrument in universe}
    return [symbol for symbol in ("AAPL", "MSFT", "NVDA") if symbol in known] or sorted(known)[:3]


COMMAND = Command("start", "", N_("say hello and begin"), answer, who=Who.ADMINS_DO_MORE)
