"""/compare: two to five stocks side by side, in a small table and one chart."""

from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import AmbiguousSymbol, BadSymbol, UnknownSymbol
from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.translate import N_, said, together, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q90, Forecast
from bellwether.forecasting import sentences
from bellwether.market.symbols.match import is_whole_name
from bellwether.market.symbols.names_typed import names_typed
from bellwether.market.symbols.spellings import is_symbol
from bellwether.market.symbols.universe import Universe
from bot import charts
from bot.commands.base import ChatContext, Command, Given, Press, StaleButton
from bot.commands.stock_typed import ask_back, parted, split_horizon
from bot.keyboards import MOST_BYTES, horizons, meaning
from bot.replies import Pressed, Reply, Rows

FEWEST, MOST = 2, 5
_BETWEEN = {"vs", "vs.", "versus", "and", "or"}  #: words that may stand between two names
_HOW = said(
    "Please name {fewest} to {most} stocks: /compare AAPL MSFT TSLA, or with commas: /compare coca cola, apple 1m",
    fewest=FEWEST,
    most=MOST,
)


def answer(chat: ChatContext, text: str) -> Reply:
    """Compare forecasts of one horizon; names of more than one word need commas between them."""
    names, horizon = split_horizon(text)
    return compared(chat, _names(names, chat.services.universe), horizon)


def _names(text: str, universe: Universe) -> list[str]:
    """As every face parts them; where that leaves something unread, and no comma is there, each word is a name."""
    names = names_typed(text, universe)
    is_read = all(universe.get(name.upper()) is not None or is_whole_name(name, universe) for name in names)
    if {",", ";"} & set(text) or (len(names) > 1 and is_read):
        return names
    return [part for part in parted(text) if part.lower() not in _BETWEEN]


def compared(chat: ChatContext, names: list[str], horizon: int) -> Reply:
    """Compare forecasts of what is named, each by a symbol or a name. Raises BadSymbol and BadHorizon."""
    if not FEWEST <= len(names) <= MOST:
        raise BadSymbol(_HOW)
    made: dict[str, Forecast] = {}
    for at, name in enumerate(names):
        try:
            forecast = forecasts.answer(chat.services, name, horizon).forecast
        except (AmbiguousSymbol, UnknownSymbol) as problem:
            return _ask_back(problem, names, at, horizon)
        made.setdefault(forecast.symbol, forecast)
    if len(made) < FEWEST:
        raise BadSymbol(together(said("These are one and the same."), _HOW))
    chat.note(*made, horizon=horizon)
    several = list(made.values())
    chart = charts.comparison(several, chat.preferences.theme)
    return Reply(_table(several), chart=chart, buttons=(*_horizons(list(made), horizon), (meaning(),)))


def _ask_back(problem: AmbiguousSymbol | UnknownSymbol, names: list[str], at: int, horizon: int) -> Reply:
    """Ask which stock is meant; the buttons go on with the comparison where the other names fit on them."""
    others = [name.upper() for name in (*names[:at], *names[at + 1 :])]
    if all(is_symbol(name) for name in others):
        asked = ask_back(problem, _action([*others[:at], "{}", *others[at:]], horizon))
        if _fit(asked.buttons):
            return asked
    return Reply(f"{escape(problem.for_person)}\n\n{escape(translated(_HOW))}")


def _table(compared: list[Forecast]) -> str:
    ranked = sorted(compared, key=lambda forecast: forecast.width, reverse=True)
    widest, calmest = ranked[0], ranked[-1]
    horizon = compared[0].horizon
    headline = _("{span} {widest:the} may move the most, {calmest:the} the least.").format(
        span=sentences.span(horizon),
        widest=with_articles(widest.name, widest.symbol),
        calmest=with_articles(calmest.name, calmest.symbol),
    )
    caveats = dict.fromkeys(caveat for forecast in compared for caveat in forecast.caveats)
    end = f"<i>{escape(' '.join(translated(caveat) for caveat in (*caveats, sentences.NOT_ADVICE)))}</i>"
    about = escape(sentences.about_held_in_short(compared))
    return "\n\n".join([f"<b>{escape(headline)}</b>", "\n".join(map(_line, compared)), about, end])


def _line(forecast: Forecast) -> str:
    held = sentences.held_in_short(forecast)
    line = _("<b>{symbol}</b> {price}: {low} to {high}").format(
        symbol=escape(forecast.symbol),
        price=escape(sentences.money(forecast.last_close, forecast.currency, forecast.symbol)),
        low=sentences.signed_percent(forecast.growths[Q10]),
        high=sentences.signed_percent(forecast.growths[Q90]),
    )
    return f"{line} ({escape(held)})" if held else line


def _horizons(symbols: list[str], shown: int) -> Rows:
    rows = horizons(shown, _action(symbols, "{}"))
    return rows if _fit(rows) else ()


def _fit(rows: Rows) -> bool:
    return all(len(button.action.encode()) <= MOST_BYTES for row in rows for button in row)


def _action(symbols: list[str], horizon: int | str) -> str:
    return f"compare:{horizon}:{','.join(symbols)}"


def _press(chat: ChatContext, given: Given) -> Pressed:
    names = _names(given.text(1), chat.services.universe)
    if not FEWEST <= len(names) <= MOST:
        raise StaleButton
    return Pressed(edit=compared(chat, names, given.horizon(0)))


COMMAND = Command(
    "compare",
    N_("A B C [10d]"),
    N_("two to five stocks side by side"),
    answer,
    {"compare": Press(_press, (2,))},
    often=True,
)
