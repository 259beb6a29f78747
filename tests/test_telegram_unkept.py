"""What Telegram brings while the database cannot store it: answered all the same, and not forgotten before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bellwether.delivery import inbox_table
from bot.telegram import face, updates
from tests.support.bot_api_server.server import TelegramServer
from tests.support.made_updates import HIDDEN_USER, message
from tests.support.running_bot import bot_services, running_bot

ANN = 21
HIDDEN = {"message": message(text="AAPL", forward_origin=HIDDEN_USER)}


class Trouble:
    """Lets nothing into the inbox while it lasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lasts = True
        self.tried = 0
        right: Callable[..., bool] = inbox_table.keep

        def keep(*given: Any, **named: Any) -> bool:
            self.tried += 1
            if self.lasts:
                raise sqlite3.OperationalError("database is locked")
            return right(*given, **named)

        monkeypatch.setattr(inbox_table, "keep", keep)
        monkeypatch.setattr(face, "UNCONFIRMED_PAUSE", 0.05)


def test_telegram_keeps_what_can_be_neither_stored_nor_read_until_it_is_stored(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = Trouble(monkeypatch)
    server.open_chat(ANN)
    services = bot_services(server, tmp_path)

    def rows() -> list[dict[str, Any]]:
        with services.store.reading() as db:
            return db.rows("SELECT set_aside, done_at FROM inbox ORDER BY update_id")

    with running_bot(services):
        server.push_update(HIDDEN, check=False)
        assert "What you can ask" in server.ask(ANN, "/help").text
        server.wait_for(lambda s: trouble.tried > 6)
        assert len(server.pending_updates) == 2, "the one that was answered comes after it"
        trouble.lasts = False
        server.wait_for(lambda s: not s.pending_updates)
        server.say(ANN, "/settings")
        server.wait_for(lambda s: [bool(row["done_at"]) for row in rows()] == [True] * 3)
    assert [row["set_aside"] for row in rows()] == ["unreadable", None, None]
    assert [text.count("What you can ask") for text in (sent.text for sent in server.messages(ANN))] == [1, 0]


def test_telegram_keeps_what_cannot_be_stored_for_no_longer_than_a_while(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "UNKEPT", 0.2)
    Trouble(monkeypatch)
    with running_bot(bot_services(server, tmp_path)):
        server.push_update(HIDDEN, check=False)
        server.wait_for(lambda s: not s.pending_updates)
