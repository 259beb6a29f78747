"""A press on a message that Telegram does not show any more is answered in a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bellwether.alerts import watchlist
from bellwether.services import Services
from tests.support.bot_api_server.server import TelegramServer
from tests.support.bot_api_server.state import SentMessage
from tests.support.data import DATA
from tests.support.running_bot import bot_services, running_bot

ANN, ADMIN, GROUP, TOPIC = 1001, 1002, -1002002, 4


@pytest.fixture
def server(server: TelegramServer) -> TelegramServer:
    server.open_chat(GROUP, "Traders", type="supergroup")
    server.appoint(GROUP, ADMIN)
    return server


def press(server: TelegramServer, message: SentMessage, label: str, **who: Any) -> SentMessage:
    """Press a button of a message that is too old to be seen; the new message."""
    before = len(server.messages(message.chat_id))
    server.press(message.chat_id, message.message_id, label, long_ago=True, **who)
    server.wait_for(lambda s: len(s.messages(message.chat_id)) > before)
    return server.messages(message.chat_id)[before]


def thread_of(services: Services, chat_id: int) -> int | None:
    with services.store.reading() as db:
        (row,) = db.rows("SELECT thread FROM chats WHERE chat_id = :chat_id", {"chat_id": chat_id})
    return row["thread"]  # type: ignore[no-any-return]


def test_it_does_what_the_button_says_and_shows_it_in_a_new_message(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        forecast = server.ask(ANN, "AAPL")
        month = press(server, forecast, "1 month")
        assert month.kind == "photo"
        assert "Over the next month Apple" in month.text
        watching = press(server, forecast, "Watch: digest every evening")
        assert [one.symbol for one in watchlist.watchlist(services.store, ANN)] == ["AAPL"]
        assert "Stop the nightly digest" in str(watching.buttons)
        kinds = press(server, forecast, "Alert me…")
        assert "Big move in one day" in str(kinds.buttons)
        server.wait_for(lambda s: len(s.answered_callbacks) == 3)
        assert server.messages(ANN)[0].edits == 0


def test_in_a_group_it_needs_the_same_rights_and_stays_in_the_topic_that_was_chosen(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        server.say(GROUP, "/start@bellwether_bot", user_id=ADMIN, thread=TOPIC)
        server.wait_for(lambda s: s.messages(GROUP))
        server.say(GROUP, "/forecast@bellwether_bot AAPL", user_id=ANN, thread=TOPIC)
        server.wait_for(lambda s: len(s.messages(GROUP)) == 2)
        forecast = server.messages(GROUP)[-1]
        server.press(GROUP, forecast.message_id, "Watch: digest every evening", user_id=ANN, long_ago=True)
        server.wait_for(lambda s: len(s.answered_callbacks) == 1)
        assert "only its admins" in server.answered_callbacks[0].text
        assert watchlist.watchlist(services.store, GROUP) == []
        watching = press(server, forecast, "Watch: digest every evening", user_id=ADMIN)
        assert [one.symbol for one in watchlist.watchlist(services.store, GROUP)] == ["AAPL"]
        assert watching.thread == TOPIC
        assert thread_of(services, GROUP) == TOPIC, "digests stay there, too"
        assert len(server.messages(GROUP)) == 3


def test_a_group_that_moved_gets_the_answer_where_it_is_now(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.say(GROUP, "/forecast@bellwether_bot AAPL", user_id=ANN)
        server.wait_for(lambda s: s.messages(GROUP))
        server.migrate(GROUP, -1003003)
        server.press(GROUP, server.messages(GROUP)[0].message_id, "1 month", user_id=ANN, long_ago=True)
        server.wait_for(lambda s: s.messages(-1003003))
        assert "Over the next month" in server.messages(-1003003)[0].text


@pytest.mark.parametrize("refusal", ["message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID"])
def test_a_press_under_a_message_that_was_deleted_meanwhile_is_answered_in_a_new_one(
    server: TelegramServer, tmp_path: Path, refusal: str
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        for chat_id, asked, label, said, method in (
            (ANN, "AAPL", "1 month", "Over the next month Apple", "editMessageMedia"),
            (GROUP, "/settings@bellwether_bot", "set:theme:dark", "Charts: dark", "editMessageText"),
        ):
            shown = server.ask(chat_id, asked) if chat_id == ANN else _asked_by_admin(server, asked)
            server.fail_next(method, 400, description=f"Bad Request: {refusal}")
            server.press(chat_id, shown.message_id, label, user_id=ADMIN if chat_id == GROUP else ANN)
            server.wait_for(lambda s, c=chat_id: len(s.messages(c)) == 2)  # type: ignore[misc]
            assert said in server.last(chat_id).text


def _asked_by_admin(server: TelegramServer, text: str) -> SentMessage:
    server.say(GROUP, text, user_id=ADMIN)
    server.wait_for(lambda s: s.messages(GROUP))
    return server.messages(GROUP)[0]


def test_a_press_without_any_message_is_answered_with_a_notice(server: TelegramServer, tmp_path: Path) -> None:
    ann = {"id": ANN, "is_bot": False, "first_name": "Ann"}
    query = {"id": "5", "from": ann, "chat_instance": "1", "data": "forecast:AAPL:5", "inline_message_id": "x"}
    with running_bot(bot_services(server, tmp_path)):
        server.push_update({"callback_query": query})
        server.wait_for(lambda s: s.calls("answerCallbackQuery"))
        assert "ask again with /forecast" in server.calls("answerCallbackQuery")[0]["text"]


def test_the_case_that_people_reported_is_answered(server: TelegramServer, tmp_path: Path) -> None:
    case = json.loads((DATA / "cases" / "t4-old-press.json").read_text("utf-8"))
    server.open_chat(14)
    with running_bot(bot_services(server, tmp_path)):
        server.push_raw(case)
        server.wait_for(lambda s: s.messages(14))
        assert "Over the next week Apple" in server.messages(14)[0].text
