"""How to treat a send that failed, by what Telegram or the connection says."""

import re
from datetime import timedelta

import httpx
from telegram.error import ChatMigrated, Conflict, InvalidToken, RetryAfter, TelegramError

from bellwether.delivery.retry import Cause, DeliveryError
from bot.telegram.refusals import Meaning, refusal

_TOKEN = re.compile(r"bot\d+:[\w-]+")  #: as it stands in the addresses of the Bot API
_LONGEST = 200  #: characters of a refusal that are kept: a proxy on the way may answer with a whole page
#: what a refusal is for whoever owes the message; what can be helped by another form of it was tried before
_CAUSES = {
    Meaning.GONE: Cause.GONE,
    Meaning.MOVED: Cause.MOVED,
    Meaning.MAY_NOT_WRITE: Cause.MAY_NOT_WRITE,
    Meaning.TOPIC_GONE: Cause.MAY_NOT_WRITE,  # the general topic of a forum group, which can be closed too
    Meaning.MAY_NOT_SEND_THIS: Cause.MAY_NOT_SEND_THIS,
}


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
    meaning = refusal(error)
    if meaning is not None:
        text = _TOKEN.sub("bot...", f"{name}: {error}")
        return DeliveryError(text[:_LONGEST], _CAUSES.get(meaning, Cause.REFUSED))
    # a refused token is no fault of the message, and a connection that never stood carried nothing
    never_left = isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if never_left or isinstance(error, InvalidToken | Conflict):
        return DeliveryError(name, Cause.UNREACHABLE)
    return DeliveryError(name, Cause.UNANSWERED)  # also an answer that was cut off: the message had arrived


def seconds(wait: int | timedelta) -> float:
    """How long Telegram asks us to wait."""
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
