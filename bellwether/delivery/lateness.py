"""When a message is late, and how it says so."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext
from bellwether.forecasting import sentences

LATE_AFTER = timedelta(hours=4)  #: an hour beyond the patience for prices: from then on a message says that it is late


def is_late(due_at: datetime, now: datetime) -> bool:
    """Whether a message that goes out now should say that it is late."""
    return now - due_at >= LATE_AFTER


def about_lateness(due_at: datetime, now: datetime, wished_since: datetime, timezone: str) -> str:
    """Says when a message was due that is made late, by the chat's clock; empty where it was wished for only later."""
    if wished_since > due_at or not is_late(due_at, now):
        return ""
    local = due_at.astimezone(ZoneInfo(timezone))
    return _("<i>Late: this was due at {time} on {day}, but could not be made in time.</i>").format(
        time=f"{local:%H:%M}", day=sentences.day(local.date())
    )


def sent_late(after: timedelta) -> str:
    """Says that a message was made in time but could not be sent then."""
    hours = round(after / timedelta(hours=1))
    return ngettext(
        "<i>Late: this was due {count} hour ago, but could not be sent in time.</i>",
        "<i>Late: this was due {count} hours ago, but could not be sent in time.</i>",
        hours,
    ).format(count=hours)
