"""Should it try again? And when? Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=15)


class DeliveryError(Exception):
    """A message did not leave; says how to treat that, so that nobody above reads a transport's texts."""

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        gone: bool = False,
        moved_to: int | None = None,
    ) -> None:
        """`permanent`: this message can never be sent. `retry_after`: wait at least so long.

        `gone`: the person blocked us or left; `moved_to`: the chat has a new id.
        """
        super().__init__(text)
        self.permanent = permanent
        self.retry_after = retry_after
        self.gone = gone
        self.moved_to = moved_to


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more, not before this."""

    at: datetime


def next_attempt(error: DeliveryError, attempts: int, expires_at: datetime, now: datetime) -> Again | None:
    """When to try again after `attempts` tries; None for never.

    Doubling pauses, never sooner than the transport asks for, and for as long as the message is worth reading: an
    outage of hours must not cost a digest that is fresh for twelve.
    """
    if error.permanent or error.gone:
        return None
    pause: timedelta = min(_FIRST_PAUSE * 2 ** min(attempts - 1, 10), _LONGEST_PAUSE)
    at = now + max(pause, error.retry_after or timedelta(0))
    return Again(at) if at < expires_at else None
