"""When a target to which something did not go is stopped. docs/alerts.md tells people the same rules.

- At once: it answered 410, or Discord that the webhook was deleted.
- After six hours of nothing else: it answered 404, or its address led into a private network.
- After a day of nothing else: a mail server said that there is no such mailbox, while others had mail since; where none
  had, which may be as we are refused, after seven days.
- Whatever failed: after three days and 20 tries without an arrival, where others of its kind got something on three
  days since; where none did, after 30 days.

An arrival has the time count anew, and for a refusal so does a failure of any other sort. Faults of the operator's own
mail server or settings are no TargetError, so they count for nothing.
"""

from datetime import datetime, timedelta

from bellwether.db.connection import Connection
from bellwether.delivery.channels.target_error import TargetError
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import StopReason, Target, TargetKind

ALONE_REFUSED = timedelta(days=7)  #: that a mailbox is none, where no other had mail: we may be who is refused
SILENT_AFTER = timedelta(days=3)
ALONE_SILENT = timedelta(days=30)  #: the same where no other of its kind is known to be well
_DAYS_OF_OTHERS = 3  #: on which others of its kind got something, before a silent target is to blame
_LEAST_FAILURES = 20  #: so that one digest a day that met an outage is not taken for a target that is gone


def why_to_stop(db: Connection, target: Target, error: TargetError, now: datetime) -> StopReason | None:
    """None where it is to be tried further."""
    if error.stops is not None and _has_refused_for_long(db, target, error, now):
        return error.stops
    return StopReason.SILENT if _has_fallen_silent(db, target, now) else None


def _has_refused_for_long(db: Connection, target: Target, error: TargetError, now: datetime) -> bool:
    if not error.stops_after:
        return True
    since = target.refusing_since
    if since is None or target.refusal is not error.stops or now - since < error.stops_after:
        return False
    if target.kind is not TargetKind.MAIL or now - since >= ALONE_REFUSED:
        return True
    return targets_table.days_of_others(db, target, since) > 0


def _has_fallen_silent(db: Connection, target: Target, now: datetime) -> bool:
    since = target.failing_since
    if since is None or now - since < SILENT_AFTER or target.failures + 1 < _LEAST_FAILURES:
        return False
    return now - since >= ALONE_SILENT or targets_table.days_of_others(db, target, since) >= _DAYS_OF_OTHERS
