"""/start: who we are, and the first thing to try. Wakes up a chat that had stopped us."""

from html import escape

from bellwether.alerts import ask, watchlist
from bellwether.core.errors import AmbiguousSymbol, BadHorizon, BadSymbol, Delisted, MarketDataError, UnknownSymbol
from bellwether.core.i18n.translate import N_, ngettext, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.market.symbols.match import is_whole_name
from bellwether.market.symbols.start_links import is_of_symbol, read_start
from bellwether.market.symbols.universe import Universe
from bot.commands import forecast
from bot.commands.base import ChatContext, Command, Who
from bot.commands.stock_typed import ask_back, question_and_horizon
from bot.commands.watchlist import begin_watch
from bot.replies import Button, Reply, Rows

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
        return Reply(_resumed(chat), buttons=_examples(chat))
    return (_of_link(chat, payload) if payload else None) or _welcome(chat)


def _resumed(chat: ChatContext) -> str:
    """Say that /stop is over, and what comes again."""
    symbols = len(watchlist.watchlist(chat.services.store, chat.chat_id))
    rules = len(ask.rules_of(chat.services.store, chat.chat_id))
    again = _("<b>I write to you again.</b>")
    if not symbols and not rules:
        nothing = _("You watch nothing yet and have no alerts, so nothing comes by itself: send me a stock.")
        return f"{again} {nothing}"
    watched = ngettext("You watch {count} stock.", "You watch {count} stocks.", symbols).format(count=symbols)
    alerts = ngettext("You have {count} alert.", "You have {count} alerts.", rules).format(count=rules)
    return f"{again} {watched} {alerts}\n\n/list /alerts /settings"


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


def _examples(chat: ChatContext) -> Rows:
    return (tuple(Button(symbol, f"ask:{symbol}") for symbol in some_symbols(chat.services.universe)),)


def some_symbols(universe: Universe) -> list[str]:
    """Return up to three symbols of this market as examples."""
    known = {instrument.symbol for instrument in universe}
    return [symbol for symbol in ("AAPL", "MSFT", "NVDA") if symbol in known] or sorted(known)[:3]


COMMAND = Command("start", "", N_("say hello and begin"), answer, who=Who.ADMINS_DO_MORE)
