"""The Bot API client, as everything that talks to Telegram here uses it."""

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import httpx
from telegram import Bot
from telegram.error import EndPointNotFound, InvalidToken, NetworkError, TimedOut
from telegram.request import HTTPXRequest

from bellwether.core.config import Telegram
from bellwether.core.connections import Part, naming_the_fault
from bot.telegram.lanes import PATIENCE, Lanes, NoLane, most_at_once
from bot.telegram.refusals import refuses_token

READ_TIMEOUT = 20.0  #: seconds for an answer: one that comes late after all would make a second message
ANSWER_WITHIN = 5.0  #: seconds for the answer, after those for which Telegram waits for something to happen
#: `do_api_request` makes getUpdates of it; under the name of the library's own method it would warn on each poll
_METHOD = "get_Updates"
os.environ.setdefault("PTB_TIMEDELTA", "1")  # waits come as timedelta; without it each flood limit warns of the change


@lru_cache(maxsize=1)  # within a second all answers have the same
def _instant(written: str) -> datetime:
    """The time in a header. Raises ValueError."""
    return parsedate_to_datetime(written).astimezone(UTC)


@naming_the_fault(Part.TELEGRAM)
def make_bot(settings: Telegram, heard: Callable[[datetime], None] = lambda instant: None) -> Bot:
    """The Bot API client for these settings, not connected yet. `heard` is told the time of each answer.

    Raises ConfigError where the environment's proxies or certificates cannot be used.
    """

    async def tell_time(response: httpx.Response) -> None:
        with suppress(ValueError):  # no time, or none that can be read
            heard(_instant(response.headers.get("date", "")))

    listening = {"event_hooks": {"response": [tell_time]}}
    # httpx writes every address at INFO, and the address holds the token
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # this one writes each answer that is no JSON, with whatever people's words are in it; we say ourselves what failed
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    return Bot(
        settings.token.get_secret_value(),
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=_InLanes(
            settings.messages_a_second, pool_timeout=PATIENCE, read_timeout=READ_TIMEOUT, httpx_kwargs=listening
        ),
        get_updates_request=HTTPXRequest(connection_pool_size=1, httpx_kwargs=listening),
    )


def lanes_of(bot: Bot) -> Lanes:
    """The lanes of a client of `make_bot`; idle ones for any other."""
    return bot.request.lanes if isinstance(bot.request, _InLanes) else Lanes()


async def fetch(bot: Bot, offset: int | None, wait: int, wanted: Sequence[str]) -> list[Any]:
    """The updates that are there, as the JSON that came, within `wait` seconds. Raises TelegramError, also for no list.

    Decoded by the library, one update could spoil all the others.
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


class _InLanes(HTTPXRequest):
    """Opens only as many connections as the distance to the Bot API needs: each one more makes the pool slower."""

    def __init__(self, rate: int, **kwargs: Any) -> None:
        super().__init__(connection_pool_size=most_at_once(rate), **kwargs)
        self.lanes = Lanes(rate=rate)

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            async with self.lanes.lane():
                return await super().do_request(*args, **kwargs)
        except NoLane:  # as the library tells that its pool had no connection to give
            raise TimedOut("No connection was free; the request was not sent.") from httpx.PoolTimeout("no lane")
