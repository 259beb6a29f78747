"""Should it try again? And when? Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

MOST_STRIKES = 5  #: failures while others arrived, after which a message is a dead letter
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=15)
_MOST_MOVES = 3  #: of a chat that are followed at once; more would be a circle


class Cause(Enum):
    """Why a message did not leave."""

    GONE = "the person blocked the bot, or the group threw it out"
    REFUSED = "Telegram will never take this message"
    TOO_FAST = "a flood limit"
    MOVED = "the chat has a new number"
    MAY_NOT_WRITE = "the right to write to the chat is missing now; it may come back"
    MAY_NOT_SEND_THIS = "the chat takes words, but no message of this sort"
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
        """`retry_after`: wait exactly so long; `moved_to`: the chat's new id."""
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
        """Whether nothing is wrong with the message: its chat got too much, has moved, or lets nobody write now."""
        return self.cause in {Cause.TOO_FAST, Cause.MOVED} or self.forbidden_now

    @property
    def forbidden_now(self) -> bool:
        """Whether a right is missing that the chat may give back."""
        return self.cause in {Cause.MAY_NOT_WRITE, Cause.MAY_NOT_SEND_THIS}


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more, not before this."""

    at: datetime


def next_attempt(error: DeliveryError, attempts: int, strikes: int, now: datetime) -> Again | None:
    """When to try again after `attempts` tries; None for never.

    A flood limit is waited out exactly, a chat that moved is tried at once. Otherwise pauses double: an outage of hours
    must not cost a digest that is fresh for twelve, nor must an evening on which a group lets only its admins write. A
    message with MOST_STRIKES is not in an outage, it is poison; but one that is only to wait never is. A time at which
    it is not fresh any more is none at which it will be sent.
    """
    if error.cause in {Cause.GONE, Cause.REFUSED} or (strikes >= MOST_STRIKES and not error.only_waits):
        return None
    if error.retry_after is not None:
        pause = error.retry_after
    elif error.moved_to is not None and attempts <= _MOST_MOVES:
        pause = timedelta(0)
    else:
        pause = min(_FIRST_PAUSE * 2 ** min(attempts - 1, 10), _LONGEST_PAUSE)
    return Again(now + pause)


KEEP_TRYING = timedelta(days=3)
LONGEST_HOLD = timedelta(minutes=10)
_PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)


def pause_after(attempts: int, asked: float | None = None) -> timedelta:
    """How long to wait after so many tries; `asked` are seconds that the receiver wants to be left alone."""
    pause = _PAUSES[min(max(attempts, 1), len(_PAUSES)) - 1]
    return pause if asked is None else min(max(pause, timedelta(seconds=asked)), KEEP_TRYING)


def hold_after(pause: timedelta) -> timedelta:
    """How long whatever else waits for this webhook waits too, so that a dead one keeps nobody else's alerts waiting.

    Not as long as the pause itself may be: each event is to have tries of its own within its three days.
    """
    return min(pause, LONGEST_HOLD)
