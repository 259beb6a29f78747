"""Trading calendars: which days are sessions, and when each one closes.

A session is a plain date; an instant is aware UTC. Calendars are built for a few years at a time so that neither an old
cutoff nor a service that has run for years meets the end of one.
"""

import logging
import threading
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from functools import lru_cache

import exchange_calendars
import numpy as np

from bellwether.core.types import Sessions, to_date
from bellwether.market.calendar_expected import recorded, with_expected
from bellwether.market.calendar_mends import mend

WEEKDAYS = "24/5"  #: Monday to Friday without holidays: for what has no calendar of its own
SETTLING = timedelta(minutes=20)  #: after a close its auction and delayed feeds still move the bar
EVERY_DAY = "24/7"  #: the calendar of assets that trade around the clock; its sessions are UTC days
MOST_BUILT = 256  #: calendars kept of a few years each, 200 kB and 0.1 s apiece; people may ask about any year

log = logging.getLogger(__name__)
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_new_lock = threading.Lock()

mend(exchange_calendars)


class Basis(Enum):
    """What the sessions of one year rest on."""

    RECORDED = "the exchange's holidays are known"
    EXPECTED = "nobody has recorded the holidays of this year; those that come back every year are taken"
    NONE_KNOWN = "no calendar is known; Monday to Friday is taken"
    BROKEN = "the calendar cannot be built; Monday to Friday is taken"


def basis(calendar: str, first: int, last: int | None = None) -> Basis:
    """What the sessions of a year rest on; of several years the weakest, where the calendar can't be built for all."""
    last = first if last is None else last
    if calendar == WEEKDAYS:
        return Basis.NONE_KNOWN
    # by the span that every other question about the days builds too
    if (_span(calendar, first - 1, last + 1) or _span(calendar, first, last)) is None:
        return Basis.BROKEN
    known = _recorded(calendar)
    return Basis.RECORDED if first in known and last in known else Basis.EXPECTED


def is_exact(calendar: str, day: date) -> bool:
    """Whether the exchange's sessions are known around this day, not guessed from the days of the week."""
    return basis(calendar, day.year) is Basis.RECORDED


def _span(calendar: str, first: int, last: int) -> exchange_calendars.ExchangeCalendar | None:
    """The calendar of some years; None where it cannot be built for all of them."""
    with _new_lock:
        lock = _locks[calendar]
    with lock:  # a crowd at a cold start would build the same one once for each, and take turns at it
        return _built(calendar, first, last)


@lru_cache(maxsize=MOST_BUILT)
def _built(calendar: str, first: int, last: int) -> exchange_calendars.ExchangeCalendar | None:
    start, end = f"{first}-01-01", f"{last}-12-31"
    try:
        known = _recorded(calendar)
        if first in known and last in known:
            return exchange_calendars.get_calendar(calendar, start=start, end=end)
        return with_expected(exchange_calendars, _kind(calendar), first, last)(start=start, end=end)
    except Exception as problem:  # it raises as many kinds as it has calendars
        if first == last:
            log.warning("No %d calendar of %s (%s); Monday to Friday is used.", first, calendar, type(problem).__name__)
        return None


@lru_cache
def _recorded(calendar: str) -> range:
    """The years whose holidays the library has. Raises what it raises."""
    return recorded(_kind(calendar))


def _kind(calendar: str) -> type[exchange_calendars.ExchangeCalendar]:
    """The class of a calendar. Raises what the library raises where it has no such."""
    name = exchange_calendars.resolve_alias(calendar)
    kind: type[exchange_calendars.ExchangeCalendar] = (
        exchange_calendars.calendar_utils.global_calendar_dispatcher._calendar_factories[name]
    )
    return kind


def _year(calendar: str, year: int) -> exchange_calendars.ExchangeCalendar:
    """One year of a calendar; Monday to Friday where it cannot be built."""
    known = _span(calendar, year, year)
    return known if known is not None else _span(WEEKDAYS, year, year)


@lru_cache(maxsize=4 * MOST_BUILT)
def _sessions(calendar: str, first: int, last: int) -> Sessions:
    """The sessions from the year `first` to the year `last` as datetime64[D], (n,)."""
    whole = _span(calendar, first, last)  # in one piece where possible: a year costs as much to build as ten
    parts = [whole] if whole is not None else [_year(calendar, year) for year in range(first, last + 1)]
    days: Sessions = np.concatenate([part.sessions.to_numpy().astype("datetime64[D]") for part in parts])
    return days


def last_closed_session(calendar: str, now: datetime) -> date:
    """The newest session whose close is at or before `now` (aware)."""
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    today = now.astimezone(UTC).date() + timedelta(days=1)  # east of UTC, tomorrow's session may be closed already
    sessions = _sessions(calendar, today.year - 1, today.year + 1)
    begun = int(np.searchsorted(sessions, np.datetime64(today), side="right"))
    for at in range(begun - 1, -1, -1):
        session = to_date(sessions[at])
        if closes_at(calendar, session) <= now:
            return session
    raise ValueError(f"the calendar {calendar} has no session before {now}")


@lru_cache(maxsize=100_000)  # a tick asks for the same few again for every chat
def closes_at(calendar: str, session: date) -> datetime:
    """The instant at which trading ends on this session; early closes included."""
    whole = _span(calendar, session.year - 1, session.year + 1)
    known = whole if whole is not None else _year(calendar, session.year)
    closing: datetime = known.session_close(session.isoformat()).to_pydatetime()
    return closing.astimezone(UTC)


@lru_cache(maxsize=100_000)
def is_session(calendar: str, day: date) -> bool:
    """Whether the exchange trades on this day."""
    sessions = _sessions(calendar, day.year - 1, day.year + 1)
    at = int(np.searchsorted(sessions, np.datetime64(day)))
    return at < len(sessions) and to_date(sessions[at]) == day


@lru_cache(maxsize=100_000)
def session_after(calendar: str, session: date, steps: int) -> date:
    """The session `steps` after this one (negative: before it).

    `session` may be a day without trading, as when a file's calendar is not the exchange's: it then counts as
    lying just after the session before it.
    """
    sessions = _sessions(calendar, session.year - 1, session.year + 1)
    at = int(np.searchsorted(sessions, np.datetime64(session), side="right")) - 1
    return to_date(sessions[at + steps])


@lru_cache(maxsize=1024)  # a whole universe asks for the same
def sessions_after(calendar: str, session: date, count: int) -> Sessions:
    """The `count` sessions after a day as datetime64[D], (count,); at most a year of them."""
    sessions = _sessions(calendar, session.year - 1, session.year + 1)
    at = int(np.searchsorted(sessions, np.datetime64(session), side="right"))
    return sessions[at : at + count]


def sessions_between(calendar: str, first: date, last: date) -> int:
    """How many sessions lie after `first`, up to and including `last`; 0 when `last` is not later."""
    if last <= first:
        return 0
    sessions = _sessions(calendar, first.year - 1, last.year + 1)
    after, upto = np.searchsorted(sessions, [np.datetime64(first), np.datetime64(last)], side="right")
    return int(upto - after)


def zone_of(calendar: str) -> tzinfo | None:
    """The time zone in which an exchange counts its days; None for a calendar that belongs to no place.

    Asked of the kind of calendar, not of one that is built: it is known even where the library can build none.
    """
    zone = getattr(_kind(calendar), "tz", None)
    return zone if isinstance(zone, tzinfo) and calendar != WEEKDAYS else None
