"""An alert that somebody wants over a time: "tell me when Apple falls 5 % in a month".

A move is that of one trading day. What comes nearest over a longer time is a level of the price, counted from the last
close, with the last day on which it may be told; both are offered, and none is supposed.
"""

from dataclasses import dataclass
from datetime import date
from html import escape

from bellwether.alerts.price_levels import level_at
from bellwether.alerts.text import alerts
from bellwether.ask import forecasts
from bellwether.core.alert_types import Direction
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Outlook
from bellwether.forecasting.sentences import money, signed_percent
from bot.commands.alert_presets import terms
from bot.commands.base import ChatContext
from bot.commands.stock_typed import or_ask_back
from bot.keyboards import MOST_BYTES
from bot.replies import Button, Reply


@dataclass(frozen=True, slots=True)
class TimeAsked:
    """The time over which something is to happen."""

    said: str  #: in the words of whoever asked
    until: date


def not_over_time(
    chat: ChatContext, question: str, direction: Direction | None, share: float, within: TimeAsked
) -> Reply:
    """Say that no alert counts a move of `share`, a fraction, over a time, and offer what comes nearest.

    Raises what `forecasts.resolve` and `forecasts.outlook` do.
    """

    def offered() -> Reply:
        instrument = forecasts.resolve(chat.services, question)
        seen = forecasts.as_shown(chat.services, forecasts.outlook(chat.services, instrument))
        chat.note(instrument.symbol)
        text = _(
            "{name}: an alert counts a move within one day, not within “{time}”. I can watch one of these: a price, "
            "counted from the last close, until {day}; or a move from one close to the next."
        )
        told = text.format(name=alerts.name(instrument), time=escape(within.said), day=day(within.until))
        down, up = direction is not Direction.ABOVE, direction is not Direction.BELOW
        moves = [-share] * down + [share] * up
        return Reply(told, buttons=tuple((button,) for move in moves for button in _buttons(seen, move, within.until)))

    return or_ask_back(offered, f"kind:{{}}:move:{DEFAULT_HORIZON}")


def _buttons(seen: Outlook, move: float, until: date) -> list[Button]:
    instrument, side = seen.instrument, Direction.BELOW if move < 0 else Direction.ABOVE
    start = f"addrule:{instrument.symbol}"
    level = level_at(seen.bars.quoted_close, move)
    label = _("Price below {price} ({move})") if move < 0 else _("Price above {price} ({move})")
    price = money(level, instrument.currency, instrument.symbol)
    ends = f"{start}:price:{DEFAULT_HORIZON}:{terms(level, side)}:{until:%Y%m%d}"
    action = ends if len(ends) <= MOST_BYTES else ends.rpartition(":")[0]
    return [
        Button(label.format(price=price, move=signed_percent(move)), action),
        Button(
            _("{move} in one day").format(move=signed_percent(move)),
            f"{start}:move:{DEFAULT_HORIZON}:{terms(move, side)}",
        ),
    ]
