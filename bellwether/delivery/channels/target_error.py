"""What an answer of a target, or none, means for a message and for the target. Pure."""

from datetime import timedelta

from bellwether.delivery.retry import Cause, DeliveryError
from bellwether.delivery.targets.target import StopReason

_GONE = frozenset({404, 410})  #: the topic, room or webhook was removed
_BAD_MESSAGE = frozenset({400, 413, 415, 422})
_TOO_FAST = 429
_LONGEST_WAIT = 3600.0  #: seconds that a Retry-After is believed


class TargetError(DeliveryError):
    """A target did not take a message."""

    def __init__(
        self,
        text: str,
        cause: Cause,
        *,
        stops: StopReason | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        """`stops`: nothing more is to go there, for that reason."""
        super().__init__(text, cause, retry_after=retry_after)
        self.stops = stops

    @property
    def only_waits(self) -> bool:
        """One that is down is no fault of the message: it is tried for as long as it is fresh."""
        return True


def error_of(status: int | None, retry_after: str, *, is_private: bool) -> TargetError:
    """What a message meets that did not arrive; `status` is of the answer, None where there was none."""
    if is_private:
        return TargetError("it leads into a private network", Cause.CLOSED, stops=StopReason.PRIVATE)
    if status is None:
        return TargetError("no connection, or no answer", Cause.UNANSWERED)
    told = f"it answered {status}"
    if status in _GONE:
        return TargetError(told, Cause.CLOSED, stops=StopReason.REFUSED)
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
