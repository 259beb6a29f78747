"""How far ahead a sentence asks, as one of the horizons that are offered, and what is said where it is another.

"in 2 months" | sessions                       | the nearest that is offered
"by Friday"   | sessions of that very exchange | the nearest that is offered
"""

from dataclasses import dataclass
from datetime import timedelta

from bellwether.ask.forecasts import resolve
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.numbers import day as spoken_day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.forecasting import sentences
from bellwether.market.calendar import last_closed_session, sessions_between, zone_of
from bellwether.services import Services
from bot.understand.days import date_of
from bot.understand.meaning import Request

_NEW_YORK = "XNYS"  #: whose calendar counts where no one stock is asked about
_COUNTED = timedelta(days=400)  #: as far ahead a calendar is looked into; what is beyond is far beyond what is offered


@dataclass(frozen=True, slots=True)
class HorizonAsked:
    """The horizon that is answered, in sessions, and a sentence on how it differs from what was asked; "" for none."""

    sessions: int
    told: str = ""


def horizon_asked(services: Services, asked: Request) -> HorizonAsked:
    """Find the horizon of a request; of two that are as near, the farther one. Raises nothing."""
    if asked.horizon is not None:
        offered = _nearest(asked.horizon)
        return HorizonAsked(offered) if offered == asked.horizon else _in_their_words(asked, offered)
    if asked.day is None:
        return HorizonAsked(DEFAULT_HORIZON)
    calendar, now = _calendar(services, asked), services.clock()
    today = now.astimezone(zone_of(calendar)).date()
    until = date_of(asked.day, today)
    if until <= today:  # a day of the past; /asof answers of those
        return HorizonAsked(DEFAULT_HORIZON)
    if until - today > _COUNTED:
        return _in_their_words(asked, max(sentences.HORIZON_LABELS))
    ahead = max(1, sessions_between(calendar, last_closed_session(calendar, now), until))
    offered = _nearest(ahead)
    if offered == ahead:
        return HorizonAsked(offered)
    text = ngettext(
        "“{asked}” is {day}, {count} trading day ahead; the nearest for which I keep a record is {offered}.",
        "“{asked}” is {day}, {count} trading days ahead; the nearest for which I keep a record is {offered}.",
        ahead,
    )
    told = text.format(asked=asked.said, day=spoken_day(until), count=ahead, offered=sentences.label(offered))
    return HorizonAsked(offered, told)


def _in_their_words(asked: Request, offered: int) -> HorizonAsked:
    text = _("You asked for “{asked}”; the nearest for which I keep a record is {offered}.")
    return HorizonAsked(offered, text.format(asked=asked.said, offered=sentences.label(offered)))


def _nearest(sessions: int) -> int:
    return min(sentences.HORIZON_LABELS, key=lambda offered: (abs(offered - sessions), -offered))


def _calendar(services: Services, asked: Request) -> str:
    """Return the calendar of the first stock that is asked about, as far as it is known."""
    try:
        return resolve(services, asked.stocks[0]).calendar if asked.stocks else _NEW_YORK
    except BellwetherError:  # which the answer itself will tell
        return _NEW_YORK
