"""When a chat's digest is due: after the last close or at a local time, outside quiet hours, while fresh. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from bellwether.alerts.rules.digest_due import DigestSlot
from bellwether.core.alert_types import AlertSettings, DigestMode, QuietHours
from bellwether.core.config import Alerts
from bellwether.core.local_clock import after_quiet, first_at
from bellwether.market.calendar import SETTLING, closes_at, is_session, last_closed_session

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
#: a digest waits at most so long after the close: for a local time, over a change of clocks, and for quiet hours' end
_LONGEST_WAIT = timedelta(hours=25 + 25)
_LOOK_BACK, _LOOK_AHEAD = 4, 15  #: days: a session's digest may wait for the one before; exchanges close for ten


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What decides when a digest is due: chats that share it, and their calendars, share its slots."""

    delay: timedelta  #: after the last close, where no local time is set
    freshness: timedelta  #: after it was due
    timezone: str = "UTC"
    digest_at: time | None = None
    quiet: QuietHours | None = None
    changed_at: datetime | None = None
    pending: date | None = None  #: the oldest session whose digest was still to come at `changed_at`
    weekly: bool = False  #: after the last session of a week alone

    @classmethod
    def of(cls, settings: AlertSettings, times: Alerts) -> "Rhythm":
        """That of a chat."""
        return cls(
            timedelta(minutes=times.digest_delay),
            timedelta(minutes=times.freshness),
            settings.timezone,
            settings.digest_at,
            settings.quiet,
            settings.changed_at,
            settings.pending,
            settings.digest_mode is DigestMode.WEEKLY,
        )


@lru_cache(maxsize=100_000)
def slot_of(calendars: frozenset[str], session: date, rhythm: Rhythm) -> DigestSlot | None:
    """The slot of one session; None when none of the exchanges trades then, or it is not for a weekly digest.

    A digest is due a while after the last close; or at the chosen local time, the first one after that close, when
    the prices have settled. One that falls into the quiet hours waits for their end. One that was still to come when
    these times were changed, and would be past under the new ones, is due at the change: no change loses a session.
    """
    traded = frozenset(calendar for calendar in calendars if is_session(calendar, session))
    if not traded or (rhythm.weekly and session != end_of_week(calendars, session)):
        return None
    closed = max(closes_at(calendar, session) for calendar in traded)
    if rhythm.digest_at is None:
        due_at = closed + rhythm.delay
    else:
        due_at = max(first_at(rhythm.timezone, rhythm.digest_at, closed), closed + SETTLING)
    if (
        rhythm.changed_at is not None
        and rhythm.pending is not None
        and rhythm.pending <= session
        and closed <= rhythm.changed_at
    ):
        due_at = max(due_at, rhythm.changed_at)
    due_at = after_quiet(due_at, rhythm.quiet, rhythm.timezone)
    weeks = None
    if rhythm.weekly:
        weeks = (end_of_week(calendars, session - _WEEK), end_of_week(calendars, session + _WEEK))
    return DigestSlot(session, due_at, due_at + rhythm.freshness, traded, weeks)


def end_of_week(calendars: Collection[str], day: date) -> date:
    """The session of a week, Monday to Friday, on which most of some exchanges trade: of equal ones the last.

    So one exchange that is closed on a Friday does not drop out of that week. In a week without any, its Friday.
    """
    monday = day - timedelta(days=day.weekday())
    days = [monday + timedelta(days=number) for number in range(5)]
    return max(days, key=lambda each: (sum(is_session(calendar, each) for calendar in calendars), each))


def open_slots(calendars: Collection[str], now: datetime, rhythm: Rhythm) -> list[DigestSlot]:
    """The slots that a digest could be owed for at `now`, oldest first: due, and fresh still.

    Mostly one or none. A digest at a chosen time may be due after the next session's close, so that two are open.
    """
    return [slot for slot in _recent_slots(calendars, now, rhythm) if slot.due_at <= now < slot.fresh_until]


def ended_slots(calendars: Collection[str], since: datetime, now: datetime, rhythm: Rhythm) -> list[DigestSlot]:
    """The slots whose freshness ended after `since` and by `now`, oldest first."""
    return [slot for slot in _recent_slots(calendars, now, rhythm, since) if since < slot.fresh_until <= now]


def newest_slot(calendars: Collection[str], now: datetime, rhythm: Rhythm) -> DigestSlot | None:
    """The slot of the newest session that all exchanges have finished: what to say when none is open."""
    return next(reversed(_recent_slots(calendars, now, rhythm)), None)


def next_due(calendars: Collection[str], now: datetime, rhythm: Rhythm) -> datetime | None:
    """When the next digest after `now` is due; None where nothing is watched, or all is closed for weeks."""
    watched = frozenset(calendars)
    days = (now.date() + number * _DAY for number in range(-_LOOK_BACK, _LOOK_AHEAD))
    due = (slot.due_at for day in days if (slot := slot_of(watched, day, rhythm)) is not None)
    return min((at for at in due if at > now), default=None)


def oldest_pending(calendars: Collection[str], now: datetime, rhythm: Rhythm) -> date | None:
    """The oldest session whose digest is still to come or to be sent at `now`: what a change of times must not lose."""
    coming = (slot.session for slot in _recent_slots(calendars, now, rhythm) if now < slot.fresh_until)
    return next(coming, None)


def _recent_slots(
    calendars: Collection[str], now: datetime, rhythm: Rhythm, fresh_at: datetime | None = None
) -> list[DigestSlot]:
    """The slots of the sessions finished by `now` that may be fresh at `fresh_at`, and the newest one, oldest first.

    Without `fresh_at`, those that may still be fresh.
    """
    if not calendars:
        return []
    watched = frozenset(calendars)
    day = max(last_closed_session(calendar, now) for calendar in watched)
    waits = rhythm.digest_at is not None or rhythm.quiet is not None
    longest = rhythm.delay + rhythm.freshness + (_LONGEST_WAIT if waits else timedelta(0))
    postponed = date.max  # by a change of times: the oldest session that may still be open for that
    if rhythm.pending is not None and rhythm.changed_at is not None:
        postponed = rhythm.pending if now < rhythm.changed_at + longest else date.max
    slots: list[DigestSlot] = []
    # a session closes before the second midnight, UTC, after its date begins
    while not slots or day >= postponed or datetime.combine(day, time(), UTC) + 2 * _DAY + longest > (fresh_at or now):
        slot = slot_of(watched, day, rhythm)
        if slot is not None and all(closes_at(calendar, day) <= now for calendar in slot.calendars):
            slots.append(slot)
        day -= _DAY
    return slots[::-1]
