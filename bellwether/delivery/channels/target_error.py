"""What an answer of a target, or none, means for a message and for the target. Pure."""

from datetime import timedelta

from bellwether.delivery.retry import Cause, DeliveryError
from bellwether.delivery.targets.target import StopReason

_GONE = 410
_NOT_THERE = 404
_UNKNOWN_WEBHOOK = 10015  #: Discord's code of one that was deleted
_DOUBT = timedelta(hours=6)  #: a proxy answers 404 while its server restarts, and a filter of names leads to 0.0.0.0
_BAD_MESSAGE = frozenset({400, 413, 415, 422})
_TOO_FAST = 429
_LONGEST_WAIT = 3600.0  #: seconds that a Retry-After is believed


class OperatorFault(DeliveryError):
    """A message did not leave by a fault on our side, or of our mail server: no target is to blame."""

    @property
    def only_waits(self) -> bool:
        """Nor is the message: it is tried for as long as it is fresh."""
        return True


class TargetError(DeliveryError):
    """A target did not take a message."""

    def __init__(
        self,
        text: str,
        cause: Cause,
        *,
        stops: StopReason | None = None,
        stops_after: timedelta = timedelta(0),
        retry_after: timedelta | None = None,
    ) -> None:
        """`stops`: nothing more is to go there, for that reason, once it has failed for as long as `stops_after`."""
        super().__init__(text, cause, retry_after=retry_after)
        self.stops = stops
        self.stops_after = stops_after

    @property
    def only_waits(self) -> bool:
        """One that is down is no fault of the message: it is tried for as long as it is fresh."""
        return True


def error_of(status: int | None, retry_after: str, code: int | None = None, *, is_private: bool) -> TargetError:
    """What a message meets that did not arrive; `status` and `code` are of the answer, None where there was none."""
    if is_private:
        text = "it leads into a private network"
        return TargetError(text, Cause.NOT_NOW, stops=StopReason.PRIVATE, stops_after=_DOUBT)
    if status is None:
        return TargetError("no connection, or no answer", Cause.UNANSWERED)
    told = f"it answered {status}"
    if status == _GONE or (status == _NOT_THERE and code == _UNKNOWN_WEBHOOK):
        return TargetError(told, Cause.CLOSED, stops=StopReason.REFUSED)
    if status == _NOT_THERE:
        return TargetError(told, Cause.NOT_NOW, stops=StopReason.REFUSED, stops_after=_DOUBT)
    if status in _BAD_MESSAGE:
        return TargetError(told, Cause.REFUSED)
    if status == _TOO_FAST:
        return TargetError(told, Cause.TOO_FAST, retry_after=_wait(retry_after))
    return TargetError(told, Cause.UNANSWERED if status >= 500 else Cause.NOT_NOW)


def _wait(retry_after: str) -> timedelta | None:
    """Seconds, which Discord has with decimals."""
    try:
        seconds = float(retry_after)
    except ValueError:
        return None
    return timedelta(seconds=min(max(seconds, 1.0), _LONGEST_WAIT)) if seconds == seconds else None
