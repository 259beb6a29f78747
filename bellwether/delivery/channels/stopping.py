"""Whether a target to which something did not go is to be stopped."""

from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.delivery.channels.target_error import TargetError
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import StopReason, Target, TargetKind, has_fallen_silent

_DAYS_OF_OTHERS = 3  #: on which others of its kind got something, before a silent target is to blame


def why_to_stop(db: Connection, target: Target, error: TargetError, now: datetime) -> StopReason | None:
    """None where it is to be tried further: also where nothing got through to others either, which is our own fault."""
    since = target.failing_since
    if error.stops is not None and not error.stops_after:
        return error.stops
    if since is None:
        return None
    if error.stops is not None and now - since >= error.stops_after:
        by_mail = target.kind is TargetKind.MAIL
        return error.stops if not by_mail or targets_table.days_of_others(db, target, since) else None
    silent = has_fallen_silent(target, now) and targets_table.days_of_others(db, target, since) >= _DAYS_OF_OTHERS
    return StopReason.SILENT if silent else None
