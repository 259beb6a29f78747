"""/forecast, and a bare symbol: the range, its chart, and how far it can be trusted."""

from bellwether import queries
from bellwether.errors import BadSymbol, StoreError
from bellwether.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.keyboards import under_forecast
from bot.replies import Reply, forecast_text


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """The forecast for "AAPL", "AAPL 10d" or "bank of america 3m"."""
    question, horizon = split_horizon(text)
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
    """The question and its horizon: the last word, where it begins like a number. Raises BadHorizon for a bad one.

    A lone "3m" is a company, not a horizon.
    """
    words = text.split()
    if len(words) > 1 and (words[-1][0].isdigit() or words[-1][0] in "+-.,"):
        return " ".join(words[:-1]), parse_horizon(words[-1])
    return " ".join(words), DEFAULT_HORIZON


def _watched(services: Services, chat_id: int) -> set[str]:
    """What the chat watches; a forecast is still given when the database is out of order."""
    try:
        return {one.symbol for one in queries.watchlist(services, chat_id)}
    except StoreError:
        return set()


COMMAND = Command("forecast", "SYMBOL [10d]", "where a stock may be, as a range", answer)
