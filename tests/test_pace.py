"""Telegram's speed limits, kept by waiting. On a loop whose clock leaps."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable

import pytest

from bot.telegram.lanes import Latency
from bot.telegram.rate_limits import (
    CATCH_UP,
    GROUP,
    GROUP_BURST,
    HELD,
    MOST,
    MOST_BEFORE,
    OVERALL,
    PRIVATE,
    PRIVATE_BURST,
    SECOND,
    TRUSTED,
    ChatIsFull,
    SendRateLimit,
)
from tests.support.bot_api_server.errors import ApiError
from tests.support.bot_api_server.limits import FloodLimits
from tests.support.leaping import LeapingLoop


class Turns:
    """Who had a turn, and when, in seconds from the start."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()
        self.pace = SendRateLimit(self.loop.time)
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

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(run())


def test_fifty_who_ask_at_once_are_answered_as_fast_as_telegram_allows() -> None:
    turns = play(lambda turns: asyncio.gather(*(turns.take(chat_id) for chat_id in range(1, 51))))
    times = [when for _, when in turns.taken]
    for first, thirty_later in zip(times, times[MOST:], strict=False):
        assert thirty_later - first >= SECOND, "never a 31st within a second"


def test_thirty_who_ask_at_once_wait_for_nobody() -> None:
    async def all_take() -> int:
        pace, taken = SendRateLimit(lambda: 0.0), 0  # by this clock no wait ever ends
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
    turns = play(lambda turns: asyncio.gather(*(turns.take(1) for _ in range(PRIVATE_BURST + 1)), turns.take(2)))
    assert turns.order == [1] * PRIVATE_BURST + [2, 1]


def test_a_person_is_answered_three_times_at_once_and_then_once_a_second() -> None:
    async def several(turns: Turns) -> None:
        for _ in range(PRIVATE_BURST + 3):
            await turns.take(1)

    times = play(several).at(1)
    assert times[PRIVATE_BURST - 1] < PRIVATE / 2, "a burst is not held back"
    for burst, (early, late) in enumerate(itertools.pairwise(times[PRIVATE_BURST - 1 :]), 1):
        assert late - times[0] >= burst * PRIVATE
        assert late - early <= 2 * PRIVATE


def test_a_group_gets_twenty_messages_at_once_and_no_twenty_first_within_the_minute() -> None:
    async def many(turns: Turns) -> None:
        for _ in range(GROUP_BURST + 1):
            await turns.take(-1)

    times = play(many).at(-1)
    assert times[GROUP_BURST - 1] < 5, "the second question in a row is answered at once"
    assert times[GROUP_BURST] - times[0] >= GROUP > 60


@pytest.mark.parametrize("chat_id", [1, -1], ids=["a person", "a group"])
def test_however_the_network_shifts_messages_a_chat_never_gets_too_many(chat_id: int) -> None:
    """The strict server counts them where they arrive, each after a wait of its own."""
    limits, refused = FloodLimits(enabled=True, clock=lambda: 0.0), []

    async def crowd(turns: Turns) -> None:
        chance = random.Random(7)
        limits._clock = turns.loop.time

        async def send() -> None:
            async with turns.pace.turn(chat_id):
                await asyncio.sleep(chance.choice([0.0, 0.3, 2.5]))
                try:
                    limits.count(chat_id, private=chat_id > 0)
                except ApiError as problem:
                    refused.append(problem)
                await asyncio.sleep(chance.choice([0.0, 0.3, 1.0]))

        for _ in range(3):
            await asyncio.gather(*(send() for _ in range(14)))
            await asyncio.sleep(chance.uniform(0, 4))

    play(crowd)
    assert refused == []


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
        for _ in range(PRIVATE_BURST):
            await turns.take(1)
        await asyncio.gather(turns.take(1), *(turns.take(chat_id, broadcast=True) for chat_id in range(100, 110)))

    assert play(crowd).order[-1] == 1


@pytest.mark.parametrize("chat_id", [-1, 1])
def test_a_chat_that_asks_without_end_gets_its_digest_after_a_bounded_number_of_answers(chat_id: int) -> None:
    burst = GROUP_BURST if chat_id < 0 else PRIVATE_BURST

    async def crowd(turns: Turns) -> None:
        for _ in range(burst):
            await turns.take(chat_id)
        asking = [asyncio.create_task(turns.take(chat_id)) for _ in range(60)]
        await asyncio.sleep(1)
        while True:
            try:
                await turns.take(chat_id, broadcast=True)
                break
            except ChatIsFull as full:
                await asyncio.sleep(full.seconds + 1)  # as delivery comes again
        assert turns.loop.time() - turns.began < GROUP + 15
        assert len(turns.taken) <= burst + MOST_BEFORE + 4  # and those that went before it was asked for
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    play(crowd)


