"""How many requests are under way at once: as the distance to the Bot API needs, and jobs that give way to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from telegram import Bot
from telegram.error import TimedOut

from bellwether.core.config import load_settings
from bellwether.core.courtesy import Courtesy
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.channels.channel import AT_ONCE
from bellwether.delivery.deliver import MOST_AT_ONCE
from bellwether.delivery.messages import recipient_of
from bellwether.delivery.outbox_table import Draft
from bellwether.delivery.retry import Cause
from bot.replies import Reply
from bot.telegram.client import lanes_of, make_bot
from bot.telegram.errors import as_delivery_error
from bot.telegram.lanes import RATE, Lanes
from bot.telegram.pictures import Pictures
from bot.telegram.sender import TelegramSender
from tests.support.bot_api_server.server import TelegramServer
from tests.support.deliveries import deliver
from tests.support.far_away import far_away
from tests.support.running_bot import bot_services, running_bot


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


@pytest.mark.parametrize(("away", "least"), [(0.0, 1), (0.4, AT_ONCE + 3)])
def test_the_client_opens_as_many_connections_as_the_distance_needs(
    away: float, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = [AT_ONCE]  # on a busy machine even a near server seems further away
    at_once = Lanes.at_once

    def watched(lanes: Lanes) -> int:
        limits.append(at_once(lanes))
        return limits[-1]

    monkeypatch.setattr(Lanes, "at_once", watched)

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
        assert least <= server._http.peak_connections <= max(limits)
        assert lanes_of(bot).at_once() >= AT_ONCE + RATE * away - 3


def test_a_request_that_gets_no_lane_says_that_it_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(telegram={"token": "1:a", "base_url": "http://nowhere.invalid/bot"})

    async def crowd() -> None:
        bot = make_bot(settings.telegram)
        lanes = lanes_of(bot)
        monkeypatch.setattr(lanes, "_patience", 0.01)
        async with AsyncExitStack() as taken:
            for _ in range(AT_ONCE):
                await taken.enter_async_context(lanes.lane())
            with pytest.raises(TimedOut) as refused:
                await bot.send_message(1, "hello")
            assert as_delivery_error(refused.value).cause is Cause.UNREACHABLE
        assert (lanes._under_way, len(lanes._waiting)) == (0, 0)
        async with lanes.lane():
            assert lanes._under_way == 1

    asyncio.run(crowd())


def test_while_telegram_keeps_owed_messages_hanging_a_person_is_answered(tmp_path: Path) -> None:
    with TelegramServer() as server:
        services = bot_services(server, tmp_path)
        now = services.clock()
        with services.store.transaction() as db:
            for chat_id in range(1, 3 * AT_ONCE):
                server.open_chat(chat_id)
                chats_table.join(db, chat_id, "en", now)
                draft = Draft(
                    f"digest:{chat_id}:a", recipient_of(chat_id), "digest", "owed", now, now + timedelta(hours=12)
                )
                outbox_table.enqueue(db, draft, now)
        server.open_chat(1001)

        async def run() -> list[str]:
            bot = make_bot(services.settings.telegram)
            sender = TelegramSender(bot, Pictures(services.store, services.clock, bot.token))
            for _ in range(sender.at_once()):
                server.hang_next("sendMessage", 3)
            async with bot:
                sending = asyncio.create_task(deliver(services, sender))
                await asyncio.to_thread(server.wait_for, lambda s: len(s.calls("sendMessage")) >= sender.at_once())
                await sender.answer(1001, Reply("an answer"))
                arrived = [message.text for chat_id in range(1, 1002) for message in server.messages(chat_id)]
                assert (await sending).sent == 3 * AT_ONCE - 1
            sender.close()
            return arrived

        assert asyncio.run(run()) == ["an answer"]


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


def test_a_job_that_waits_for_the_network_owes_no_rest_for_that() -> None:
    rests: list[float] = []
    courtesy = Courtesy(rests.append)
    ask = courtesy.between_steps(lambda: False)
    ask()
    with courtesy.hurried():
        time.sleep(0.03)
        ask()
        assert rests == []
        began = time.thread_time()
        while time.thread_time() - began < 0.03:
            pass
        ask()
        assert len(rests) == 1


def test_each_thread_of_a_job_rests_for_its_own_work() -> None:
    rests: list[float] = []
    courtesy = Courtesy(rests.append)
    ask = courtesy.between_steps(lambda: False)
    began = time.thread_time()
    while time.thread_time() - began < 0.03:
        pass
    with courtesy.hurried(), ThreadPoolExecutor(1) as other:
        other.submit(ask).result()
        other.submit(ask).result()
    assert rests == [], "what another thread computed is none of its work"


def test_jobs_give_way_to_answers_for_as_long_as_these_take(tmp_path: Path) -> None:
    with TelegramServer() as server:
        services = bot_services(server, tmp_path)
        server.open_chat(1)
        courtesy, rests = Courtesy(), list[int]()
        hurried = courtesy.hurried

        @contextmanager
        def counted() -> Iterator[None]:
            with hurried():
                rests.append(courtesy._hurried)
                yield

        courtesy.hurried = counted  # type: ignore[method-assign]
        with running_bot(services, courtesy=courtesy):
            server.ask(1, "/help")
        assert (rests, courtesy._hurried) == ([1], 0)
