"""What goes to targets waits in threads of its own, not in those that chat and inbox share, at no message's cost."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import outbox_table
from bellwether.delivery.channels import notify, own_threads
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.channels.own_threads import OwnThreads
from bellwether.delivery.channels.target_error import OperatorFault
from bellwether.delivery.messages import OutboxMessage, RecipientKind
from bellwether.delivery.outbox_table import ClaimOrder
from bellwether.delivery.targets.target import TargetKind
from bellwether.delivery.webhooks.sending import WebhookSender
from bellwether.delivery.webhooks.webhooks_table import Webhook
from bellwether.services import Services
from tests.support.chat_services import TOPIC
from tests.test_slow_server import prove
from tests.test_targets import ANN, EVENING, later, made, outbox, owe, run

PATIENCE = 20.0  #: seconds of the wall for what takes a moment


class _BusyStore:
    """A database whose readers wait until they are let in, or are turned away."""

    def __init__(self, store: Store, *, turns_away: bool = False) -> None:
        self._store, self._turns_away = store, turns_away
        self.waiting: list[None] = []
        self.open = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        if self._turns_away:
            raise StoreError("too many readers")
        self.waiting.append(None)
        self.open.wait(PATIENCE)
        with self._store.reading() as db:
            yield db


def _messages(services: Services, how_many: int) -> list[OutboxMessage]:
    for number in range(how_many):
        prove(services, 1000 + number, TargetKind.NTFY, f"ntfy://127.0.0.1:9/{TOPIC}{number}")
        owe(services, 1000 + number)
    channel = NotifyChannel(services.store, services.clock, services.settings)
    now, claimed = services.clock(), []
    with services.store.transaction() as db:
        channel.spread(db, now)
        while message := outbox_table.claim_next(db, now, RecipientKind.TARGET, ClaimOrder.IN_ORDER):
            claimed.append(message)
    return claimed


def test_messages_that_wait_for_the_database_take_no_thread_from_the_inbox_and_the_chat(tmp_path: Path) -> None:
    services = made(tmp_path)
    messages, busy = _messages(services, notify.AT_ONCE), _BusyStore(services.store)
    assert len(messages) == notify.AT_ONCE

    async def evening() -> int:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        channel = NotifyChannel(busy, services.clock, services.settings)  # type: ignore[arg-type]
        sending = [asyncio.create_task(channel.send(message)) for message in messages]
        for _ in range(int(PATIENCE / 2 / 0.01)):
            if len(busy.waiting) == len(messages):
                break
            await asyncio.sleep(0.01)
        async with asyncio.timeout(PATIENCE / 2):
            answer = await asyncio.to_thread(lambda: 42)  # as an inbox mark
        busy.open.set()
        await asyncio.gather(*sending, return_exceptions=True)
        return answer

    assert asyncio.run(evening()) == 42


def test_a_database_that_is_too_busy_costs_a_message_nothing_but_time(tmp_path: Path) -> None:
    services = made(tmp_path)
    prove(services, ANN, TargetKind.NTFY, f"ntfy://127.0.0.1:9/{TOPIC}")
    owe(services)
    busy = replace(services, store=_BusyStore(services.store, turns_away=True))
    channel = NotifyChannel(busy.store, services.clock, services.settings)
    (message,) = _messages(services, 0)
    with pytest.raises(OperatorFault, match="database") as problem:
        asyncio.run(channel.send(message))
    assert problem.value.only_waits and not problem.value.uncertain


def test_work_that_gets_no_thread_is_not_begun_and_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_threads, "FOR_A_THREAD", 0.05)
    threads, release, began = OwnThreads(1, "test"), threading.Event(), []

    async def busy() -> None:
        first = asyncio.create_task(threads.run(lambda: release.wait(PATIENCE)))
        await asyncio.sleep(0)
        with pytest.raises(OperatorFault, match="no thread") as problem:
            await threads.run(lambda: began.append(1))
        assert problem.value.only_waits and not problem.value.uncertain
        release.set()
        assert await first
        assert await threads.run(lambda: "free again") == "free again"

    asyncio.run(busy())
    assert not began


def test_time_counts_from_when_the_work_has_a_thread() -> None:
    threads, release = OwnThreads(1, "test"), threading.Event()

    async def busy() -> None:
        first = asyncio.create_task(threads.run(lambda: release.wait(PATIENCE)))
        await asyncio.sleep(0)
        second = asyncio.create_task(threads.run(lambda: "in time", within=0.2))
        await asyncio.sleep(0.4)
        release.set()
        assert (await first, await second) == (True, "in time")
        with pytest.raises(TimeoutError):
            await threads.run(lambda: threading.Event().wait(0.3), within=0.05)

    asyncio.run(busy())


def test_all_threads_taken_for_a_while_every_message_arrives_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_threads, "FOR_A_THREAD", 0.05)
    monkeypatch.setattr(notify, "AT_ONCE", 2)
    services = made(tmp_path)
    prove(services, ANN, TargetKind.NTFY, f"ntfy://127.0.0.1:9/{TOPIC}")
    owe(services)
    channel = NotifyChannel(services.store, services.clock, services.settings)
    for _ in range(2):
        with services.store.transaction() as db:
            channel.spread(db, services.clock())
    release = threading.Event()

    async def taken() -> None:
        held = [asyncio.create_task(channel._threads.run(lambda: release.wait(PATIENCE))) for _ in range(2)]
        await asyncio.sleep(0)
        (message,) = _messages(services, 0)
        with pytest.raises(OperatorFault):
            await channel.send(message)
        release.set()
        await asyncio.gather(*held)

    asyncio.run(taken())
    later(services, minutes=3)
    assert run(services).put_back == 1  # nobody listens at that port
    assert [(row["state"], row["strikes"]) for row in outbox(services)] == [("pending", 0)]


def test_a_webhooks_name_that_nobody_answers_for_takes_no_thread_from_the_chat() -> None:
    asked, answer = threading.Semaphore(0), threading.Event()

    def look_up(host: str, port: int) -> list[str]:
        asked.release()
        answer.wait(PATIENCE)
        raise OSError

    sender = WebhookSender(private=False, look_up=look_up)
    hook = Webhook(1, 1, "https://nowhere.example/", f"whsec_{'A' * 32}", None, None, EVENING, None, "")

    async def evening() -> int:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        sending = [asyncio.create_task(sender.send(hook, "evt", "{}", EVENING)) for _ in range(3)]
        assert await asyncio.to_thread(asked.acquire, timeout=PATIENCE / 2)
        answered = await asyncio.to_thread(lambda: 42)
        answer.set()
        assert [(await task).status for task in sending] == [None] * 3
        return answered

    assert asyncio.run(evening()) == 42
