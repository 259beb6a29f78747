"""getUpdates, with its answer as the JSON that came: decoded by the library, one update could spoil all the others."""

from collections.abc import Sequence
from typing import Any

from telegram import Bot
from telegram.error import EndPointNotFound, InvalidToken, NetworkError

ANSWER_WITHIN = 5.0  #: seconds for the answer, after those for which Telegram waits for something to happen
#: `do_api_request` makes getUpdates of it; under the name of the library's own method it would warn on each poll
_METHOD = "get_Updates"


async def fetch(bot: Bot, offset: int | None, wait: int, wanted: Sequence[str]) -> list[Any]:
    """The updates that are there, as they came, within `wait` seconds. Raises TelegramError, also for no list."""
    asked: dict[str, Any] = {"timeout": wait, "allowed_updates": list(wanted)}
    if offset is not None:
        asked["offset"] = offset
    try:
        answer = await bot.do_api_request(_METHOD, api_kwargs=asked, read_timeout=ANSWER_WITHIN + wait)
    except EndPointNotFound:  # what the library makes of a refused token, once it was accepted
        raise InvalidToken from None
    except (AttributeError, KeyError, RecursionError, TypeError) as error:  # JSON, but not that of an answer
        raise NetworkError(f"the answer to getUpdates cannot be read ({type(error).__name__})") from None
    if not isinstance(answer, list):
        raise NetworkError("the answer to getUpdates is no list")
    return answer
