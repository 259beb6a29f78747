"""Whose turn it is to receive for a bot, also while the database does not tell."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bellwether.delivery.sender_lease import SenderLease
from bellwether.hosts import leases_table
from bellwether.hosts.lease import OURS
from bellwether.services import Services
from bot.telegram import lease_watch
from bot.telegram.lease_watch import LeaseWatch
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot

ANN = 21


class Trouble:
    """Lets nobody see a lease while it lasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lasts, self.looks = False, 0
        right: Callable[..., None] = leases_table.decide

        def decide(*given: Any) -> None:
            self.looks += 1
            if self.lasts:
                raise sqlite3.OperationalError("database is locked")
            right(*given)

        monkeypatch.setattr(leases_table, "decide", decide)
        monkeypatch.setattr(lease_watch, "LOOK_AGAIN", 0.01)


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Trouble:
    return Trouble(monkeypatch)


@pytest.fixture
def services(server: TelegramServer, tmp_path: Path) -> Services:
    server.open_chat(ANN)
    return bot_services(server, tmp_path)


def lease_of(services: Services) -> SenderLease:
    return SenderLease(services.store, services.clock, services.settings.telegram.token.get_secret_value())


def test_who_is_alone_receives_without_a_database(services: Services, trouble: Trouble) -> None:
    trouble.lasts = True
    asyncio.run(LeaseWatch(lease_of(services), lambda: None).wait())
    assert trouble.looks == 1


def test_who_waited_for_another_lets_it_go_on_while_the_database_is_away_and_tries_after_a_while(
    services: Services, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lease_of(services)
    assert other.take() == OURS

    async def play() -> None:
        waiting = asyncio.create_task(LeaseWatch(lease_of(services), lambda: None).wait())
        for looks in (3, 9):
            while trouble.looks < looks:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert not waiting.done()
            trouble.lasts = True
        monkeypatch.setattr(lease_watch, "LAPSE", 0.0)
        await waiting

    asyncio.run(play())
    other.release()


def test_who_cannot_renew_the_lease_gives_way_to_another_that_receives(
    server: TelegramServer, services: Services, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_watch, "DOUBT", -1.0)
    with running_bot(services):
        server.ask(ANN, "/help")
        trouble.lasts, before = True, trouble.looks
        server.fail_next("getUpdates", 409, description="Conflict: terminated by other getUpdates request")
        server.say(ANN, "/help")  # it ends the poll under way
        server.wait_for(lambda s: trouble.looks > before + 3)
        polls = len(server.calls("getUpdates"))
        looks = trouble.looks
        server.wait_for(lambda s: trouble.looks > looks + 3)
        assert len(server.calls("getUpdates")) == polls, "it waits"
        trouble.lasts = False
        server.wait_for(lambda s: len(s.messages(ANN)) == 2)


def test_who_surely_has_the_lease_goes_on_when_another_receives_for_the_bot(
    server: TelegramServer, services: Services, trouble: Trouble
) -> None:
    with running_bot(services):
        server.ask(ANN, "/help")
        looks = trouble.looks
        server.fail_next("getUpdates", 409, description="Conflict: terminated by other getUpdates request")
        assert server.ask(ANN, "/settings")
        assert trouble.looks == looks
