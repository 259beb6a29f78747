"""One sender for each bot: who holds the lease, who waits, and when it changes hands."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.channels.channel import AT_ONCE, Accepted
from bellwether.delivery.messages import OutboxMessage, RecipientKind, recipient_of
from bellwether.delivery.outbox_table import ClaimOrder
from bellwether.delivery.sender_lease import SenderLease
from bellwether.hosts.lease import LAPSE, OURS
from bellwether.services import Services, build_services
from tests.support.bot_api_server.server import TelegramServer
from tests.support.deliveries import deliver
from tests.support.running_bot import bot_services, running_bot

NOW = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
ANN = 1001


class Watch:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def services_in(folder: Path, now: Callable[[], datetime] = lambda: NOW) -> Services:
    settings = load_settings(
        telegram={"token": "7:SECRET"}, database={"path": folder / "t.sqlite3"}, models={"folder": folder}
    )
    return build_services(settings, clock=now)


def owe(services: Services, chat_id: int = 7) -> None:
    with services.store.transaction() as db:
        chats_table.join(db, chat_id, "en", NOW)
        draft = outbox_table.Draft(
            f"digest:{chat_id}:x", recipient_of(chat_id), "digest", "hi", NOW, NOW + timedelta(hours=12)
        )
        outbox_table.enqueue(db, draft, NOW)


def test_of_two_senders_one_holds_the_lease_and_the_other_is_told_who(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    first, second = lease_of(services), lease_of(services)
    assert first.take() == OURS
    assert first.take() == OURS, "asking again changes nothing"
    other = second.take().other
    assert other is not None
    assert other.holder == first.holder
    first.release()
    assert second.take() == OURS
    assert not first.beat()
    second.release()


def test_bots_of_different_tokens_share_a_database(tmp_path: Path) -> None:
    one = lease_of(services_in(tmp_path))
    settings = load_settings(
        telegram={"token": "8:OTHER"}, database={"path": tmp_path / "t.sqlite3"}, models={"folder": tmp_path}
    )
    other = lease_of(build_services(settings))
    assert one.take() == OURS
    assert other.take() == OURS
    assert "SECRET" not in one.name + one.holder
    one.release()
    other.release()


def lease_of(services: Services, now: Callable[[], float] = time.monotonic) -> SenderLease:
    return SenderLease(services.store, services.clock, services.settings.telegram.token.get_secret_value(), now)


def hold_and_claim(folder: Path, ready: object) -> None:
    services = services_in(folder)
    sole = lease_of(services)  # the lock lives as long as it
    assert sole.take() == OURS
    with services.store.transaction() as db:
        assert outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER) is not None
    ready.set()  # type: ignore[attr-defined]
    time.sleep(60)


@pytest.mark.sqlite
def test_a_killed_process_is_replaced_at_once_and_what_it_had_claimed_is_sent(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    owe(services)
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    process = spawn.Process(target=hold_and_claim, args=(tmp_path, ready))
    process.start()
    assert ready.wait(60)
    heir = lease_of(services)
    assert heir.take() != OURS
    process.kill()
    process.join()
    assert heir.take() == OURS, "the file lock tells that it is gone, without waiting for its lease to lapse"
    with services.store.transaction() as db:
        (row,) = db.rows("SELECT state, uncertain FROM outbox")
    assert row == {"state": "pending", "uncertain": 1}, "it may have arrived, and is sent again"
    heir.release()


def test_a_process_that_hangs_is_replaced_when_its_beats_stay_away(tmp_path: Path) -> None:
    services, watch = services_in(tmp_path), Watch()
    hung, heir = lease_of(services), lease_of(services, watch)
    assert hung.take() == OURS
    assert heir.take() != OURS
    watch.now = LAPSE - 1
    assert heir.take() != OURS
    assert hung.beat()
    watch.now = LAPSE + 1
    assert heir.take() != OURS, "it beat a moment ago"
    watch.now = 2 * LAPSE + 1
    assert heir.take() == OURS
    assert not hung.beat()
    hung.release()
    heir.release()


@pytest.mark.parametrize("jump", [timedelta(days=3), timedelta(days=-3)], ids=["forward", "back"])
def test_a_clock_change_takes_the_lease_from_nobody(tmp_path: Path, jump: timedelta) -> None:
    clock = [NOW]
    services, watch = services_in(tmp_path, lambda: clock[0]), Watch()
    holder, other = lease_of(services), lease_of(services, watch)
    assert holder.take() == OURS
    clock[0] += jump
    assert other.take() != OURS
    assert holder.beat()
    holder.release()


def test_a_sender_that_lost_its_lease_claims_nothing_more(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    owe(services, 7)
    owe(services, 8)
    sole = lease_of(services)
    assert sole.take() == OURS
    sent: list[int] = []

    class LosesIt:
        async def send(self, message: OutboxMessage) -> Accepted:
            sent.append(message.recipient.id)
            with services.store.transaction() as db:
                db.execute("DELETE FROM leases")
            return Accepted()

        def resting(self, longer_than: float = 0.0) -> list[int]:
            return []

        def at_once(self) -> int:
            return AT_ONCE

    first_claim = iter([False])
    asyncio.run(deliver(services, LosesIt(), lambda: next(first_claim, True), sole.is_ours))
    asyncio.run(deliver(services, LosesIt(), may_send=sole.is_ours))
    assert sent == [7]
    sole.release()


def test_a_second_service_says_so_and_waits_until_the_first_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with TelegramServer() as server, caplog.at_level(logging.WARNING):
        server.open_chat(ANN)
        one, two = bot_services(server, tmp_path), bot_services(server, tmp_path)
        with running_bot(one):
            assert "What you can ask" in server.ask(ANN, "/help").text
            with running_bot(two):
                server.wait_for(lambda _: "Another process talks to Telegram for this bot" in caplog.text)
                polls = len(server.calls("getMe"))
                assert "What you can ask" in server.ask(ANN, "/help").text
                assert len(server.calls("getMe")) == polls, "it has not even said hello"
        with running_bot(two):
            assert "What you can ask" in server.ask(ANN, "/help").text
        assert len(server.messages(ANN)) == 3
        assert server.violations == []
