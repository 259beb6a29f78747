"""Delivery: claimed once, retried sensibly, given up with a reason."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.alerting.deliver import LEASE, deliver
from bellwether.alerting.retry import Again, DeliveryError, next_attempt
from bellwether.config import load_settings
from bellwether.services import Services, build_services
from bellwether.store import chats, outbox
from bellwether.store.database import rows
from bellwether.types import OutboxMessage
from bot.pace import GROUP, OVERALL, PRIVATE, Pace

NOW = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)


class FakeTransport:
    """Remembers what it was given; `fail` may raise."""

    def __init__(self, fail: Callable[[OutboxMessage], None] = lambda message: None) -> None:
        self.sent: list[OutboxMessage] = []
        self._fail = fail

    async def send(self, message: OutboxMessage) -> None:
        self._fail(message)
        self.sent.append(message)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(tmp_path: Path, clock: Clock) -> Services:
    settings = load_settings(database={"path": tmp_path / "t.sqlite3"}, models={"folder": tmp_path})
    return build_services(settings, clock=clock)


def owe(services: Services, key: str = "digest:7:2021-12-30", chat_id: int = 7, hours: float = 12) -> None:
    with services.store.transaction() as db:
        chats.join(db, chat_id, "en", NOW)
        draft = outbox.Draft(key, chat_id, "digest", "hello", NOW, NOW + timedelta(hours=hours))
        assert outbox.owe(db, draft, NOW)


def state(services: Services) -> list[tuple[str, int, str | None]]:
    with services.store.transaction() as db:
        found = rows(db, "SELECT state, attempts, last_error FROM outbox ORDER BY id")
    return [(str(row["state"]), int(row["attempts"]), row["last_error"]) for row in found]


def failing(error: DeliveryError) -> Callable[[OutboxMessage], None]:
    def fail(message: OutboxMessage) -> None:
        raise error

    return fail


def test_a_message_is_sent_once(services: Services) -> None:
    owe(services)
    transport = FakeTransport()
    assert asyncio.run(deliver(services, transport)).sent == 1
    assert asyncio.run(deliver(services, transport)).sent == 0
    assert [message.text for message in transport.sent] == ["hello"]
    assert state(services) == [("sent", 1, None)]


def test_a_message_outlives_an_outage_of_hours_and_is_tried_ever_less_often(services: Services, clock: Clock) -> None:
    owe(services)
    broken = FakeTransport(failing(DeliveryError("NetworkError")))
    tries = 0
    for _ in range(11 * 60):
        tries += asyncio.run(deliver(services, broken)).put_back
        clock.now += timedelta(minutes=1)
    assert 40 < tries < 60
    transport = FakeTransport()
    clock.now += timedelta(minutes=15)
    assert asyncio.run(deliver(services, transport)).sent == 1


def test_it_waits_as_long_as_telegram_asks(services: Services, clock: Clock) -> None:
    owe(services)
    asyncio.run(deliver(services, FakeTransport(failing(DeliveryError("flood", retry_after=timedelta(seconds=77))))))
    transport = FakeTransport()
    clock.now = NOW + timedelta(seconds=76)
    assert asyncio.run(deliver(services, transport)).sent == 0
    clock.now = NOW + timedelta(seconds=77)
    assert asyncio.run(deliver(services, transport)).sent == 1


def test_a_blocked_bot_pauses_the_chat(services: Services) -> None:
    owe(services)
    asyncio.run(deliver(services, FakeTransport(failing(DeliveryError("Forbidden", permanent=True, gone=True)))))
    assert state(services) == [("failed", 1, "gone: Forbidden")]
    with services.store.transaction() as db:
        found = chats.get(db, 7)
    assert found is not None
    assert found.paused


def test_a_chat_that_moved_gets_the_message_at_its_new_number(services: Services, clock: Clock) -> None:
    owe(services, chat_id=-7)
    asyncio.run(deliver(services, FakeTransport(failing(DeliveryError("moved", moved_to=-1007)))))
    clock.now += timedelta(minutes=1)
    transport = FakeTransport()
    asyncio.run(deliver(services, transport))
    assert [message.chat_id for message in transport.sent] == [-1007]


def test_a_stale_message_is_dropped_and_counted(services: Services, clock: Clock) -> None:
    owe(services, hours=1)
    clock.now += timedelta(hours=1)
    transport = FakeTransport()
    assert asyncio.run(deliver(services, transport)).expired == 1
    assert transport.sent == []
    assert state(services)[0][0] == "expired"


def test_a_message_whose_sender_died_is_sent_after_the_lease(services: Services, clock: Clock) -> None:
    owe(services)
    with services.store.transaction() as db:
        assert outbox.claim_next(db, NOW, NOW + LEASE) is not None
    transport = FakeTransport()
    assert asyncio.run(deliver(services, transport)).sent == 0
    clock.now += LEASE
    assert asyncio.run(deliver(services, transport)).sent == 1


@pytest.mark.parametrize(
    ("error", "attempts", "left", "again"),
    [
        (DeliveryError("x"), 1, 3600, 5),
        (DeliveryError("x"), 2, 3600, 10),
        (DeliveryError("x"), 7, 3600, 320),
        (DeliveryError("x"), 50, 3600, 900),
        (DeliveryError("x"), 50, 900, None),
        (DeliveryError("x", permanent=True), 1, 3600, None),
        (DeliveryError("x", gone=True), 1, 3600, None),
        (DeliveryError("x", retry_after=timedelta(seconds=60)), 1, 3600, 60),
        (DeliveryError("x", retry_after=timedelta(seconds=60)), 1, 60, None),
        (DeliveryError("x", moved_to=-100), 1, 3600, 5),
    ],
)
def test_should_it_try_again_and_when(error: DeliveryError, attempts: int, left: int, again: int | None) -> None:
    answer = next_attempt(error, attempts, NOW + timedelta(seconds=left), NOW)
    assert answer == (None if again is None else Again(NOW + timedelta(seconds=again)))


def test_turns_keep_telegrams_limits_from_the_first_message_on() -> None:
    turns: list[float] = []

    async def many() -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        pace = Pace(loop.time)

        async def one(chat_id: int) -> None:
            await pace.turn(chat_id)
            turns.append(loop.time() - start)

        await asyncio.gather(*(one(chat_id) for chat_id in range(1, 31)))

    asyncio.run(many())
    turns.sort()
    gaps = [late - early for early, late in itertools.pairwise(turns)]
    assert turns[-1] >= OVERALL * 29 * 0.99
    assert sum(gaps) / len(gaps) >= OVERALL * 0.99


def test_one_chat_waits_without_holding_up_another() -> None:
    order: list[int] = []

    async def talk() -> None:
        pace = Pace()

        async def one(chat_id: int) -> None:
            await pace.turn(chat_id)
            order.append(chat_id)

        await asyncio.gather(one(1), one(1), one(2))

    asyncio.run(talk())
    assert order == [1, 2, 1]
    assert GROUP * 20 > 60 > PRIVATE
