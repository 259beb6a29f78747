"""/forecast, and a bare symbol: the range, its chart, and how far it can be trusted."""

import re

from bellwether import queries
from bellwether.errors import BadHorizon, BadSymbol, StoreError
from bellwether.market.universe import by_name
from bellwether.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.keyboards import under_forecast
from bot.replies import Reply, forecast_text

_ENDS_IN_HORIZON = re.compile(
    r"(.*\S) ([+.,-]?[0-9]\S*(?: (?:d|days?|w|weeks?|m|months?))?)", re.IGNORECASE | re.DOTALL
)


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """The forecast for "AAPL", "AAPL 10d" or "bank of america 3m"."""
    try:
        question, horizon = split_horizon(text)
    except BadHorizon:
        if by_name(" ".join(text.split()), services.provider.universe()) is None:
            raise
        question, horizon = text, DEFAULT_HORIZON  # "S&P 500" is a name
    if not question:
        raise BadSymbol("Which stock? For example: /forecast AAPL 10d")
    return show(services, asker, question, horizon)


def show(services: Services, asker: Asker, question: str, horizon: int) -> Reply:
    """The reply for a question and a horizon, also when a button asks for it."""
    asked = queries.answer(services, question, horizon)
    made = asked.forecast
    watched = made.symbol in _watched(services, asker.chat_id)
    return Reply(
        forecast_text(made),
        chart=queries.chart_png(asked, "light"),
        buttons=under_forecast(made.symbol, horizon, watched),
    )


def split_horizon(text: str) -> tuple[str, int]:
    """The question and its horizon: what stands at the end and begins like a number. Raises BadHorizon for a bad one.

    A lone "3m" is a company, not a horizon.
    """
    words = " ".join(text.split())
    found = _ENDS_IN_HORIZON.fullmatch(words)
    return (found[1], parse_horizon(found[2])) if found else (words, DEFAULT_HORIZON)


def _watched(services: Services, chat_id: int) -> set[str]:
    """What the chat watches; a forecast is still given when the database is out of order."""
    try:
        return {one.symbol for one in queries.watchlist(services, chat_id)}
    except StoreError:
        return set()


COMMAND = Command("forecast", "SYMBOL [10d]", "where a stock may be, as a range", answer)
