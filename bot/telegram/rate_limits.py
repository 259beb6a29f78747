"""Telegram's speed limits, kept by waiting before a message rather than by being refused after it.

30 messages a second in all, or as many as are paid for; to one person about 1 a second, and 3 at once; 20 a minute to
one group (core.telegram.org/bots/faq). Of a chat see `buckets`; where several processes send for a bot each has a
share, see `shared_pace`.
"""

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.telegram.buckets import Bucket, Refilled, Window
from bot.telegram.lanes import Latency

MOST = 30  #: messages within SECOND, counted until they are known to have arrived
EVENLY = 29.5 / MOST  #: of the limit: how many broadcasts a second, from the first ones on; answers need not wait so
OVERALL = 1 / (EVENLY * MOST)  #: seconds between two broadcasts
CATCH_UP = 3 * OVERALL  #: turns that came late by so much are made up for; the limit is still never passed
LEFT = 3  #: messages within SECOND while a share is not known to be ours: what EVENLY leaves over
CALM = 10.0  #: seconds without an answer after which a chat may get its messages from another process
SECOND = 0.95  #: seconds: what arrives so little early Telegram forgives
TRUSTED = 0.9  #: of the shortest trip lately: what the way to Telegram and back surely takes
PRIVATE_BURST, PRIVATE = 3, 1.02  #: messages to one person at once, and the seconds for each of them in the long run
SHARED_BURST = PRIVATE_BURST - 1  #: where others send too: one of theirs may be on its way
GROUP_BURST, GROUP = 20, 60.1  #: messages to one group within so many seconds, at once if need be
FAR = 5.0  #: seconds: a broadcast whose chat opens later gives its place back
MOST_BEFORE = 5  #: answers in a chat that go before a broadcast to the same chat
HELD = 10.0  #: seconds for which the next turn is held for a broadcast that is to come again
_LOOK_AGAIN = 0.25  #: seconds until a look whether it has come
_FORGET_ABOVE = 1_000  #: chats remembered before those whose time has passed are forgotten, at the least


class ChatIsFull(Exception):
    """A chat had its share, and its next turn is far away: other chats can be written to meanwhile."""

    def __init__(self, seconds: float) -> None:
        """`seconds` until the chat opens."""
        super().__init__("the chat had all it may for now")
        self.seconds = seconds


@dataclass(slots=True)
class _HeldTurn:
    """A broadcast that waits for its turn in a chat, or has given its place back and will come again."""

    answers: int = 0  #: how many went before it
    until: float = 0.0  #: when nobody waits for it any more


