"""/risk: the range of a whole list held in equal parts, and who carries most of it."""

from collections.abc import Sequence
from html import escape

from bellwether.alerts import watchlist
from bellwether.ask import lists
from bellwether.core.errors import AmbiguousSymbol, BadHorizon, UnknownSymbol
from bellwether.core.i18n.translate import N_, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.core.types import MAX_HORIZON
from bellwether.forecasting import list_sentences, sentences
from bellwether.forecasting.list_forecast import ListForecast
from bellwether.market.symbols.names_typed import names_typed
from bot.commands import forecast
from bot.commands.base import ChatContext, Command, Given, Press
from bot.commands.stock_typed import ask_back, split_horizon
from bot.keyboards import MOST_BYTES, horizons
from bot.replies import Pressed, Reply, opened

_SHARES = 10  #: symbols whose part of the loss is told


def answer(chat: ChatContext, text: str) -> Reply:
    """Tell of what is named, or else of the watchlist."""
    names, horizon = _asked(chat, text)
    written = text.replace(",", " ").casefold().split()
    again = sum(max(0, written.count(name.casefold()) - 1) for name in names)
    return _of_named(chat, names, horizon, len(names) + again) if names else _of_watchlist(chat, horizon)


def _asked(chat: ChatContext, text: str) -> tuple[list[str], int]:
    """The names and the horizon; "10d" alone, and before the names, is a horizon. Raises BadHorizon."""
    first, _space, rest = text.strip().partition(" ")
    if first[:1].isdecimal():
        try:
            horizon = parse_horizon(first)
        except BadHorizon:  # "3M" and "2Y" may be companies, "700.HK" is one; "100d" is nothing but too far ahead
            if first[-1] in {"d", "w"} and first[:-1].isdecimal():
                raise
        else:
            return names_typed(rest, chat.services.universe) if rest.strip() else [], horizon
    question, horizon = split_horizon(text)
    return names_typed(question, chat.services.universe) if question else [], horizon


def _of_watchlist(chat: ChatContext, horizon: int) -> Reply:
    watched = [row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)]
    if not watched:
        how = _("For other stocks, name them: /risk AAPL MSFT KO 2w")
        nothing = _("You watch nothing yet. Send /watch AAPL, or press “Watch” under a forecast.")
        return Reply(f"{nothing}\n\n{how}")
    return _reply(chat, watched, horizon, of_watchlist=True)


def ask(chat: ChatContext, names: Sequence[str], horizon: int) -> Reply:
    """Tell of these names, or of the watchlist where there are none. Raises what `lists.forecast_list` does."""
    return _of_named(chat, names, horizon, len(names)) if names else _of_watchlist(chat, horizon)


def _of_named(chat: ChatContext, names: Sequence[str], horizon: int, named: int) -> Reply:
    """Tell of so many names; of one stock its own forecast, to which no record of lists belongs."""
    try:
        made = lists.forecast_list(chat.services, list(names), horizon)
    except (AmbiguousSymbol, UnknownSymbol) as problem:  # nothing else could be answered
        return ask_back(problem, "ask:{}")
    if list_sentences.only(made) is None:
        return _told(chat, made, named)
    reply = forecast.ask(chat, made.symbols[0], horizon)
    notes = "\n".join(_notes(made, named))
    return opened(reply, notes) if notes else reply


def together(symbols: Sequence[str], horizon: int) -> str:
    """The action of a button for the joint range of symbols; "" where it is longer than a button may send."""
    action = ":".join(["riskin", str(horizon), *symbols])
    return action if len(action.encode()) <= MOST_BYTES else ""


def _press_old(chat: ChatContext, given: Given) -> Reply:
    """A button made before it told its horizon."""
    return _reply(chat, given.symbols(), DEFAULT_HORIZON, of_watchlist=False)


def _press_named(chat: ChatContext, given: Given) -> Reply:
    horizon, symbols = given.horizon(0), given.symbols(1)
    return _reply(chat, symbols, horizon, of_watchlist=False)


def _reply(chat: ChatContext, names: list[str], horizon: int, *, of_watchlist: bool) -> Reply:
    try:
        made = lists.forecast_list(chat.services, names, horizon)
    except (AmbiguousSymbol, UnknownSymbol) as problem:  # nothing else could be answered
        return ask_back(problem, "ask:{}")
    return _told(chat, made, len(names), of_watchlist=of_watchlist)


def _told(chat: ChatContext, made: ListForecast, named: int, *, of_watchlist: bool = False) -> Reply:
    chat.note(*made.symbols[:5], horizon=made.horizon)
    if of_watchlist:
        return Reply(_text(made, named), buttons=horizons(made.horizon, "risk:{}"))
    longest = together(made.symbols, MAX_HORIZON)
    action = longest.replace(f":{MAX_HORIZON}:", ":{}:", 1)
    return Reply(_text(made, named), buttons=horizons(made.horizon, action) if action else ())


def _notes(made: ListForecast, named: int) -> list[str]:
    """What of so many names is not in the list, as HTML."""
    left = [f"• {escape(line)}" for line in list_sentences.left_out(made)]
    once = list_sentences.counted_once(named, made)
    return [*([_("Left out:"), *left] if left else []), *([escape(once)] if once else [])]


def _text(made: ListForecast, named: int) -> str:
    """The answer, as HTML; what is not in it comes first."""
    told = [list_sentences.heaviest(made), list_sentences.shares(made, _SHARES), list_sentences.plain_rule(made)]
    told.append(list_sentences.record(made))
    limits = " ".join(translated(caveat) for caveat in (*made.caveats, sentences.NOT_ADVICE))
    parts = [escape(part) for part in told if part]
    notes = ["\n".join(_notes(made, named))] if _notes(made, named) else []
    return "\n\n".join([*notes, f"<b>{escape(list_sentences.headline(made))}</b>", *parts, f"<i>{escape(limits)}</i>"])


COMMAND = Command(
    "risk",
    N_("[10d] [A B C]"),
    N_("the range of your whole list"),
    answer,
    {
        "risk": Press(lambda chat, given: Pressed(edit=_of_watchlist(chat, given.horizon(0, DEFAULT_HORIZON))), (0, 1)),
        "riskin": Press(lambda chat, given: Pressed(edit=_press_named(chat, given)), range(2, MOST_BYTES // 2)),
        "riskof": Press(_press_old, range(1, 6)),
    },
    often=True,
)