def test_a_full_chat_keeps_the_place_of_no_other_broadcast() -> None:
    async def crowd(turns: Turns) -> None:
        for _ in range(GROUP_BURST):
            await turns.take(-1)
        began = turns.loop.time()
        with pytest.raises(ChatIsFull) as full:
            await turns.take(-1, broadcast=True)
        assert turns.loop.time() - began < 1
        assert GROUP - 5 < full.value.seconds <= GROUP
        answers = [asyncio.create_task(turns.take(-1)) for _ in range(9)]
        await asyncio.gather(*(turns.take(chat_id, broadcast=True) for chat_id in range(1, 9)))
        assert turns.loop.time() - began < 5, "answers that cannot go yet hold up no broadcast"
        await asyncio.gather(*answers)
        assert set(turns.order[:GROUP_BURST]) == {-1}

    play(crowd)


def test_a_held_turn_is_given_up_when_the_broadcast_does_not_come_again() -> None:
    async def crowd(turns: Turns) -> None:
        for _ in range(GROUP_BURST):
            await turns.take(-1)
        with pytest.raises(ChatIsFull):
            await turns.take(-1, broadcast=True)
        await asyncio.gather(*(turns.take(-1) for _ in range(MOST_BEFORE + 3)))
        assert GROUP + HELD - 2 < turns.taken[-1][1] < GROUP + HELD + 5

    play(crowd)


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
        assert turns.pace.resting() == [], "one message more is let through at once"
        for _ in range(PRIVATE_BURST - 1):
            await turns.take(1)
        for _ in range(GROUP_BURST):
            await turns.take(-2)
        await turns.take(-4)
        turns.pace.refused(3, 60)
        assert set(turns.pace.resting()) == {1, -2, 3}
        assert set(turns.pace.resting(longer_than=5)) == {-2, 3}
        await asyncio.sleep(2)
        assert set(turns.pace.resting()) == {-2, 3}
        await asyncio.sleep(GROUP)
        assert turns.pace.resting() == []

    play(some)


# ---- a far Bot API


def trips(latency: Latency, seconds: float, count: int, now: list[float]) -> None:
    """So many requests that take so long, thirty a second."""
    for _ in range(count):
        now[0] += 1 / 30
        latency.took(seconds)


def test_the_shortest_trip_is_believed_once_enough_have_been_seen() -> None:
    now = [0.0]
    latency = Latency(lambda: now[0])
    trips(latency, 0.3, 29, now)
    assert latency.least() == 0, "too few, and one stall may have held up all of them"
    trips(latency, 0.3, 200, now)
    assert (latency.least(), latency.usual) == (0.3, pytest.approx(0.3))
    trips(latency, 0.05, 1, now)
    assert latency.least() == 0.05
    trips(latency, 0.3, 30 * 130, now)
    assert latency.least() == 0.3, "what it was two minutes ago is forgotten"
    now[0] += 120
    assert latency.least() == 0, "so is all else after a rest"


@pytest.mark.parametrize("away", [0.05, 0.3], ids=["50 ms away", "300 ms away"])
def test_broadcasts_keep_their_pace_however_far_away_telegram_is(away: float) -> None:
    """On a clock of our own, so that the machine has no part in it."""
    now = [0.0]
    pace = SendRateLimit(lambda: now[0])
    trips(pace.latency, away, 300, now)
    began, ends, sent = now[0], [], 0
    limits = FloodLimits(enabled=True, clock=lambda: now[0] + away / 2)
    with asyncio.Runner() as runner:
        while now[0] - began < 20:
            while ends and ends[0][0] <= now[0]:
                _, turn = ends.pop(0)
                runner.run(turn.__aexit__(None, None, None))
            if pace._wait(sent + 1, broadcast=True) <= 0:
                turn = pace.turn(sent + 1, broadcast=True)
                runner.run(turn.__aenter__())
                limits.count(sent + 1, private=True)  # raises where it came too fast
                ends.append((now[0] + away, turn))
                sent += 1
            now[0] += 0.001
    assert sent / 20 >= 0.95 * MOST
    assert TRUSTED < 1