class SendRateLimit:
    """Hands out turns to send, one at a time; answers to people before broadcasts.

    A busy machine or network may keep messages back and let several go at once. So a message counts from its turn
    until SECOND after its end: whenever in between it arrived, no second has more than MOST. What every trip takes at
    the least it takes always, and shifts all arrivals alike: with Telegram far away a message ends so much earlier.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, most: int = MOST, *, shared: bool = False) -> None:
        """`now` tells seconds that never run backwards; `most` is how many messages a second Telegram takes.

        Where that is `shared` with other processes, LEFT are ours until `share` says more.
        """
        self._now = now
        self._most, self._most_until = (LEFT if shared else most), math.inf
        self._burst = SHARED_BURST if shared else PRIVATE_BURST
        self.latency = Latency(now)  #: of the requests; whoever sends them puts theirs here
        self._next_of_all = 0.0
        self._all_refused = 0.0  # until when the whole bot is left alone
        self._buckets: dict[int, Bucket] = {}
        self._forget_above = _FORGET_ABOVE
        self._refused: dict[int, float] = {}  # until when each chat that met a flood limit is left alone
        self._answering: Counter[int] = Counter()  # answers that wait for their turn, by chat
        self._owed: dict[int, _HeldTurn] = {}
        self._under_way = 0
        self._ended: deque[float] = deque()
        self._shared = shared
        self._answered: dict[int, float] = {}  # until when each chat that got an answer is ours alone
        self._elsewhere: Collection[int] = ()
        self._untold: list[tuple[int, float]] = []

    @asynccontextmanager
    async def turn(self, chat_id: int, *, broadcast: bool = False) -> AsyncIterator[None]:
        """Wait until a message to this chat may leave; it is sent in the block. Groups have negative numbers.

        Of one chat MOST_BEFORE answers go before a broadcast, then the broadcast: whoever asks without end keeps nobody
        else from it. Raises ChatIsFull for a broadcast to a chat that opens in more than FAR seconds.
        """
        bucket = await self._wait_for_turn(chat_id, broadcast)
        try:
            yield
        finally:
            now = self._now()
            self._under_way -= 1
            ended = now - TRUSTED * self.latency.least()
            self._ended.append(max(ended, self._ended[-1]) if self._ended else ended)
            bucket.arrive(now)

    async def _wait_for_turn(self, chat_id: int, broadcast: bool) -> Bucket:
        if not broadcast:
            self._answering[chat_id] += 1
        try:
            # somebody else may take the turn while we sleep, so look again
            while (wait := self._wait(chat_id, broadcast)) > 0:
                if broadcast and (full := self._opens_at(chat_id, self._now()) - self._now()) > FAR:
                    raise ChatIsFull(full)
                await asyncio.sleep(wait)
            # nothing is awaited between the look and the taking, so nobody else can take this turn
            return self._take(chat_id, broadcast)
        finally:
            if not broadcast:
                self._answering[chat_id] -= 1
                self._answering += Counter()  # drops the zeros

    def resting(self, longer_than: float = 0.0) -> list[int]:
        """Return the chats whose turn is more than so many seconds away."""
        now = self._now()
        known = self._buckets.keys() | self._refused.keys()
        return [*self._elsewhere, *(chat for chat in known if self._opens_at(chat, now) > now + longer_than)]

    def refused(self, chat_id: int, seconds: float) -> None:
        """Leave a chat alone for so many seconds: Telegram answered 429.

        It does not say whether the chat got too much or the bot sends too much. A second chat refused while the first
        still waits tells that it is the bot, and then everybody waits.
        """
        if self._shared:
            self._untold.append((chat_id, seconds))
        self._leave_alone(chat_id, seconds)

    def _leave_alone(self, chat_id: int, seconds: float) -> None:
        now = self._now()
        self._refused = {chat: until for chat, until in self._refused.items() if until > now and chat != chat_id}
        if self._refused:
            self._all_refused = max(self._all_refused, now + seconds)
        self._refused[chat_id] = now + seconds

    # where several processes share the limit

    def share(self, most: int, until: float) -> None:
        """Keep to so many messages within SECOND from now on; after that instant to LEFT, unless told again."""
        self._most, self._most_until = most, until

    def holds(self) -> int:
        """Return how many messages within SECOND are ours: the share, or those before it got smaller."""
        now = self._now()
        self._forget_ended(now)
        return max(self._allowed(now), self._under_way + len(self._ended))

    def answered(self) -> list[int]:
        """Return the chats that got an answer within CALM: their messages are to come from this process."""
        now = self._now()
        self._answered = {chat: until for chat, until in self._answered.items() if until > now}
        return list(self._answered)

    def answered_elsewhere(self, chats: Collection[int]) -> None:
        """Send no broadcasts to these chats until told others: somebody else answers there."""
        self._elsewhere = chats

    def untold(self) -> list[tuple[int, float]]:
        """Return what was refused since this was asked last: chats, and the seconds that Telegram named."""
        told, self._untold = self._untold, []
        return told

    def tell_again(self, refusals: list[tuple[int, float]]) -> None:
        """Take back what nobody could be told."""
        self._untold = refusals + self._untold

    def refused_elsewhere(self, refusals: Collection[tuple[int, float]]) -> None:
        """Leave chats alone that met a flood limit in another process."""
        for chat_id, seconds in refusals:
            self._leave_alone(chat_id, seconds)

    def _opens_at(self, chat_id: int, now: float) -> float:
        bucket = self._buckets.get(chat_id)
        return max(bucket.opens_at(now) if bucket is not None else now, self._refused.get(chat_id, 0.0))

    def _wait(self, chat_id: int, broadcast: bool) -> float:
        """Return the seconds until the next check; 0 or less when it is this chat's turn."""
        now = self._now()
        if not broadcast:  # people who ask at once may be answered at once
            return max(self._all_refused, self._answer_opens_at(chat_id, now), self._room_at(now)) - now
        opens_at = self._opens_at(chat_id, now)
        owed = self._owed.get(chat_id)
        if owed is None or owed.until <= now:
            owed = self._owed[chat_id] = _HeldTurn()
        owed.until = max(opens_at, now) + HELD
        wait = max(self._next_of_all, self._all_refused, opens_at, self._room_at(now)) - now
        if wait <= 0 and any(self._answer_opens_at(chat, now) <= now for chat in self._answering):
            return OVERALL  # a person waits and could be answered: this turn is theirs
        return wait

    def _answer_opens_at(self, chat_id: int, now: float) -> float:
        """Return when an answer may go to a chat: after MOST_BEFORE of them the waiting broadcast goes first."""
        opens_at, owed = self._opens_at(chat_id, now), self._owed.get(chat_id)
        if owed is None or owed.answers < MOST_BEFORE or owed.until <= now:
            return opens_at
        return max(opens_at, now + _LOOK_AGAIN)

    def _room_at(self, now: float) -> float:
        """Return when there is room for one more message within SECOND."""
        self._forget_ended(now)
        if self._under_way + len(self._ended) < self._allowed(now):
            return now
        return self._ended[0] + SECOND if self._ended else now + OVERALL

    def _forget_ended(self, now: float) -> None:
        while self._ended and self._ended[0] <= now - SECOND:
            self._ended.popleft()

    def _allowed(self, now: float) -> int:
        if not self._shared:
            return self._most
        return max(self._most, LEFT) if now < self._most_until else LEFT

    def _take(self, chat_id: int, broadcast: bool) -> Bucket:
        now = self._now()
        if broadcast:
            self._owed.pop(chat_id, None)
        elif chat_id in self._owed:
            self._owed[chat_id].answers += 1
        if self._shared and not broadcast:
            self._answered[chat_id] = now + CALM
        self._under_way += 1
        self._next_of_all = max(self._next_of_all, now - CATCH_UP) + 1 / (EVENLY * self._allowed(now))
        if len(self._buckets) > self._forget_above:
            self._buckets = {chat: bucket for chat, bucket in self._buckets.items() if not bucket.is_empty(now)}
            self._owed = {chat: owed for chat, owed in self._owed.items() if owed.until > now}
            self._forget_above = max(_FORGET_ABOVE, 2 * len(self._buckets))
        bucket = self._buckets.get(chat_id)
        if bucket is None:
            bucket = Window(GROUP_BURST, GROUP) if chat_id < 0 else Refilled(self._burst, PRIVATE)
            self._buckets[chat_id] = bucket
        bucket.leave()
        return bucket
