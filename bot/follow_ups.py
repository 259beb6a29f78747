"""What a request leaves out, taken from what the same chat asked about before: its stock, and its horizon."""

from dataclasses import replace

from bot.commands.base import ChatContext
from bot.understand.meaning import Intent, Request, Topic

#: what is asked of a stock, be it named or not
_OF_A_STOCK = frozenset(
    {Intent.FORECAST, Intent.WHY, Intent.GROWTH, Intent.REPORT, Intent.ALERT, Intent.WATCH, Intent.UNWATCH}
)
#: of several, as they were compared
_OF_SEVERAL = frozenset({Intent.FORECAST, Intent.COMPARE, Intent.ADVICE, Intent.WATCH, Intent.UNWATCH})
_WITH_HORIZON = frozenset({Intent.FORECAST, Intent.ADVICE, Intent.WHY, Intent.COMPARE})


def completed(chat: ChatContext, asked: Request) -> Request:
    """Return a request with the last stocks and horizon where it goes on from them; as it is where there are none."""
    last = chat.services.memory.last(chat.asker)
    if last is None or (asked.topic is Topic.MARKET and not asked.follows):
        return asked
    if asked.topic is Topic.MARKET:  # "is it going up?"
        asked = replace(asked, stocks=(), topic=None)
    symbols: tuple[str, ...] = asked.stocks
    if asked.topic is Topic.LIST:
        return asked
    if not asked.stocks and (asked.follows or asked.intent in _OF_A_STOCK):
        symbols = last.symbols if len(last.symbols) == 1 or asked.intent in _OF_SEVERAL else ()
    elif asked.intent is Intent.COMPARE and not asked.stocks and len(last.symbols) > 1:  # "which is safer?"
        symbols = last.symbols
    elif asked.intent is Intent.COMPARE and len(asked.stocks) == 1:  # "compare it with Tesla"
        symbols = (*last.symbols[:1], *asked.stocks)
    goes_on = asked.follows or symbols != asked.stocks
    told = asked.horizon is not None or asked.day is not None
    horizon = last.horizon if goes_on and not told and asked.intent in _WITH_HORIZON else asked.horizon
    others = tuple(replace(other, stocks=other.stocks or symbols) for other in asked.beside_it)
    return replace(asked, stocks=symbols, horizon=horizon, beside_it=others)
