"""Cards to share in any chat: "@our_bot AAPL" there offers them. It knows no Telegram.

what was typed | known names, nobody asked | kept prices, nobody asked | a card for each
"""

import logging
from dataclasses import dataclass

from bellwether.ask.market_overview import forecasts_of
from bellwether.core.errors import BadHorizon, BellwetherError
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Forecast
from bellwether.forecasting import sentences
from bellwether.market.symbols.start_links import start_payload
from bellwether.market.symbols.suggest import suggest
from bot.commands.base import ChatContext
from bot.commands.stock_typed import question_and_horizon
from bot.conversation import speaking
from bot.replies import short_text

MOST = 5  #: cards; each is a forecast that is computed while somebody types
LONGEST = 80  #: characters that are looked at
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Card:
    """One message that can be chosen."""

    id: str  #: at most 64 bytes
    title: str
    description: str
    text: str  #: simple HTML, as in `Reply`
    payload: str  #: of a link to the bot that goes on with it
    link: str  #: what stands on that link


def cards(chat: ChatContext, typed: str) -> list[Card]:
    """Offer forecasts from kept prices for what may be meant; none where nothing is. Never raises.

    They are in the language of the person who types, but in plain words: who will read them is unknown.
    """
    with speaking(chat):
        try:
            text = "".join(letter for letter in typed[:LONGEST] if letter.isprintable())
            try:
                question, horizon = question_and_horizon(chat.services.universe, text)
            except BadHorizon:  # not typed to its end yet
                question, horizon = text.rpartition(" ")[0], DEFAULT_HORIZON
            instruments = suggest(question, chat.services.universe)[:MOST]
            return [_card(forecast) for forecast in forecasts_of(chat.services, instruments, horizon)]
        except BellwetherError as problem:
            log.info("No cards: %s", problem.for_operator)
        except Exception:
            log.exception("Cards could not be made.")
        return []


def _card(made: Forecast) -> Card:
    low, high = sentences.price_range(made)
    return Card(
        id=f"{made.symbol}:{made.horizon}",
        title=sentences.title(made),
        description=_("Probably {low} to {high} by {day}").format(
            low=low, high=high, day=sentences.day(made.target_session)
        ),
        text=short_text(made),
        payload=start_payload(made.symbol),
        link=_("Chart and more"),
    )
