"""Telegram's speed limits, kept by waiting before a message rather than by being refused after it.

30 messages a second in all, 1 a second for each chat, 20 a minute for each group (core.telegram.org/bots/faq).
"""

import asyncio
import time
from collections.abc import Callable

OVERALL = 1 / 28  #: seconds between two messages; a little above 1/30, since the other end keeps its own clock
PRIVATE = 1.02  #: seconds between two messages to one person
GROUP = 3.05  #: seconds between two messages to one group
_FORGET_ABOVE = 10_000  #: chats remembered before those whose time has passed are forgotten


class Pace:
    """Hands out turns to send, one at a time."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells seconds that never run backwards."""
        self._now = now
        self._next_of_all = 0.0
        self._next_of_chat: dict[int, float] = {}

    async def turn(self, chat_id: int) -> None:
        """Wait until a message to this chat may leave. Groups have negative numbers."""
        # somebody else may take the turn while we sleep, so look again
        while (wait := max(self._next_of_all, self._next_of_chat.get(chat_id, 0.0)) - self._now()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        # nothing is awaited between the look and the taking, so nobody else can take this turn
        now = self._now()
        self._next_of_all = now + OVERALL
        self._next_of_chat[chat_id] = now + (GROUP if chat_id < 0 else PRIVATE)
        if len(self._next_of_chat) > _FORGET_ABOVE:
            self._next_of_chat = {chat: when for chat, when in self._next_of_chat.items() if when > now}
