"""/forecast, and a bare symbol: the range, its chart, and how such ranges held; the rest behind a button."""

from html import escape

from bellwether.alerts import watchlist
from bellwether.ask import forecasts
from bellwether.core.errors import BadSymbol, StoreError
from bellwether.core.i18n.translate import N_, said
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.forecasting import sentences
from bot import charts
from bot.commands.base import ChatContext, Command, Given, Press, Who
from bot.commands.pause_sentences import is_stopped
from bot.commands.stock_typed import or_ask_back, question_and_horizon
from bot.keyboards import under_details, under_forecast
from bot.replies import NO_FILE, Pressed, Reply, detailed_text, short_text


def answer(chat: ChatContext, text: str) -> Reply:
    """Give the forecast for "AAPL", "AAPL 10d" or "bank of america 3m"."""
    question, horizon = question_and_horizon(chat.services.universe, text)
    if not question:
        raise BadSymbol(said("Which stock? For example: /forecast AAPL 10d"))
    return ask(chat, question, horizon)


def ask(chat: ChatContext, question: str, horizon: int) -> Reply:
    """Give the forecast, or a question back whose buttons keep the horizon."""
    return or_ask_back(lambda: show(chat, question, horizon), f"ask:{{}}:{horizon}")


def show(chat: ChatContext, question: str, horizon: int, *, details: bool = False) -> Reply:
    """Give the forecast, in short or with its `details`.

    Raises AmbiguousSymbol, UnknownSymbol and the other errors of `forecasts.answer`.
    """
    asked = forecasts.answer(chat.services, question, horizon)
    made = asked.forecast
    chat.note(made.symbol, horizon=horizon)
    try:
        is_watched = made.symbol in {row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)}
    except StoreError:  # a forecast is still given
        is_watched = False
    return Reply(
        detailed_text(made, expert=chat.preferences.expert) if details else short_text(made),
        chart=charts.fan(chat.services, asked, chat.preferences.theme),
        buttons=(under_details if details else under_forecast)(
            made.symbol, horizon, is_watched, is_watched and is_stopped(chat)
        ),
    )


def _show_anew(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=show(chat, given.symbol(), given.horizon(1)))


def _show_details(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=show(chat, given.symbol(), given.horizon(1), details=True))


def _watch(chat: ChatContext, given: Given) -> Pressed:
    symbol, horizon = given.symbol(), given.horizon(1)
    watchlist.watch(chat.services, chat.chat_id, symbol, chat.language, chat.thread)
    live = chat.services.provider.live
    notice = _("You get a digest of {symbol} every evening.") if live else _("{symbol} is on your list now.")
    return Pressed(notice.format(symbol=symbol), edit=show(chat, symbol, horizon))


def _unwatch(chat: ChatContext, given: Given) -> Pressed:
    symbol, horizon = given.symbol(), given.horizon(1)
    watchlist.unwatch(chat.services.store, chat.services.universe, chat.chat_id, symbol)
    return Pressed(_("No more digests of {symbol}.").format(symbol=symbol), edit=show(chat, symbol, horizon))


def _full_size(chat: ChatContext, given: Given) -> Pressed:
    """Send the chart above as a file, which no phone shrinks."""
    asked = forecasts.answer(chat.services, given.symbol(), given.horizon(1))
    chart = charts.fan(chat.services, asked, chat.preferences.theme)
    headline = escape(sentences.headline(asked.forecast))
    return Pressed(reply=Reply(headline, chart=chart, full_size=True, words_alone=_(NO_FILE)))


COMMAND = Command(
    "forecast",
    N_("TICKER [10d]"),
    N_("where a stock may be, as a range"),
    answer,
    {
        "forecast": Press(_show_anew, (1, 2)),
        "details": Press(_show_details, (2,)),
        # buttons under older messages have no horizon
        "ask": Press(lambda chat, given: ask(chat, given.symbol(), given.horizon(1, DEFAULT_HORIZON)), (1, 2)),
        "chart": Press(_full_size, (2,)),
        "watch": Press(_watch, (1, 2), Who.ADMINS),
        "unwatch": Press(_unwatch, (1, 2), Who.ADMINS),
    },
    often=True,
)
