"""What is answered to a greeting, to thanks, to a question for advice, and to what is not understood."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from bellwether.alerts import watchlist
from bellwether.core.alert_types import DigestMode
from bellwether.core.errors import StoreError
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery import chat_wishes
from bot.commands.base import ChatContext
from bot.commands.pause_sentences import is_stopped
from bot.commands.risk import together
from bot.commands.start import some_symbols
from bot.keyboards import MOST_BYTES, in_rows, meaning
from bot.replies import Button, Reply, opened
from bot.understand.meaning import Intent

MOST = 3  #: buttons under what was not understood
_MOST_STOCKS = 4
_HELLO = N_("<b>Hello!</b>")
_TRY = N_(
    "I tell how far a stock may move, as a range, and how often such ranges held.\n\n"
    "Send me a company, like <b>Apple</b>, or ask in your own words: “Tesla next week”, “Apple or Microsoft?”, "
    "“tell me when Nvidia drops 5\u00a0%”."
)
_HELLO_NAME = N_("<b>Hello, {name}!</b>")
_THANKED = N_("You're welcome. Ask whenever you want to know how far a stock may move.")
_NODDED = N_("Good.")
_EXCUSED = N_("No harm done. Ask whenever you like.")
_SCOLDED = N_("I'm sorry that I was of no help. Perhaps I can do better with one of these:")
_BYE = N_("Goodbye! What you watch still comes every evening; /stop ends that.")
_BYE_SELDOM = N_("Goodbye! What you watch still comes as you chose in /settings; /stop ends that.")
_BYE_STOPPED = N_("Goodbye! Nothing comes by itself until you send /start.")
_BYE_ALONE = N_("Goodbye! Ask whenever you want to know how far a stock may move.")
_UNCLEAR = N_("I'm not sure what you mean. Is it one of these? Or send me a company, like <b>Apple</b>.")
_HERE_FIRST = N_("It comes here. Where it goes besides, by mail or to another app, is set up once for all alerts.")
_BY_EVENING = N_(
    "By mail or to another app goes what I write of my own accord: alerts, and the digest of all that you watch. Watch "
    "the stock, and set up where it goes."
)
_BY_EVENING_SHORT = N_("To have it by mail or in an app: watch it, and set up where the digest goes.")
_NO_ADVICE = N_("I give no advice: nobody knows what a stock does next.")
_HOLDINGS = N_(
    "I keep which stocks you watch, not how many of each you own, and give no advice. Watch them, and one message "
    "tells of all of them every evening; their range as a whole counts each as an equal part."
)
_HOW_FAR = N_("What I can tell is how far it may move:")
_ANYTHING = N_("Nobody can tell which stock is best, and I don't guess. Press one and see how far it may move, or ask:")
_OURSELVES = N_(
    "<b>I'm software, not a person.</b> A neural network (an LSTM), trained on past prices, works out how far a stock "
    "may move; my sentences are ready-made. I'm no bank and no adviser, cost nothing and show no "
    "advertisements. My program, Bellwether, is free and open to read; this bot is run by whoever set it up."
)
_NOBODY_KNOWS = N_("Nobody knows whether the market will fall or rise, and I won't pretend to.")
_WHICH_WAY = N_("Nobody knows whether it rises or falls; how far it may move can be told:")
_NO_INDEX = N_("An index of the whole market is not among what I have here.")
_WHOLE = N_("What can be told is how far the S&amp;P 500, an index of 500 big US companies, may move:")
_ONLY_AHEAD = N_("I forecast only what is to come, and that day has passed.")
_ONLY_AHEAD_AFTER = N_("I forecast only what is to come, and “{asked}” has passed.")
_AS_A_WHOLE = N_("The record is told as a whole here, not of “{asked}” alone.")
_OF_THE_PAST = N_(
    "The chart of a forecast shows the past months. What I would have said on a past day, and what came: "
    "/asof 2024-02-01 {symbol}."
)
_WHICH = N_("Which stock? Press one, or send me its name.")

#: label and action of a button for what may have been meant; each action stands in the file of its command
_LIKELY = {
    Intent.HELP: (N_("What can I ask?"), "help"),
    Intent.TODAY: (N_("What happened today?"), "today"),
    Intent.LIST: (N_("What do I watch?"), "list"),
    Intent.TRACK: (N_("How good are the forecasts?"), "track"),
    Intent.SETTINGS: (N_("Settings"), "settings"),
    Intent.ALERTS: (N_("My alerts"), "alerts"),
}


def hello(chat: ChatContext) -> Reply:
    """Greet, by name where there is one, with stocks to begin with."""
    heading = _(_HELLO_NAME).format(name=escape(chat.first_name)) if chat.first_name else _(_HELLO)
    stocks = tuple(Button(symbol, f"ask:{symbol}") for symbol in some_symbols(chat.services.universe))
    return Reply(f"{heading} {_(_TRY)}", buttons=(stocks, (_button(Intent.HELP),)))


def thanks(chat: ChatContext, *, mere_nod: bool = False) -> Reply:
    """Answer thanks and praise, or a mere "ok"."""
    return Reply(_(_NODDED if mere_nod else _THANKED))


def excused() -> Reply:
    """Answer an excuse."""
    return Reply(_(_EXCUSED))


def scolded() -> Reply:
    """Answer an insult kindly, with the way to what can be asked."""
    return Reply(_(_SCOLDED), buttons=((_button(Intent.HELP),),))


def bye(chat: ChatContext) -> Reply:
    """Answer a goodbye; whoever watches something learns whether it goes on."""
    if not _watched(chat):
        return Reply(_(_BYE_ALONE))
    if is_stopped(chat):
        return Reply(_(_BYE_STOPPED))
    if not chat.services.provider.live:  # then nothing comes
        return Reply(_(_BYE_ALONE))
    mode = chat_wishes.alert_settings(chat.services.store, chat.chat_id).digest_mode
    return Reply(_(_BYE if mode is DigestMode.ALWAYS else _BYE_SELDOM))


def unclear(likely: Sequence[Intent]) -> Reply:
    """Offer what may have been meant, the likeliest first."""
    offered = [intent for intent in dict.fromkeys((*likely, *_LIKELY)) if intent in _LIKELY or intent is Intent.EXPLAIN]
    return Reply(_(_UNCLEAR), buttons=tuple((_button(intent),) for intent in offered[:MOST]))


def perhaps(symbol: str, name: str) -> Reply:
    """Offer what can be had of a stock whose symbol is also a word: NOW is one, and "now" may be said otherwise."""
    text = _("Do you mean <b>{name}</b> ({symbol})? Then press one of these.")
    offered = (
        (_("Where may it be?"), f"ask:{symbol}"),
        (_("Watch it every evening"), f"add:{symbol}"),
        (_("Alert me…"), f"alert:{symbol}"),
    )
    buttons = tuple((Button(label, action),) for label, action in offered)
    return Reply(text.format(name=escape(name), symbol=escape(symbol)), buttons=buttons)


def which_stock(chat: ChatContext, action: str, opening: str = "") -> Reply:
    """Ask which stock is meant. `action` is what a button sends, with {} for its symbol."""
    symbols = (_watched(chat) or some_symbols(chat.services.universe))[:_MOST_STOCKS]
    buttons = in_rows([Button(symbol, action.format(symbol)) for symbol in symbols], _MOST_STOCKS)
    return Reply(f"{opening}\n\n{_(_WHICH)}" if opening else _(_WHICH), buttons=buttons)


def no_advice(chat: ChatContext, range_of: Reply | None) -> Reply:
    """Say kindly that no advice is given, above the range that was asked for; without one ask of which stock."""
    kindly = f"{_(_NO_ADVICE)} {_(_HOW_FAR)}"
    if range_of is None:
        asked = which_stock(chat, "ask:{}")
        more = tuple((_button(intent),) for intent in (Intent.TODAY, Intent.TRACK))
        return Reply(f"{_(_NO_ADVICE)} {_(_ANYTHING)}", buttons=(*asked.buttons, *more))
    return with_opening(range_of, kindly if range_of.chart is not None else _(_NO_ADVICE))


def no_advice_on_which(chat: ChatContext) -> Reply:
    """Say so to whoever asks of one stock without naming it, and ask which it is."""
    return which_stock(chat, "ask:{}", _(_NO_ADVICE))


def for_holder(reply: Reply) -> Reply:
    """Put the button that watches a stock first, for somebody who owns it."""
    rows = [
        tuple(replace(button, label=_("Watch it every evening")) for button in row) if _is_watch(row) else row
        for row in reply.buttons
    ]
    return replace(reply, buttons=tuple(sorted(rows, key=lambda row: not _is_watch(row))))


def for_holder_of_several(reply: Reply, symbols: Sequence[str], horizon: int) -> Reply:
    """Offer first to watch all of them, and their range as a whole: how many of each somebody owns is not kept."""
    watch = ":".join(["addall", *symbols])
    offered = (
        (_("Watch these every evening"), watch if len(watch) <= MOST_BYTES else ""),
        (_("The range of all together"), together(symbols, horizon)),
    )
    rows = tuple((Button(label, action),) for label, action in offered if action)
    return replace(with_opening(reply, _(_HOLDINGS)), buttons=(*rows, *reply.buttons))


def _is_watch(row: tuple[Button, ...]) -> bool:
    return len(row) == 1 and row[0].action.startswith("watch:")


def ourselves() -> Reply:
    """Tell what answers here, and at what price."""
    return Reply(_(_OURSELVES), buttons=((_button(Intent.HELP),), (_button(Intent.TRACK),)))


def nobody_knows(range_of: Reply | None) -> Reply:
    """Say that nobody knows where the market goes, above the range of its index where there is one."""
    if range_of is None:
        return Reply(f"{_(_NOBODY_KNOWS)} {_(_NO_INDEX)}", buttons=((_button(Intent.TODAY),),))
    return with_opening(range_of, f"{_(_NOBODY_KNOWS)} {_(_WHOLE)}")


def which_way(range_of: Reply) -> Reply:
    """Say that nobody knows which way a stock goes, above its range."""
    return with_opening(range_of, _(_WHICH_WAY)) if range_of.chart is not None else range_of


def as_a_whole(record: Reply, asked: str) -> Reply:
    """Say above a track record that it is not of the time alone that was asked for."""
    return with_opening(record, _(_AS_A_WHOLE).format(asked=escape(asked)))


def only_ahead(stock: str, horizon: int, asked: str) -> Reply:
    """Say that a time that has passed is not forecast, with the ways to what is known of it. `stock` is a symbol."""
    opening = _(_ONLY_AHEAD_AFTER).format(asked=escape(asked)) if asked else _(_ONLY_AHEAD)
    buttons = (
        (Button(_("What lies ahead"), f"ask:{stock}:{horizon}"),),
        (Button(_("What changed?"), f"why:{stock}:{horizon}"),),
        (Button(_("How earlier forecasts turned out"), f"track:{stock}"),),
    )
    return Reply(f"{opening} {_(_OF_THE_PAST).format(symbol=escape(stock))}", buttons=buttons)


def nothing_called(names: Sequence[str]) -> Reply:
    """Say that none of these companies is here, with the way to those that are."""
    text = _("I have nothing called {names} here.").format(names=_quoted(names))
    return Reply(text, buttons=((Button(_("All stocks"), "symbols"),),))


def here_first(reply: Reply) -> Reply:
    """Say above an alert that it comes here, with the way to have it elsewhere too."""
    return replace(
        with_opening(reply, _(_HERE_FIRST)), buttons=(*reply.buttons, (Button(_("Also send to…"), "targets"),))
    )


def by_evening(reply: Reply) -> Reply:
    """Say above a forecast that was wanted by mail or in an app what goes there, and how."""
    return replace(
        with_opening(reply, _(_BY_EVENING), _(_BY_EVENING_SHORT)),
        buttons=(*reply.buttons, (Button(_("Also send to…"), "targets"),)),
    )


def lacking(reply: Reply, names: Sequence[str]) -> Reply:
    """Say above an answer which companies of the question are not here."""
    text = _("I have nothing called {names} here. This is about the rest:")
    return with_opening(reply, text.format(names=_quoted(names)))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(_("“{name}”").format(name=escape(name)) for name in names)


def with_opening(reply: Reply, *openings: str) -> Reply:
    """Put a line above an answer: the first of these with which both fit under its picture."""
    return opened(reply, *openings)


def _button(intent: Intent) -> Button:
    if intent is Intent.EXPLAIN:
        return meaning()
    label, action = _LIKELY[intent]
    return Button(_(label), action)


def _watched(chat: ChatContext) -> list[str]:
    try:
        return [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    except StoreError:  # an answer is still given
        return []
