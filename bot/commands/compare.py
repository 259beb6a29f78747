"""/compare: two to five stocks side by side, in a small table and one chart."""

import re
from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import AmbiguousSymbol, BadSymbol, UnknownSymbol
from bellwether.core.i18n.translate import N_, said, together, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q90, Forecast, Theme
from bellwether.forecasting import sentences
from bellwether.market.symbols.spellings import is_symbol
from bellwether.services import Services
from bot import charts
from bot.commands.base import ChatContext, Command, Given, Press, StaleButton
from bot.commands.clarify import ask_back
from bot.commands.forecast import split_horizon
from bot.keyboards import MOST_BYTES, horizons, meaning
from bot.replies import Pressed, Reply, Rows

FEWEST, MOST = 2, 5
_HOW = said(
    "Please name {fewest} to {most} stocks: /compare AAPL MSFT TSLA, or with commas: /compare coca cola, apple 1m",
    fewest=FEWEST,
    most=MOST,
)


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """Several forecasts of one horizon; names of more than one word need commas between them."""
    names, horizon = split_horizon(text)
    return _compared(services, _parted(names), horizon, asker.preferences.theme)


def _parted(text: str) -> list[str]:
    """The names, each once; they are parted at commas where there are any, else at spaces."""
    parts = re.split(r"[,;]", text) if re.search("[,;]", text) else text.split()
    return list(dict.fromkeys(part.strip() for part in parts if part.strip() and part.strip().lower() != "vs"))


def _compared(services: Services, names: list[str], horizon: int, theme: Theme) -> Reply:
    if not FEWEST <= len(names) <= MOST:
        raise BadSymbol(_HOW)
    made: dict[str, Forecast] = {}
    for at, name in enumerate(names):
        try:
            one = forecasts.answer(services, name, horizon).forecast
        except (AmbiguousSymbol, UnknownSymbol) as problem:
            return _ask_back(problem, names, at, horizon)
        made.setdefault(one.symbol, one)
    if len(made) < FEWEST:
        raise BadSymbol(together(said("These are one and the same."), _HOW))
    compared = list(made.values())
    return Reply(
        _table(compared),
        chart=charts.comparison(compared, theme),
        buttons=(*_horizons(list(made), horizon), (meaning(),)),
    )


def _ask_back(problem: AmbiguousSymbol | UnknownSymbol, names: list[str], at: int, horizon: int) -> Reply:
    """The question back, whose buttons go on with the comparison where the other names fit on them."""
    others = [name.upper() for name in (*names[:at], *names[at + 1 :])]
    if all(is_symbol(name) for name in others):
        asked = ask_back(problem, _action([*others[:at], "{}", *others[at:]], horizon))
        if all(len(button.action.encode()) <= MOST_BYTES for row in asked.buttons for button in row):
            return asked
    return Reply(f"{escape(problem.for_person)}\n\n{escape(translated(_HOW))}")


def _table(compared: list[Forecast]) -> str:
    """A line for each, the widest range first, under a sentence that needs no background."""
    ranked = sorted(compared, key=_width, reverse=True)
    widest, calmest = ranked[0], ranked[-1]
    horizon = compared[0].horizon
    headline = _("{span} {widest} may move the most, {calmest} the least.").format(
        span=sentences.span(horizon), widest=widest.name, calmest=calmest.name
    )
    caveats = dict.fromkeys(caveat for one in compared for caveat in one.caveats)
    end = f"<i>{escape(' '.join(translated(one) for one in (*caveats, sentences.NOT_ADVICE)))}</i>"
    about = _("8 in 10 outcomes end inside these ranges; a wider one says less, not more.")
    return "\n\n".join([f"<b>{escape(headline)}</b>", "\n".join(_line(one) for one in compared), about, end])


def _line(one: Forecast) -> str:
    """One stock of the table."""
    return _("<b>{symbol}</b> {price}: {low} to {high}, chance of a rise {chance}").format(
        symbol=escape(one.symbol),
        price=escape(sentences.money(one.last_close, one.currency, one.symbol)),
        low=sentences.signed_percent(one.growths[Q10]),
        high=sentences.signed_percent(one.growths[Q90]),
        chance=sentences.percent(one.probability_of_growth),
    )


def _width(one: Forecast) -> float:
    return one.width


def _horizons(symbols: list[str], shown: int) -> Rows:
    """The usual horizons, where the symbols fit on a button."""
    rows = horizons(shown, _action(symbols, "{}"))
    return rows if all(len(one.action.encode()) <= MOST_BYTES for row in rows for one in row) else ()


def _action(symbols: list[str], horizon: int | str) -> str:
    return f"compare:{horizon}:{','.join(symbols)}"


def _press(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(2)
    names = _parted(given.text(1))
    if not FEWEST <= len(names) <= MOST:
        raise StaleButton
    return Pressed(edit=_compared(services, names, given.horizon(0), asker.preferences.theme))


COMMAND = Command(
    "compare",
    N_("A B C [10d]"),
    N_("two to five stocks side by side"),
    answer,
    {"compare": Press(_press)},
)
