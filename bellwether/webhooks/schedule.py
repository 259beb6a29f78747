"""When a webhook that did not answer is tried again. Pure."""

from datetime import timedelta

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
