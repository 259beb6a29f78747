"""What Telegram's errors mean for a message; nobody else reads their texts."""

from datetime import timedelta

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError

from bellwether.alerting.retry import Cause, DeliveryError

# what Telegram answers by 400 when there is nobody to write to, or no right to
_NOBODY_THERE = ("chat not found", "user not found", "peer_id_invalid", "not enough rights", "no rights to send")
# and when the topic of a forum group is gone, or closed
_TOPIC_IS_GONE = ("message thread not found", "topic_closed", "topic_deleted")


def as_delivery_error(error: TelegramError) -> DeliveryError:
    """How to treat a failed send.

    A time-out or a 5xx may have been delivered all the same: it is sent again, for a digest twice beats a digest lost.
    """
    name = type(error).__name__
    if isinstance(error, RetryAfter):
        wait = timedelta(seconds=seconds(error.retry_after))
        return DeliveryError(name, Cause.TOO_FAST, retry_after=wait)
    if isinstance(error, ChatMigrated):
        return DeliveryError(name, Cause.MOVED, moved_to=error.new_chat_id)
    if isinstance(error, Forbidden):
        return DeliveryError(name, Cause.GONE)
    if isinstance(error, BadRequest):
        nobody = _says(error, *_NOBODY_THERE)
        return DeliveryError(f"{name}: {error}", Cause.GONE if nobody else Cause.REFUSED)
    # a refused token is no fault of the message, and a connection that never stood carried nothing
    never_left = isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if never_left or not isinstance(error, NetworkError):
        return DeliveryError(name, Cause.UNREACHABLE)
    return DeliveryError(name, Cause.UNANSWERED)


def topic_is_gone(error: BadRequest) -> bool:
    """Whether the topic of a forum group that was named does not take messages any more."""
    return _says(error, *_TOPIC_IS_GONE)


def markup_is_refused(error: BadRequest) -> bool:
    """Whether Telegram could not read our HTML."""
    return _says(error, "can't parse entities")


def nothing_changed(error: BadRequest) -> bool:
    """Whether a message already is what it was to become."""
    return _says(error, "not modified")


def seconds(wait: int | timedelta) -> float:
    """How long Telegram asks us to wait."""
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _says(error: BadRequest, *words: str) -> bool:
    said = str(error).lower()
    return any(one in said for one in words)
