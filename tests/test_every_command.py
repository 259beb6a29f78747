"""Every command, and every button under its answer, in a private chat, in a group and in a topic of one.

The server refuses what Telegram would refuse: wrong requests, texts and captions that are too long, unknown topics.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bellwether.delivery import inbox_table
from bellwether.services import Services
from bot.commands import COMMANDS
from tests.support.bot_api_server.server import TelegramServer
from tests.support.bot_api_server.state import SentMessage
from tests.support.running_bot import bot_services, running_bot

ANN, GROUP, TOPIC = 1001, -1002002, 77
ARGUMENTS = {"compare": "AAPL MSFT", "asof": "2020-03-02 AAPL", "feedback": "It is hard to read.", "settings": ""}


@pytest.fixture
def server(server: TelegramServer, unhurried: None, monkeypatch: pytest.MonkeyPatch) -> TelegramServer:
    # each press waits until nothing is unanswered any more
    monkeypatch.setattr("bot.telegram.inbox_marks.LINGER", 0.01)
    server.open_chat(GROUP, "Traders", type="supergroup")
    server.appoint(GROUP, ANN)
    return server


@pytest.mark.parametrize("given", ["with", "without"])
@pytest.mark.parametrize(
    ("chat_id", "thread"), [(ANN, None), (GROUP, None), (GROUP, TOPIC)], ids=["private", "group", "topic"]
)
def test_every_command_and_every_button_is_answered(
    server: TelegramServer, tmp_path: Path, chat_id: int, thread: int | None, given: str
) -> None:
    services = bot_services(server, tmp_path)
    pressed: list[str] = []
    with running_bot(services):
        for command in COMMANDS:
            argument = ARGUMENTS.get(command.name, "AAPL") if given == "with" else ""
            said = f"/{command.name} {argument}".strip()
            shown = say(server, services, chat_id, said, thread)
            assert shown.thread == thread, command.name
            for action in actions(shown):
                if action not in actions(now(server, shown)):  # the press before it made the message another
                    shown = say(server, services, chat_id, said, thread)
                if action in actions(shown):  # else what it was about is gone
                    press(server, services, shown, action)
                    pressed.append(action)
    assert all(message.thread == thread for message in server.messages(chat_id))
    assert len(server.answered_callbacks) == len(pressed)
    assert {"set:timezone", "set:wording:expert", "set:theme:dark"} <= set(pressed)


def say(server: TelegramServer, services: Services, chat_id: int, text: str, thread: int | None) -> SentMessage:
    """The first message that answers."""
    before = len(server.messages(chat_id))
    server.say(chat_id, text, user_id=ANN, thread=thread)
    server.wait_for(lambda seen: len(seen.messages(chat_id)) > before, 30)
    all_answered(server, services)
    return server.messages(chat_id)[before]


def press(server: TelegramServer, services: Services, message: SentMessage, action: str) -> None:
    """Press a button, and wait until it has stopped spinning."""
    before = len(server.answered_callbacks)
    server.press(message.chat_id, message.message_id, action, user_id=ANN)
    server.wait_for(lambda seen: len(seen.answered_callbacks) > before, 30)
    all_answered(server, services)


def all_answered(server: TelegramServer, services: Services) -> None:
    """Until nothing that was said or pressed waits for an answer."""

    def nothing_waits(seen: TelegramServer) -> bool:
        with services.store.reading() as db:
            return not seen.pending_updates and not inbox_table.unanswered(db)

    server.wait_for(nothing_waits, 30)


def now(server: TelegramServer, message: SentMessage) -> SentMessage | None:
    """The message as it stands; None when it was taken away."""
    return next((one for one in server.messages(message.chat_id) if one.message_id == message.message_id), None)


def actions(message: SentMessage | None) -> list[str]:
    """What the buttons under a message call the bot with."""
    if message is None:
        return []
    return [button["callback_data"] for row in message.buttons for button in row if "callback_data" in button]
