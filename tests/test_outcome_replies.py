"""How an alert turned out answers the alert's own message, weeks later, over a local Bot API server."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bellwether.alerts import ask, rules_table
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import RuleKind, RuleRequest
from bellwether.delivery import chats_table, outbox_table, settled_outbox_table
from bellwether.delivery.messages import recipient_of
from bellwether.services import Services
from bot.telegram.one_shot import deliver_now
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services

ANN = 1001
BEGAN = datetime(2021, 12, 1, 22, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def alerted(server: TelegramServer, folder: Path) -> Services:
    """A chat that was told of an outlook over one week."""
    services = bot_services(server, folder)
    rule = ask.add_rule(services, ANN, "AAPL", RuleRequest(RuleKind.UNUSUAL, 0.5, horizon=5), "en")
    with services.store.transaction() as db:
        rules_table.change(db, replace(rule, created_at=BEGAN))
    assert tick(services, BEGAN).rules.told == 1
    assert asyncio.run(deliver_now(services)).sent == 1
    return services


def test_the_outcome_answers_the_message_of_the_alert(server: TelegramServer, tmp_path: Path) -> None:
    services = alerted(server, tmp_path)
    told = server.last(ANN)
    assert tick(services, BEGAN + WEEK).outcomes == 1
    assert asyncio.run(deliver_now(services)).sent == 1
    answer = server.last(ANN)
    assert answer.text.startswith("How this turned out: by 8 December 2021 Apple (AAPL) had moved")
    assert answer.reply_to == told.message_id
    assert answer.silent


def test_the_message_is_kept_until_it_was_answered_and_no_longer(server: TelegramServer, tmp_path: Path) -> None:
    services = alerted(server, tmp_path)
    much_later = services.clock() + 200 * timedelta(days=1)
    with services.store.transaction() as db:
        assert settled_outbox_table.prune(db, much_later) == 0
    tick(services, BEGAN + WEEK)
    with services.store.transaction() as db:
        assert settled_outbox_table.prune(db, much_later) == 1
        assert db.rows("SELECT kind FROM outbox") == [{"kind": "outcome"}]
    # without it the outcome stands alone
    assert asyncio.run(deliver_now(services)).sent == 1
    assert server.last(ANN).reply_to is None


def test_a_group_that_moved_gets_the_outcome_without_a_reference_to_a_message_of_the_old_chat(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = alerted(server, tmp_path)
    server.open_chat(ANN + 1)
    with services.store.transaction() as db:
        chats_table.join(db, ANN + 1, "en", BEGAN)
        now = services.clock()
        outbox_table.enqueue(
            db,
            outbox_table.Draft("digest:1002:x", recipient_of(ANN + 1), "digest", "the first one here", now, now + WEEK),
            now,
        )
    assert asyncio.run(deliver_now(services)).sent == 1
    assert server.last(ANN + 1).message_id == server.last(ANN).message_id  # each chat counts its own
    with services.store.transaction() as db:
        chats_table.migrate(db, ANN, ANN + 1)
    assert tick(services, BEGAN + WEEK).outcomes == 1
    assert asyncio.run(deliver_now(services)).sent == 1
    assert server.last(ANN + 1).reply_to is None
