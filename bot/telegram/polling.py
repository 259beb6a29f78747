"""getUpdates, with its answer as the JSON that came: decoded by the library, one update could spoil all the others."""

from collections.abc import Sequence
from typing import Any

from telegram import Bot
from telegram.error import EndPointNotFound, InvalidToken, NetworkError

from bot.telegram.errors import refuses_token

ANSWER_WITHIN = 5.0  #: seconds for the answer, after those for which Telegram waits for something to happen
#: `do_api_request` makes getUpdates of it; under the name of the library's own method it would warn on each poll
_METHOD = "get_Updates"


async def fetch(bot: Bot, offset: int | None, wait: int, wanted: Sequence[str]) -> list[Any]:
    """The updates that are there, as they came, within `wait` seconds. Raises TelegramError, also for no list.

    InvalidToken is raised only where Telegram itself says that it takes the token no more.
    """
    asked: dict[str, Any] = {"timeout": wait, "allowed_updates": list(wanted)}
    if offset is not None:
        asked["offset"] = offset
    try:
        answer = await bot.do_api_request(_METHOD, api_kwargs=asked, read_timeout=ANSWER_WITHIN + wait)
    except EndPointNotFound as error:  # what the library makes of a 401 or 404, once the token was accepted
        refused = error.__cause__
        if isinstance(refused, InvalidToken) and refuses_token(refused):
            raise InvalidToken from None
        raise NetworkError("something on the way answers that there is no such thing") from None
    except (AttributeError, KeyError, RecursionError, TypeError) as error:  # JSON, but not that of an answer
        raise NetworkError(f"the answer to getUpdates cannot be read ({type(error).__name__})") from None
    if not isinstance(answer, list):
        raise NetworkError("the answer to getUpdates is no list")
    return answer
