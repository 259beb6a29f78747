"""Should it try again? And when? Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

MOST_STRIKES = 5  #: failures while others arrived, after which a message is a dead letter
_MOST_MOVES = 3  #: of a recipient that are followed at once; more would be a circle


class Cause(Enum):
    """Why a message did not leave."""

    GONE = "its reader has left: nothing is sent there until a person says otherwise"
    CLOSED = "its recipient takes nothing more: it was removed, disabled, or said so itself"
    REFUSED = "the receiver will never take this message"
    NOT_NOW = "the receiver answered that it did not take it, and may later"
    TOO_FAST = "a flood limit"
    MOVED = "the recipient has a new number"
    MAY_NOT_WRITE = "the right to write to the recipient is missing now; it may come back"
    MAY_NOT_SEND_THIS = "the recipient takes words, but no message of this sort"
    UNREACHABLE = "no connection, so it surely did not arrive"
    UNANSWERED = "sent, and no answer or a server's failure came back: it may have arrived"
    BUG = "our own code failed"


class DeliveryError(Exception):
    """A message did not leave; says how to treat that, so that nobody above reads a transport's texts."""

    def __init__(
        self,
        text: str,
        cause: Cause = Cause.UNREACHABLE,
        *,
        retry_after: timedelta | None = None,
        moved_to: int | None = None,
    ) -> None:
        """`retry_after`: wait exactly so long; `moved_to`: the recipient's new number."""
        super().__init__(text)
        self.cause = cause
        self.retry_after = retry_after
        self.moved_to = moved_to

    @property
    def uncertain(self) -> bool:
        """Whether the message may have arrived all the same."""
        return self.cause in {Cause.UNANSWERED, Cause.BUG}

    @property
    def only_waits(self) -> bool:
        """Whether nothing is wrong with the message: its receiver takes it later, or it has moved."""
        return self.cause in {Cause.TOO_FAST, Cause.MOVED, Cause.NOT_NOW} or self.forbidden_now

    @property
    def forbidden_now(self) -> bool:
        """Whether a right is missing that the recipient may give back."""
        return self.cause in {Cause.MAY_NOT_WRITE, Cause.MAY_NOT_SEND_THIS}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a channel tries again."""

    pauses: tuple[timedelta, ...]  #: after the first try, the second and so on; the last one repeats
    longest_asked: timedelta | None = None  #: what a receiver asks for lengthens a pause, up to this; None: is exact

    def pause(self, attempts: int, asked: timedelta | None = None) -> timedelta:
        """How long to wait after so many tries; `asked` is how long the receiver wants to be left alone."""
        pause = self.pauses[min(max(attempts, 1), len(self.pauses)) - 1]
        if asked is None:
            return pause
        return asked if self.longest_asked is None else min(max(pause, asked), self.longest_asked)


# pauses double: an outage of hours must not cost a digest that is fresh for twelve, nor must an evening on which a
# group lets only its admins write
DOUBLING = RetryPolicy(tuple(min(timedelta(seconds=5) * 2**tried, timedelta(minutes=15)) for tried in range(9)))


def next_attempt(
    policy: RetryPolicy, error: DeliveryError, attempts: int, strikes: int, now: datetime
) -> datetime | None:
    """When to try again after `attempts` tries; None for never.

    A recipient that moved is tried at once. A message with MOST_STRIKES is not in an outage, it is poison; but one that
    is only to wait never is. A time at which it is not fresh any more is none at which it will be sent.
    """
    if error.cause in {Cause.GONE, Cause.CLOSED, Cause.REFUSED} or (strikes >= MOST_STRIKES and not error.only_waits):
        return None
    if error.retry_after is None and error.moved_to is not None and attempts <= _MOST_MOVES:
        return now
    return now + policy.pause(attempts, error.retry_after)
