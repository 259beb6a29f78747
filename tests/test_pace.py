"""Telegram's speed limits, kept by waiting. On a fast loop: its seconds are twentieths."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from bot.pace import CATCH_UP, GROUP, MOST, OVERALL, PRIVATE, SECOND, Pace
from tests.chaos.fast import FastLoop


class Turns:
    """Who had a turn, and when, in seconds from the start."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()
        self.pace = Pace(self.loop.time)
        self.taken: list[tuple[int, float]] = []

    async def take(self, chat_id: int, *, broadcast: bool = False) -> None:
        async with self.pace.turn(chat_id, broadcast=broadcast):
            self.taken.append((chat_id, self.loop.time() - self.began))

    @property
    def order(self) -> list[int]:
        return [chat_id for chat_id, _ in self.taken]

    def at(self, chat_id: int) -> list[float]:
        return [when for one, when in self.taken if one == chat_id]


def play(script: Callable[[Turns], Awaitable[object]]) -> Turns:
    async def run() -> Turns:
        turns = Turns()
        await script(turns)
        return turns

    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(run())


def test_fifty_who_ask_at_once_are_answered_as_fast_as_telegram_allows() -> None:
    turns = play(lambda turns: asyncio.gather(*(turns.take(chat_id) for chat_id in range(1, 51))))
    times = [when for _, when in turns.taken]
    for first, thirty_later in zip(times, times[MOST:], strict=False):
        assert thirty_later - first >= SECOND, "never a 31st within a second"


def test_thirty_who_ask_at_once_wait_for_nobody() -> None:
    async def all_take() -> int:
        pace, taken = Pace(lambda: 0.0), 0  # by this clock no wait ever ends
        for chat_id in range(1, MOST + 1):
            async with pace.turn(chat_id):
                taken += 1
        return taken

    assert asyncio.run(all_take()) == MOST


def test_broadcasts_keep_to_thirty_a_second_from_the_first_message_on() -> None:
    turns = play(lambda turns: asyncio.gather(*(turns.take(chat_id, broadcast=True) for chat_id in range(1, 61))))
    times = [when for _, when in turns.taken]
    assert times[-1] >= OVERALL * 59 - CATCH_UP, "no burst at the start"
    for first, thirty_later in zip(times, times[30:], strict=False):
        assert thirty_later - first >= SECOND, "never a 31st within a second"


def test_one_chat_waits_without_holding_up_another() -> None:
    turns = play(lambda turns: asyncio.gather(turns.take(1), turns.take(1), turns.take(2)))
    assert turns.order == [1, 2, 1]
    first, second = turns.at(1)
    assert second - first >= PRIVATE


def test_a_group_gets_at_most_twenty_a_minute() -> None:
    async def three(turns: Turns) -> None:
        for _ in range(3):
            await turns.take(-1)

    times = play(three).at(-1)
    assert min(late - early for early, late in itertools.pairwise(times)) >= GROUP
    assert GROUP * 20 > 60


def test_answers_to_people_go_before_a_broadcast() -> None:
    async def crowd(turns: Turns) -> None:
        broadcast = [asyncio.create_task(turns.take(chat_id, broadcast=True)) for chat_id in range(100, 130)]
        await asyncio.sleep(OVERALL * 5)
        await asyncio.gather(*(turns.take(chat_id) for chat_id in (1, 2, 3)))
        await asyncio.gather(*broadcast)

    order = play(crowd).order
    assert max(order.index(person) for person in (1, 2, 3)) < 15
    assert len(order) == 33


def test_a_person_who_must_wait_for_his_own_limit_holds_up_no_broadcast() -> None:
    async def crowd(turns: Turns) -> None:
        await turns.take(1)
        await asyncio.gather(turns.take(1), *(turns.take(chat_id, broadcast=True) for chat_id in range(100, 110)))

    assert play(crowd).order[-1] == 1


def test_a_refused_chat_is_left_alone_for_exactly_as_long_as_telegram_says() -> None:
    async def refused(turns: Turns) -> None:
        turns.pace.refused(1, 7)
        await asyncio.gather(turns.take(1), turns.take(2))

    turns = play(refused)
    assert turns.at(2)[0] < 7 <= turns.at(1)[0]


def test_when_a_second_chat_is_refused_too_everybody_waits() -> None:
    async def refused(turns: Turns) -> None:
        turns.pace.refused(1, 7)
        turns.pace.refused(2, 5)
        await turns.take(3)

    assert play(refused).at(3)[0] >= 5


def test_messages_that_were_kept_back_and_leave_together_still_fit_into_a_second() -> None:
    arrived: list[float] = []

    async def crowd(turns: Turns) -> None:
        stuck_until = turns.loop.time() + 3

        async def send(chat_id: int) -> None:
            async with turns.pace.turn(chat_id):
                await asyncio.sleep(max(0.0, stuck_until - turns.loop.time()))  # nothing leaves before that
                arrived.append(turns.loop.time())

        await asyncio.gather(*(send(chat_id) for chat_id in range(1, 81)))

    play(crowd)
    arrived.sort()
    for first, thirty_later in zip(arrived, arrived[MOST:], strict=False):
        assert thirty_later - first >= SECOND


def test_it_tells_whose_turn_is_still_to_come_and_how_far_away() -> None:
    async def some(turns: Turns) -> None:
        await turns.take(1, broadcast=True)
        await turns.take(-2, broadcast=True)
        turns.pace.refused(3, 60)
        assert set(turns.pace.resting()) == {1, -2, 3}
        assert turns.pace.resting(longer_than=5) == [3]
        await asyncio.sleep(2)
        assert set(turns.pace.resting()) == {-2, 3}
        await asyncio.sleep(2)
        assert turns.pace.resting() == [3]

    play(some)
