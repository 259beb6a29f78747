"""Sessions that are missing between two closes: whether a move from one to the other is the move of a day. Pure.

An exchange's calendar tells a hole from a weekend or holiday. Where only Monday to Friday is known of it, a day without
a close may have been a holiday: then nobody can tell, and the two days are to be named instead.
"""

from datetime import date, timedelta
from enum import Enum

from bellwether.core.types import Bars, to_date
from bellwether.market.calendar import is_exact, is_session, session_after, sessions_between


class Gap(Enum):
    """What lies between two closes."""

    NONE = "nothing: the second is of the session after the first"
    HOLE = "sessions of which there is no close"
    UNSURE = "days that may have been sessions or holidays of the exchange"


def gap(calendar: str, first: date, last: date) -> Gap:
    """What lies between the closes of two days."""
    if sessions_between(calendar, first, last) - is_session(calendar, last) <= 0:
        return Gap.NONE
    return Gap.HOLE if is_exact(calendar, first) and is_exact(calendar, last) else Gap.UNSURE


def last_gap(calendar: str, bars: Bars) -> Gap:
    """What lies between the last two closes; nothing where there are none."""
    if len(bars) < 2:
        return Gap.NONE
    return gap(calendar, to_date(bars.sessions[-2]), bars.cutoff)


def last_steps(calendar: str, bars: Bars) -> int:
    """How many sessions the last two closes are apart, at least 1; where holidays are not known, weekdays."""
    if len(bars) < 2:
        return 1
    return max(sessions_between(calendar, to_date(bars.sessions[-2]), bars.cutoff), 1)


def session_before(calendar: str, day: date) -> date:
    """The last session before a day: where a hole lies before it, one that has no close."""
    return session_after(calendar, day - timedelta(days=1), 0)
