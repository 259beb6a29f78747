"""/forecast, and a bare symbol: the range, its chart, and how far it can be trusted."""

import re
from html import escape

from bellwether.alerts import watchlist
from bellwether.ask import forecasts
from bellwether.core.errors import AmbiguousSymbol, BadSymbol, BellwetherError, StoreError, UnknownSymbol
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON, UNITS, parse_horizon
from bellwether.forecasting import sentences
from bellwether.market.symbols.match import is_whole_name, read
from bellwether.market.symbols.normalize import clean_question
from bellwether.services import Services
from bot import charts
from bot.commands.base import ChatContext, Command, Given, Press, Who
from bot.commands.clarify import ask_back
from bot.keyboards import under_forecast
from bot.replies import NO_FILE, Pressed, Reply, forecast_text

_ENDS_IN_HORIZON = re.compile(rf"(.*\S) ([+.,-]?[0-9]\S*(?: (?:{UNITS}))?)", re.IGNORECASE | re.DOTALL)


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The forecast for "AAPL", "AAPL 10d" or "bank of america 3m"."""
    question, horizon = question_and_horizon(services, text)
    if not question:
        raise BadSymbol(said("Which stock? For example: /forecast AAPL 10d"))
    return ask(services, asker, question, horizon)


def ask(services: Services, asker: ChatContext, question: str, horizon: int) -> Reply:
    """The forecast, or a question back whose buttons keep the horizon."""
    try:
        return show(services, asker, question, horizon)
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, f"ask:{{}}:{horizon}")


def show(services: Services, asker: ChatContext, question: str, horizon: int) -> Reply:
    """The reply for a question and a horizon, also when a button asks for it."""
    asked = forecasts.answer(services, question, horizon)
    made = asked.forecast
    watched = made.symbol in _watched(services, asker.chat_id)
    return Reply(
        forecast_text(made, expert=asker.preferences.expert),
        chart=charts.fan(asked, asker.preferences.theme),
        buttons=under_forecast(made.symbol, horizon, watched),
    )


def names_stock(services: Services, text: str) -> bool:
    """Whether a text names a stock, or several to choose from, beyond doubt: then it was hardly said in passing."""
    try:
        question, _horizon = question_and_horizon(services, text)
        reading = read(clean_question(question), services.universe)
        if reading.candidates:
            return reading.sure
        forecasts.resolve(services, question)
    except AmbiguousSymbol:
        return True
    except BellwetherError:
        return False
    return True


def question_and_horizon(services: Services, text: str) -> tuple[str, int]:
    """As `split_horizon`, but "S&P 500" and "CAC 40" are names. Raises BadHorizon."""
    words = " ".join(text.split())
    return (words, DEFAULT_HORIZON) if is_whole_name(words, services.universe) else split_horizon(words)


def split_horizon(text: str) -> tuple[str, int]:
    """The question and its horizon: what stands at the end and begins like a number. Raises BadHorizon for a bad one.

    A lone "3m" is a company, not a horizon.
    """
    words = " ".join(text.split())
    found = _ENDS_IN_HORIZON.fullmatch(words.rstrip("?! "))
    return (found[1], parse_horizon(found[2])) if found else (words, DEFAULT_HORIZON)


def _watched(services: Services, chat_id: int) -> set[str]:
    """What the chat watches; a forecast is still given when the database is out of order."""
    try:
        return {one.symbol for one in watchlist.watchlist(services.store, chat_id)}
    except StoreError:
        return set()


def _show_anew(services: Services, asker: ChatContext, given: Given) -> Pressed:
    """The forecast above, for another horizon."""
    given.expect(1, 2)
    return Pressed(edit=show(services, asker, given.symbol(), given.horizon(1)))


def _ask(services: Services, asker: ChatContext, given: Given) -> Pressed:
    """One more forecast; buttons under older messages have no horizon."""
    given.expect(1, 2)
    horizon = given.horizon(1) if len(given) == 2 else DEFAULT_HORIZON
    return Pressed(reply=ask(services, asker, given.symbol(), horizon))


def _watch(services: Services, asker: ChatContext, given: Given) -> Pressed:
    """Watch what the forecast above is about."""
    given.expect(1, 2)
    symbol, horizon = given.symbol(), given.horizon(1)
    watchlist.watch(services, asker.chat_id, symbol, asker.language, asker.thread)
    live = services.provider.live
    notice = _("You get a digest of {symbol} every evening.") if live else _("{symbol} is on your list now.")
    return Pressed(notice.format(symbol=symbol), edit=show(services, asker, symbol, horizon))


def _unwatch(services: Services, asker: ChatContext, given: Given) -> Pressed:
    """Watch it no more."""
    given.expect(1, 2)
    symbol, horizon = given.symbol(), given.horizon(1)
    watchlist.unwatch(services.store, services.universe, asker.chat_id, symbol)
    return Pressed(_("No more digests of {symbol}.").format(symbol=symbol), edit=show(services, asker, symbol, horizon))


def _full_size(services: Services, asker: ChatContext, given: Given) -> Pressed:
    """The chart above as a file, which no phone shrinks."""
    given.expect(2)
    asked = forecasts.answer(services, given.symbol(), given.horizon(1))
    chart = charts.fan(asked, asker.preferences.theme)
    headline = escape(sentences.headline(asked.forecast))
    return Pressed(reply=Reply(headline, chart=chart, full_size=True, words_alone=_(NO_FILE)))


COMMAND = Command(
    "forecast",
    N_("SYMBOL [10d]"),
    N_("where a stock may be, as a range"),
    answer,
    {
        "forecast": Press(_show_anew),
        "ask": Press(_ask),
        "chart": Press(_full_size),
        "watch": Press(_watch, Who.ADMINS),
        "unwatch": Press(_unwatch, Who.ADMINS),
    },
)
