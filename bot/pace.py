"""Telegram's speed limits, kept by waiting before a message rather than by being refused after it.

30 messages a second in all, 1 a second for each chat, 20 a minute for each group (core.telegram.org/bots/faq).
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

OVERALL = 1 / 29.5  #: seconds between two broadcasts, from the first one on: no burst; answers need not wait for that
CATCH_UP = OVERALL / 3  #: a turn that came late by so much is made up for; 30 a second is still never passed
MOST = 30  #: messages within SECOND, counted until they are known to have arrived
SECOND = 0.95  #: seconds: what arrives so little early Telegram forgives
PRIVATE = 1.02  #: seconds between two messages to one person
GROUP = 3.05  #: seconds between two messages to one group
_FORGET_ABOVE = 1_000  #: chats remembered before those whose time has passed are forgotten


class Pace:
    """Hands out turns to send, one at a time; answers to people before broadcasts.

    A busy machine or network may keep messages back and let several go at once. So a message counts from its turn
    until SECOND after its end: whenever in between it arrived, no second has more than MOST.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells seconds that never run backwards."""
        self._now = now
        self._next_of_all = 0.0
        self._all_refused = 0.0  # until when the whole bot is left alone
        self._next_of_chat: dict[int, float] = {}
        self._answering: Counter[int] = Counter()  # answers that wait for their turn, by chat
        self._refused: dict[int, float] = {}  # until when each chat that met a flood limit is left alone
        self._under_way = 0
        self._ended: deque[float] = deque()

    @asynccontextmanager
    async def turn(self, chat_id: int, *, broadcast: bool = False) -> AsyncIterator[None]:
        """Wait until a message to this chat may leave; it is sent in the block. Groups have negative numbers."""
        await self._wait_for_turn(chat_id, broadcast)
        try:
            yield
        finally:
            now = self._now()
            self._under_way -= 1
            self._ended.append(now)
            again = now + _pause(chat_id) - (1 - SECOND)
            self._next_of_chat[chat_id] = max(self._next_of_chat.get(chat_id, 0.0), again)

    async def _wait_for_turn(self, chat_id: int, broadcast: bool) -> None:
        if not broadcast:
            self._answering[chat_id] += 1
        try:
            # somebody else may take the turn while we sleep, so look again
            while (wait := self._wait(chat_id, broadcast)) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait)
            # nothing is awaited between the look and the taking, so nobody else can take this turn
            self._take(chat_id)
        finally:
            if not broadcast:
                self._answering[chat_id] -= 1
                self._answering += Counter()  # drops the zeros

    def resting(self, longer_than: float = 0.0) -> list[int]:
        """The chats that were written to, or refused something: their turn is more than so many seconds away."""
        limit = self._now() + longer_than
        return [chat_id for chat_id, when in self._next_of_chat.items() if when > limit]

    def refused(self, chat_id: int, seconds: float) -> None:
        """Telegram said 429: leave the chat alone for exactly so long.

        It does not say whether the chat got too much or the bot sends too much. A second chat refused while the first
        still waits tells that it is the bot, and then everybody waits.
        """
        now = self._now()
        self._refused = {chat: until for chat, until in self._refused.items() if until > now and chat != chat_id}
        if self._refused:
            self._all_refused = max(self._all_refused, now + seconds)
        self._refused[chat_id] = now + seconds
        self._next_of_chat[chat_id] = max(self._next_of_chat.get(chat_id, 0.0), now + seconds)

    def _wait(self, chat_id: int, broadcast: bool) -> float:
        """Seconds until a look is worth while; 0 or less when it is this chat's turn."""
        now = self._now()
        paced = self._next_of_all if broadcast else 0.0  # people who ask at once may be answered at once
        wait = max(paced, self._all_refused, self._next_of_chat.get(chat_id, 0.0), self._room_at(now)) - now
        if wait <= 0 and broadcast and any(self._next_of_chat.get(one, 0.0) <= now for one in self._answering):
            return OVERALL  # a person waits and could be answered: this turn is theirs
        return wait

    def _room_at(self, now: float) -> float:
        """When there is room for one more message within SECOND."""
        while self._ended and self._ended[0] <= now - SECOND:
            self._ended.popleft()
        if self._under_way + len(self._ended) < MOST:
            return now
        return self._ended[0] + SECOND if self._ended else now + OVERALL

    def _take(self, chat_id: int) -> None:
        now = self._now()
        self._under_way += 1
        self._next_of_all = max(self._next_of_all, now - CATCH_UP) + OVERALL
        self._next_of_chat[chat_id] = now + _pause(chat_id)
        if len(self._next_of_chat) > _FORGET_ABOVE:
            self._next_of_chat = {chat: when for chat, when in self._next_of_chat.items() if when > now}


def _pause(chat_id: int) -> float:
    """Seconds between two messages to a chat."""
    return GROUP if chat_id < 0 else PRIVATE
