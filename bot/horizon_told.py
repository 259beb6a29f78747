"""What is said of the time that was asked about, where it is another than the answer's, or has passed."""

from html import escape

from bellwether.ask import forecasts
from bellwether.core.parsing import DEFAULT_HORIZON
from bot import courtesies
from bot.commands.base import ChatContext
from bot.commands.stock_typed import or_ask_back
from bot.horizon_asked import HorizonAsked
from bot.replies import Reply
from bot.understand.meaning import Request


def only_ahead(chat: ChatContext, asked: Request) -> Reply:
    """Answer a question about a time that has passed, for the first stock of it."""

    def of_one() -> Reply:
        symbol = forecasts.resolve(chat.services, asked.stocks[0]).symbol
        chat.note(symbol)
        return courtesies.only_ahead(symbol, DEFAULT_HORIZON, asked.past or asked.said)

    return or_ask_back(of_one, f"ask:{{}}:{DEFAULT_HORIZON}")


def with_horizon_told(reply: Reply, horizon: HorizonAsked) -> Reply:
    """Say so where a forecast is of another horizon than was asked for."""
    if reply.chart is None or not horizon.told:  # without a chart it asks back, or says why there is none
        return reply
    return courtesies.with_opening(reply, escape(horizon.told), escape(horizon.in_short or horizon.told))
