"""Local clocks and quiet hours. Pure.

Local times follow the clock on the wall. A time that the clocks skip in spring is taken as late as it would have been
without the change (02:30 becomes 03:30 summer time); of a time that comes twice in autumn the first one counts.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bellwether.core.alert_types import QuietHours

_DAY = timedelta(days=1)


def at_local(timezone: str, day: date, clock: time) -> datetime:
    """The instant, in UTC, at which clocks there show this time on this day; for skipped and doubled ones see above."""
    # fold 0: before a change, the offset that held before it, as PEP 495 has it
    return datetime.combine(day, clock, ZoneInfo(timezone)).astimezone(UTC)


def first_at(timezone: str, clock: time, since: datetime) -> datetime:
    """The first instant at or after `since` at which clocks there show this time."""
    day = since.astimezone(ZoneInfo(timezone)).date()
    # from the day before: a skipped time of it may be later than it looks, where a whole day was skipped
    instants = (at_local(timezone, day + step * _DAY, clock) for step in range(-1, 4))
    return min(instant for instant in instants if instant >= since)


def after_quiet(instant: datetime, quiet: QuietHours | None, timezone: str) -> datetime:
    """The instant itself, or the end of the quiet hours that it falls into."""
    local = instant.astimezone(ZoneInfo(timezone))
    if quiet is None or not is_quiet(local.time(), quiet):
        return instant
    # in the second pass of a doubled hour their end comes a second time too: the first one is over, and the next is
    # a day away
    again = datetime.combine(local.date(), quiet.until, local.tzinfo).replace(fold=local.fold).astimezone(UTC)
    return again if local.fold and again >= instant else first_at(timezone, quiet.until, instant)


def is_quiet(local: time, quiet: QuietHours) -> bool:
    """Whether a local time lies in the quiet hours; they end before `until`."""
    if quiet.since <= quiet.until:
        return quiet.since <= local < quiet.until
    return local >= quiet.since or local < quiet.until
