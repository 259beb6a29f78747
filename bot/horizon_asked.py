"""How far ahead a sentence asks, as one of the horizons that are offered, and what is said where it is another.

"in 2 months" | sessions                       | the nearest that is offered
"by Friday"   | sessions of that very exchange | the nearest that is offered

Where prices are live, days are counted from today; where they have ended, as in the sample market, from their last day.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from bellwether.ask.forecasts import outlook, resolve
from bellwether.core.errors import BadDate, BellwetherError
from bellwether.core.i18n.numbers import day as spoken_day
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext, said
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import MAX_HORIZON
from bellwether.forecasting import sentences
from bellwether.market.calendar import last_closed_session, session_after, sessions_between, zone_of
from bellwether.services import Services
from bot.understand.days import NamedDay, date_of
from bot.understand.meaning import Request

_NEW_YORK = "XNYS"  #: whose calendar counts where no one stock is asked about
_COUNTED = timedelta(days=400)  #: as far ahead a calendar is looked into; what is beyond is far beyond what is offered


@dataclass(frozen=True, slots=True)
class HorizonAsked:
    """The horizon that is answered, in sessions, and a sentence on how it differs from what was asked; "" for none."""

    sessions: int
    told: str = ""
    in_short: str = ""  #: the same, where there is no room for the lengths that are offered
    is_past: bool = False  #: whether a day was named that has passed


def horizon_asked(services: Services, asked: Request) -> HorizonAsked:
    """Find the horizon of a request; of two that are as near, the farther one.

    Raises BadDate for a day that no calendar has.
    """
    if asked.horizon is not None:
        offered = _nearest(asked.horizon)
        if offered != asked.horizon:
            return _in_their_words(asked, offered)
        return HorizonAsked(offered, _second_length(asked, offered))
    if asked.day is None:
        return HorizonAsked(DEFAULT_HORIZON)
    calendar, last, today = _from_where(services, asked)
    counted_from = "" if services.provider.live else _counted_from(last)
    until = _day_of(asked.day, asked.said, today)
    if until <= today:
        return HorizonAsked(DEFAULT_HORIZON, is_past=True)
    if until - today > _COUNTED:
        return _in_their_words(asked, max(sentences.HORIZON_LABELS), counted_from)
    ahead = max(1, sessions_between(calendar, last, until))
    offered = _nearest(ahead)
    if offered == ahead:
        day = _("“{asked}” is {day}.").format(asked=asked.said, day=spoken_day(until))
        return HorizonAsked(offered, f"{day} {counted_from}" if counted_from else "")
    text = ngettext(
        "“{asked}” is {day}, {count} trading day ahead; the nearest for which I keep a record is {offered}.",
        "“{asked}” is {day}, {count} trading days ahead; the nearest for which I keep a record is {offered}.",
        ahead,
    )
    told = text.format(asked=asked.said, day=spoken_day(until), count=ahead, offered=sentences.label(offered))
    return HorizonAsked(offered, f"{told} {counted_from}".strip())


def last_day_asked(services: Services, asked: Request) -> date | None:
    """Return the day until which a request looks ahead by today's date; None where it names no time to come.

    Raises BadDate for a day that no calendar has.
    """
    calendar, now = _calendar(services, asked), services.clock()
    if asked.horizon is not None:
        ahead = min(max(asked.horizon, 1), MAX_HORIZON)
        return session_after(calendar, last_closed_session(calendar, now), ahead)
    if asked.day is None:
        return None
    today = now.astimezone(zone_of(calendar)).date()
    until = _day_of(asked.day, asked.said, today)
    return until if until > today else None


def _day_of(named: NamedDay, written: str, today: date) -> date:
    day = date_of(named, today)
    if day is None:
        raise BadDate(said("There is no such day: “{asked}”.", asked=written))
    return day


def _in_their_words(asked: Request, offered: int, counted_from: str = "") -> HorizonAsked:
    text = _("You asked for “{asked}”; the nearest for which I keep a record is {offered}.")
    told = text.format(asked=asked.said, offered=sentences.label(offered))
    lengths = ", ".join(sentences.label(sessions) for sessions in sentences.HORIZON_LABELS)
    more = [_("Lengths with a record: {lengths}.").format(lengths=lengths)]
    if asked.horizon is not None and 1 < asked.horizon <= MAX_HORIZON and len(asked.stocks) == 1:
        exactly = _("For exactly that length write “{typed}”.")
        more.append(exactly.format(typed=f"{asked.stocks[0]} {asked.horizon}d"))
    in_short = f"{told} {counted_from}".strip()
    return HorizonAsked(offered, " ".join([in_short, *more]), in_short)


def _second_length(asked: Request, offered: int) -> str:
    if not asked.beside:
        return ""
    text = _("I answer one length at a time: this is {offered}. Ask for “{other}” by itself.")
    return text.format(offered=sentences.label(offered), other=asked.beside)


def _counted_from(last: date) -> str:
    text = _("The prices here end on {day}: I count from there, at most 3 months ahead.")
    return text.format(day=spoken_day(last))


def _nearest(sessions: int) -> int:
    return min(sentences.HORIZON_LABELS, key=lambda offered: (abs(offered - sessions), -offered))


def _from_where(services: Services, asked: Request) -> tuple[str, date, date]:
    """Return the calendar that counts, the last session of the prices, and the day that is today for them."""
    calendar, now = _calendar(services, asked), services.clock()
    if not services.provider.live:
        try:
            first = asked.stocks[0] if asked.stocks else services.provider.universe()[0].symbol
            ended = outlook(services, resolve(services, first)).bars.cutoff
        except (BellwetherError, IndexError):  # which the answer itself will tell
            pass
        else:
            return calendar, ended, ended
    return calendar, last_closed_session(calendar, now), now.astimezone(zone_of(calendar)).date()


def _calendar(services: Services, asked: Request) -> str:
    """Return the calendar of the first stock that is asked about, as far as it is known."""
    try:
        return resolve(services, asked.stocks[0]).calendar if asked.stocks else _NEW_YORK
    except BellwetherError:  # which the answer itself will tell
        return _NEW_YORK
