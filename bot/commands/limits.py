"""What is not known here, where forecasts fail, and where the prices come from."""

from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import N_, translated
from bellwether.core.i18n.translate import gettext as _
from bot.commands.base import ChatContext
from bot.keyboards import meaning
from bot.replies import Button, Reply
from bot.understand.request_of import WHOLE_MARKET

#: as the page /how-it-works has it
_LIMITS = N_(
    "<b>What I don't know.</b> I read daily prices and volumes and, where a source tells them, the days on which "
    "companies report. I know no news, nor what a report will say or a company plans.\n\n"
    "<b>Where I am wrong.</b> 2 in 10 of my 8-in-10 ranges should fail. When markets fall hard more of them do, days "
    "in a row and of many stocks at once. Whether a price rises or falls over days I know little better than how often "
    "it usually rises. I learned from companies that still exist; those that failed are missing, which makes me look "
    "better than I am."
)
_SOURCE = N_("My prices come from {source}: one bar for each trading day, with its prices and volume.")


def limits() -> Reply:
    """Tell what is not known here and where forecasts fail."""
    misses = Button(_("How good are the forecasts?"), "track")
    return Reply(_(_LIMITS), buttons=((misses,), (meaning(),)))


def source(chat: ChatContext) -> Reply:
    """Tell where prices come from, and the last day of one instrument as an example."""
    provider = chat.services.provider
    told = [_(_SOURCE).format(source=escape(translated(provider.describe()))), _last_day(chat)]
    if not provider.live:
        told.append(_("They have ended: nothing newer comes."))
    told.append(_("Each forecast says on which day its last price is."))
    return Reply(" ".join(filter(None, told)))


def _last_day(chat: ChatContext) -> str:
    """The day of the newest price of the market's index, else of the first stock; empty where there is none."""
    services = chat.services
    try:
        symbol = WHOLE_MARKET if services.universe.serves(WHOLE_MARKET) else services.provider.universe()[0].symbol
        seen = forecasts.outlook(services, forecasts.resolve(services, symbol))
    except (BellwetherError, IndexError):  # where they come from is told all the same
        return ""
    message = _("The newest price of {name} is of {day}.")
    return message.format(name=escape(seen.instrument.name), day=f"<b>{day(seen.bars.cutoff)}</b>")
