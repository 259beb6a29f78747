"""Who is written to and where: /stop outlives a block, and a forum group is written to in the topic that asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.alerts import ask, watchlist
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import RuleKind, RuleRequest
from bellwether.db.connection import Connection
from bellwether.delivery import chat_wishes, chats, chats_table, outbox_table
from bellwether.delivery.messages import recipient_of
from bellwether.services import Services
from bot.telegram.one_shot import deliver_now
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot

ANN, GROUP, TOPIC, OTHER = 1001, -1002002, 77, 78
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)


@pytest.fixture
def server(server: TelegramServer) -> TelegramServer:
    server.open_chat(GROUP, type="supergroup")
    server.appoint(GROUP, ANN)
    return server


@pytest.fixture
def services(server: TelegramServer, tmp_path: Path) -> Services:
    return bot_services(server, tmp_path)


def is_paused(services: Services, chat_id: int = ANN) -> bool:
    with services.store.reading() as db:
        found = chats_table.get(db, chat_id)
    assert found is not None
    return found.paused


def write(services: Services, change: Callable[[Connection], object]) -> None:
    with services.store.transaction() as db:
        change(db)


# ---- stopped, blocked, both


def test_a_chat_that_said_stop_stays_stopped_when_it_blocks_and_unblocks(
    server: TelegramServer, services: Services
) -> None:
    watchlist.watch(services, ANN, "AAPL", "en")
    with running_bot(services):
        server.ask(ANN, "/stop")
        for change in (server.block, server.unblock):
            change(ANN)
        assert "Apple" in server.ask(ANN, "AAPL").text  # the updates before it have been handled by then
        assert is_paused(services)
        server.ask(ANN, "/start")
        assert not is_paused(services)


def test_a_chat_that_only_blocked_is_awake_again_when_it_unblocks(services: Services) -> None:
    watchlist.watch(services, ANN, "AAPL", "en")
    write(services, lambda db: chats_table.pause(db, ANN, chats_table.Silence.GONE, EVENING))
    write(services, lambda db: chats_table.wake(db, ANN))
    assert not is_paused(services)


@pytest.mark.parametrize(
    ("wish", "wakes"),
    [
        (lambda services: watchlist.watch(services, ANN, "MSFT", "en"), True),
        (lambda services: ask.add_rule(services, ANN, "AAPL", RuleRequest(RuleKind.MOVE, 0.03), "en"), True),
        (lambda services: watchlist.join(services.store, services.clock, ANN, "en"), True),
        (
            lambda services: ask.change_alert_settings(
                services, ANN, replace(chat_wishes.alert_settings(services.store, ANN), timezone="Asia/Tokyo"), "en"
            ),
            False,
        ),
    ],
    ids=["a symbol to watch", "an alert", "/start", "a setting"],
)
def test_only_a_wish_to_be_written_to_wakes_a_chat_that_said_stop(
    services: Services, wish: Callable[[Services], object], wakes: bool
) -> None:
    watchlist.watch(services, ANN, "AAPL", "en")
    chats.leave(services.store, services.clock, ANN)
    wish(services)
    assert is_paused(services) != wakes


def test_a_group_that_said_stop_stays_stopped_when_it_becomes_a_supergroup(services: Services) -> None:
    watchlist.watch(services, -7, "AAPL", "en")
    chats.leave(services.store, services.clock, -7)
    write(services, lambda db: chats_table.migrate(db, -7, GROUP))
    write(services, lambda db: chats_table.wake(db, GROUP))
    assert is_paused(services, GROUP)


# ---- the topics of a forum group


def test_a_digest_goes_to_the_topic_in_which_it_was_ordered(server: TelegramServer, services: Services) -> None:
    with running_bot(services):
        server.say(GROUP, "/watch AAPL", user_id=ANN, thread=TOPIC)
        server.wait_for(lambda s: s.messages(GROUP))
        tick(services, EVENING)
        digest = server.wait_for(
            lambda s: [message for message in s.messages(GROUP) if "Close of 30 December" in message.text]
        )[0]
    assert digest.thread == TOPIC


def test_whoever_orders_elsewhere_moves_what_is_still_to_come(server: TelegramServer, services: Services) -> None:
    watchlist.watch(services, GROUP, "AAPL", "en", TOPIC)
    tick(services, EVENING)
    watchlist.watch(services, GROUP, "MSFT", "en", OTHER)
    asyncio.run(deliver_now(services))
    assert [message.thread for message in server.messages(GROUP)] == [OTHER]


def test_a_topic_that_is_gone_is_replaced_by_the_general_one_for_good(
    server: TelegramServer, services: Services
) -> None:
    watchlist.watch(services, GROUP, "AAPL", "en", TOPIC)
    server.delete_topic(GROUP, TOPIC)
    for days in range(2):
        tick(services, EVENING + timedelta(days=days))
        assert asyncio.run(deliver_now(services)).sent == 1
    assert [message.thread for message in server.messages(GROUP)] == [None, None]
    assert len(server.calls("sendMessage")) == 3  # the topic is tried once
    with services.store.reading() as db:
        assert {row["uncertain"] for row in db.rows("SELECT uncertain FROM outbox")} == {0}


def test_a_long_digest_arrives_whole_in_its_topic_the_first_part_alone_with_a_sound(
    server: TelegramServer, services: Services
) -> None:
    watchlist.watch(services, GROUP, "AAPL", "en", TOPIC)
    text = "\n\n".join(f"<b>Company {number}</b> & 8 in 10".replace("&", "&amp;") for number in range(250))
    now = services.clock()
    draft = outbox_table.Draft(f"price:{GROUP}:x", recipient_of(GROUP), "price", text, now, now + timedelta(hours=1))
    write(services, lambda db: outbox_table.enqueue(db, draft, now))
    assert asyncio.run(deliver_now(services)).sent == 1
    sent = server.messages(GROUP)
    assert len(sent) > 1
    assert [one.silent for one in sent] == [False] + [True] * (len(sent) - 1)
    assert {one.thread for one in sent} == {TOPIC}
    whole = "\n\n".join(one.text for one in sent)
    assert whole == "\n\n".join(f"Company {number} & 8 in 10" for number in range(250))
