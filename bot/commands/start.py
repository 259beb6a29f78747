"""/start: who we are, and the first thing to try. Wakes up a chat that had stopped us."""

from html import escape

from bellwether.alerts import watchlist
from bellwether.core.errors import AmbiguousSymbol, BadHorizon, BadSymbol, Delisted, MarketDataError, UnknownSymbol
from bellwether.core.i18n.translate import N_, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.market.symbols.match import is_whole_name
from bellwether.market.symbols.start_links import is_of_symbol, read_start
from bellwether.services import Services
from bot.commands import forecast, watch
from bot.commands.base import ChatContext, Command, Who
from bot.commands.clarify import ask_back
from bot.replies import Button, Reply

_WELCOME = N_(
    "<b>I forecast where a stock may be in days, weeks or months, as a range with its track record.</b>\n\n"
    "Nobody can tell whether a stock goes up tomorrow, and I won't pretend to. "
    "What can be told is how far it is likely to move, and how often such ranges have held.\n\n"
    "Send me a symbol or a company, like <b>AAPL</b> or <b>Apple</b>. "
    "Press “Watch” under an answer and I write to you every evening after the close. /help shows everything."
)


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """Welcome; a link such as t.me/bot?start=AAPL goes straight to the forecast, one to watch it does that.

    What a link carries may also be nobody's business here, as the code of a campaign: that is a welcome, too.
    """
    if asker.may_change:  # in a group not everybody may undo a /stop
        watchlist.join(services.store, services.clock, asker.chat_id, asker.language, asker.thread)
    payload = text.strip()
    if " " in payload:  # typed, for no link carries a space
        return forecast.answer(services, asker, payload)
    return (_of_link(services, asker, payload) if payload else None) or _welcome(services)


def _of_link(services: Services, asker: ChatContext, payload: str) -> Reply | None:
    """What a link asks for; None where it names no stock: "VIP" may be a symbol's code or a campaign's."""
    wanted = read_start(payload)
    watches = wanted.watch and asker.may_change
    try:
        question, horizon = forecast.question_and_horizon(services, wanted.question)
        if watches:
            return watch.begin(services, asker, wanted.question)
        return forecast.show(services, asker, question, horizon)
    except (BadHorizon, BadSymbol):
        return None
    except MarketDataError:
        # of a stock, trouble is an answer; of words that nobody knows it would only puzzle
        if is_of_symbol(payload) or _is_known(services, question):
            raise
        return None
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        if not isinstance(problem, Delisted) and not _is_known(services, question):
            return None
        return ask_back(problem, "add:{}" if watches else f"ask:{{}}:{horizon}")


def _is_known(services: Services, question: str) -> bool:
    return services.universe.get(question.upper()) is not None or is_whole_name(question, services.universe)


def _welcome(services: Services) -> Reply:
    note = f"\n\n<i>{escape(translated(services.provider.note))}</i>" if services.provider.note else ""
    return Reply(
        _(_WELCOME) + note,
        buttons=(tuple(Button(some_symbol, f"ask:{some_symbol}") for some_symbol in some_symbols(services)[:3]),),
    )


def some_symbols(services: Services) -> list[str]:
    """A few that this market has, for somebody who has not named any yet."""
    known = {instrument.symbol for instrument in services.universe}
    return [symbol for symbol in ("AAPL", "MSFT", "NVDA") if symbol in known] or sorted(known)[:3]


COMMAND = Command("start", "", N_("say hello and begin"), answer, who=Who.ADMINS_DO_MORE)
