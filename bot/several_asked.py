"""How a sentence about several stocks is answered: one beside the other, as somebody holds them, or as one list."""

from dataclasses import replace
from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import AmbiguousSymbol
from bot import courtesies
from bot.commands import compare as compare_command
from bot.commands import forecast
from bot.commands import risk as risk_command
from bot.commands.base import ChatContext
from bot.commands.stock_typed import parted_by_presence
from bot.horizon_asked import horizon_asked
from bot.horizon_told import only_ahead, with_horizon_told
from bot.replies import Reply
from bot.understand.meaning import Request


def holdings(chat: ChatContext, asked: Request) -> Reply:
    """Compare what somebody owns, with the ways to watch all of it and to its range as a whole."""
    here, _lacking = parted_by_presence(chat.services, asked.stocks)
    reply = compare(chat, replace(asked, past=""))  # "bought two weeks ago" is of the purchase
    try:
        symbols = list(dict.fromkeys(forecasts.resolve(chat.services, name).symbol for name in here))
    except AmbiguousSymbol:  # then the answer asks back
        return reply
    if not symbols:
        return reply
    return courtesies.for_holder_of_several(reply, symbols, horizon_asked(chat.services, asked).sessions)


def risk(chat: ChatContext, asked: Request) -> Reply:
    """Tell the joint range of several stocks, or of the watchlist where none is named."""
    horizon = horizon_asked(chat.services, asked)
    if asked.stocks and (asked.past or horizon.is_past):
        return only_ahead(chat, asked)
    reply = risk_command.ask(chat, asked.stocks, horizon.sessions)
    return courtesies.with_opening(reply, escape(horizon.told)) if horizon.told else reply


def compare(chat: ChatContext, asked: Request) -> Reply:
    """Compare those that are here; where others are not, say so, and show what is left."""
    if not asked.stocks:
        return compare_command.answer(chat, "")
    here, lacking = parted_by_presence(chat.services, asked.stocks)
    if not here:
        return courtesies.nothing_called(lacking)
    horizon = horizon_asked(chat.services, replace(asked, stocks=tuple(here)))
    if asked.past or horizon.is_past:
        return only_ahead(chat, replace(asked, stocks=tuple(here)))
    if len(here) == 1:
        reply = forecast.ask(chat, here[0], horizon.sessions)
    else:
        reply = compare_command.compared(chat, here, horizon.sessions)
    reply = with_horizon_told(reply, horizon)
    return courtesies.lacking(reply, lacking) if lacking else reply
