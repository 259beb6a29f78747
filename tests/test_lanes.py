"""How many requests are under way at once: as the distance to the Bot API needs, and jobs that give way to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from telegram import Bot

from bellwether.core.config import load_settings
from bellwether.core.courtesy import Courtesy
from bellwether.delivery.deliver import AT_ONCE, MOST_AT_ONCE
from bot.telegram.client import lanes_of, make_bot
from bot.telegram.lanes import RATE, Lanes
from tests.support.bot_api_server.server import TelegramServer
from tests.support.far_away import far_away


class Watch:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def after_trips(seconds: float, count: int = 100) -> Lanes:
    """Lanes that have seen so many trips of so many seconds."""
    watch = Watch()
    lanes = Lanes(watch)

    async def go() -> None:
        for _ in range(count):
            async with lanes.lane():
                watch.now += seconds

    asyncio.run(go())
    return lanes


@pytest.mark.parametrize(
    ("seconds", "at_once"),
    [(0.002, AT_ONCE), (0.05, AT_ONCE + 1), (0.3, AT_ONCE + RATE * 0.3), (2.0, MOST_AT_ONCE), (60.0, MOST_AT_ONCE)],
)
def test_the_number_under_way_follows_the_distance_up_to_its_bound(seconds: float, at_once: float) -> None:
    assert after_trips(seconds).at_once() == pytest.approx(at_once, abs=1)
    assert after_trips(seconds).at_once() <= MOST_AT_ONCE


def test_more_wait_for_a_lane_and_get_it_in_the_order_they_came() -> None:
    lanes, begun, most = Lanes(lambda: 0.0), [], [0]

    async def ride(number: int) -> None:
        async with lanes.lane():
            begun.append(number)
            most[0] = max(most[0], lanes._under_way)
            await asyncio.sleep(0)

    async def crowd() -> None:
        rides = [asyncio.create_task(ride(number)) for number in range(5 * AT_ONCE)]
        await asyncio.sleep(0)
        rides[AT_ONCE + 1].cancel()  # one that waits, and one that was let through
        rides[0].cancel()
        await asyncio.gather(*rides, return_exceptions=True)

    asyncio.run(crowd())
    assert begun == [number for number in range(5 * AT_ONCE) if number != AT_ONCE + 1]
    assert most[0] == AT_ONCE
    assert lanes._under_way == 0


def test_what_fails_gives_its_lane_back_and_teaches_nothing() -> None:
    lanes = Lanes()

    async def fail() -> None:
        with pytest.raises(ZeroDivisionError):
            async with lanes.lane():
                raise ZeroDivisionError

    for _ in range(2 * AT_ONCE):
        asyncio.run(fail())
    assert (lanes._under_way, lanes.latency.usual) == (0, 0.0)


@pytest.mark.parametrize(("away", "least", "most"), [(0.0, 1, AT_ONCE + 2), (0.4, AT_ONCE + 3, MOST_AT_ONCE)])
def test_the_client_opens_as_many_connections_as_the_distance_needs(away: float, least: int, most: int) -> None:
    async def send(bot: Bot) -> None:
        async def some(count: int) -> None:
            sending: list[Awaitable[object]] = [bot.send_message(1, "hello") for _ in range(count)]
            await asyncio.gather(*sending)

        await some(AT_ONCE)  # tells how far away it is
        await some(60)

    with TelegramServer() as server, far_away(server._http.port, away) as port:
        server.open_chat(1)
        base_url = server.base_url.replace(f":{server._http.port}/", f":{port}/")
        bot = make_bot(load_settings(telegram={"token": server.token, "base_url": base_url}).telegram)

        async def run() -> None:
            async with bot:
                await send(bot)

        asyncio.run(run())
        assert least <= server._http.peak_connections <= most
        assert lanes_of(bot).at_once() >= AT_ONCE + RATE * away - 3


# ---- jobs that give way


def test_a_job_rests_between_its_steps_for_as_long_as_each_took_while_something_must_be_quick() -> None:
    watch, rests = Watch(), []
    courtesy = Courtesy(rests.append, watch)
    stopping = [False]
    ask = courtesy.between_steps(lambda: stopping[0])

    def step(seconds: float) -> bool:
        watch.now += seconds
        return ask()

    assert not step(0.02)
    assert rests == [], "nobody is in a hurry"
    with courtesy.hurried(), courtesy.hurried():
        step(0.02)
        for _ in range(10):  # steps that are too short for a rest each
            step(0.004)
        step(60.0)
    step(0.02)
    assert rests == [pytest.approx(0.02), *[pytest.approx(0.008)] * 5, 0.1]
    stopping[0] = True
    with courtesy.hurried():
        assert step(0.02), "one that is to end ends at once"
    assert len(rests) == 7
