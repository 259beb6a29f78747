"""The chat's commands and buttons over a local Bot API server as strict as Telegram."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bellwether.alerts import ask, watchlist
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import RuleKind, RuleRequest
from bellwether.core.config import load_settings
from bellwether.delivery import chat_data_table, chat_wishes, chats
from bellwether.services import build_services
from bot.telegram.one_shot import deliver_now
from tests.support.bot_api_server.server import TelegramServer
from tests.support.bot_api_server.state import SentMessage
from tests.support.running_bot import bot_services, running_bot

ANN, BEN, GROUP = 7346519820127, 1002, -1002002
RIGHTS = [
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories"),
    *("can_edit_stories", "can_delete_stories"),
]
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)


@pytest.fixture
def server(server: TelegramServer, unhurried: None) -> TelegramServer:
    server.open_chat(ANN)
    return server


@pytest.fixture
def group(server: TelegramServer) -> int:
    server.open_chat(GROUP, "Traders", type="supergroup")
    server.appoint(GROUP, ANN)
    return GROUP


def as_it_is(server: TelegramServer, message: SentMessage) -> SentMessage:
    """What a message shows now."""
    return next(one for one in server.messages(message.chat_id) if one.message_id == message.message_id)


def press(server: TelegramServer, message: SentMessage, label: str, **who: int) -> SentMessage:
    """Press a button and wait until the message under it is new."""
    edits = as_it_is(server, message).edits
    server.press(message.chat_id, message.message_id, label, **who)
    server.wait_for(lambda s: as_it_is(s, message).edits > edits)
    return as_it_is(server, message)


def pressed_in_vain(server: TelegramServer, message: SentMessage, label: str, **who: int) -> str:
    """Press a button that changes nothing; the notice."""
    answered = len(server.answered_callbacks)
    server.press(message.chat_id, message.message_id, label, **who)
    server.wait_for(lambda s: len(s.answered_callbacks) > answered)
    return server.answered_callbacks[-1].text


def next_after(server: TelegramServer, message: SentMessage, label: str, **who: int) -> SentMessage:
    """Press a button that brings one more message."""
    count = len(server.messages(message.chat_id))
    server.press(message.chat_id, message.message_id, label, **who)
    server.wait_for(lambda s: len(s.messages(message.chat_id)) > count)
    return server.messages(message.chat_id)[count]


def test_a_daily_alert_for_two_companies_takes_ten_taps(server: TelegramServer, tmp_path: Path) -> None:
    """As docs/chat.md tells it."""
    services = bot_services(server, tmp_path)
    with running_bot(services):
        welcome = server.ask(ANN, "/start")
        for symbol in ("AAPL", "MSFT"):
            forecast = next_after(server, welcome, symbol)
            press(server, forecast, "Watch: digest every evening")
            kinds = next_after(server, forecast, "Alert me…")
            press(server, kinds, "Big move in one day")
            done = press(server, kinds, "3\u00a0%")
            assert "a rise or fall of 3\u00a0% or more from one close to the next" in done.text
        rules = ask.rules_of(services.store, ANN)
        assert [(rule.symbol, rule.threshold) for rule in rules] == [("AAPL", 0.03), ("MSFT", 0.03)]
        server.wait_for(lambda s: len(s.answered_callbacks) == 10)
    tick(services, EVENING)
    asyncio.run(deliver_now(services))
    digest = server.last(ANN)
    assert digest is not None
    assert "Apple (AAPL)" in digest.text
    assert "Microsoft (MSFT)" in digest.text


def test_settings_change_in_the_message_they_stand_in(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        settings = server.ask(ANN, "/settings")
        press(server, settings, "Time zone")
        assert "Asia/Tokyo" in press(server, settings, "Tokyo").text
        press(server, settings, "Quiet hours")
        press(server, settings, "None")
        press(server, settings, "Alerts a week")
        press(server, settings, "3")
        assert "only after unusual days" in press(server, settings, "Digest: only on unusual days").text
        assert len(server.messages(ANN)) == 1
        near = server.ask(ANN, "/settings CET")
        press(server, near, "Paris")
        assert chat_wishes.alert_settings(services.store, ANN).timezone == "Europe/Paris"


def test_a_location_sets_the_time_zone_and_is_not_kept(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        message = {
            "message_id": 77,
            "date": 1_700_000_000,
            "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
            "from": {"id": ANN, "is_bot": False, "first_name": "Ann"},
            "location": {"latitude": 35.7, "longitude": 139.7},
        }
        server.push_update({"message": message})
        server.wait_for(lambda s: s.messages(ANN) and "Asia/Tokyo" in s.messages(ANN)[-1].text)
        for _ in range(100):  # it is erased once the answer has arrived
            kept = chats.export(services.store, services.clock, ANN)
            if b"139.7" not in kept:
                break
            time.sleep(0.05)
    assert b"139.7" not in kept
    assert b"Asia/Tokyo" in kept


def test_pressing_the_same_twice_is_answered_each_time(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        settings = server.ask(ANN, "/settings")
        press(server, settings, "Time zone")
        press(server, settings, "« Back")
        server.press(ANN, settings.message_id, "Digest time")
        server.press(ANN, settings.message_id, "Digest time")  # a second tap, before the first is answered
        server.wait_for(lambda s: len(s.answered_callbacks) == 4)
        assert "At what time" in as_it_is(server, settings).text


@pytest.mark.parametrize(
    ("said", "kind", "answer"),
    [
        ("/compare AAPL MSFT 1m", "photo", "Over the next month"),
        ("/why AAPL", "text", "a trading day ago"),
        ("/asof 2020-03-02 AAPL", "photo", "What came by 16 March 2020"),
        ("/track", "text", "Simulated"),
        ("/track AAPL", "text", "Of Apple"),
        ("/receipt f0123456789", "text", "The ledger has no forecast"),
        ("/meaning", "text", "What a forecast says"),
        ("/stop", "text", "nothing more of my own accord"),
        ("/feedback <i>good</i>", "text", "Thank you"),
        ("/alerts", "text", "You have no alerts yet"),
        ("/alerts AAPL price 200", "text", "a close above $200.00"),
        ("/start _cVIX", "photo", "CBOE Volatility Index"),
        ("/start watch_BRK-B", "text", "range with its track record"),
    ],
)
def test_every_new_command_is_answered(
    server: TelegramServer, tmp_path: Path, said: str, kind: str, answer: str
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        message = server.ask(ANN, said)
    assert message.kind == kind
    assert answer in message.text


def test_the_buttons_under_a_forecast_bring_one_more_message(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        forecast = server.ask(ANN, "AAPL")
        assert "a trading day ago" in next_after(server, forecast, "What changed?").text
        assert "The chance of a rise." in next_after(server, forecast, "What does this mean?").text
        compared = server.ask(ANN, "/compare AAPL MSFT")
        assert "Over the next week" in press(server, compared, "1 week").text
        assert as_it_is(server, forecast).edits == 0


def test_an_export_comes_as_a_file_and_an_erasure_leaves_nothing(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        server.ask(ANN, "/watch AAPL")
        server.ask(ANN, "/alerts AAPL price 200")
        export = server.ask(ANN, "/export_me")
        assert export.kind == "document"
        assert export.document_bytes is not None
        kept = json.loads(export.document_bytes)["kept"]
        assert kept["alert_rules"][0]["threshold"] == 200
        assert kept["inbox"][-1]["body"]["message"]["text"] == "/export_me", "what is being answered is there, too"
        question = server.ask(ANN, "/delete_me")
        assert "I keep nothing about this chat any more" in press(server, question, "Erase everything").text
        server.wait_for(lambda s: not s.pending_updates)
    with services.store.reading() as db:
        assert chat_data_table.export(db, ANN) == {}
    services.store.close()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert str(ANN).encode() not in content, file.name
        assert ANN.to_bytes(6, "big") not in content, file.name


def test_feedback_reaches_the_admin_chat(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    server.open_chat(BEN, "Ben")
    settings = load_settings(
        telegram={**services.settings.telegram.model_dump(), "admin_chat": BEN},
        database={"path": tmp_path / "bot.sqlite3"},
        models=services.settings.models.model_dump(),
    )
    services = build_services(settings)
    with running_bot(services):
        server.ask(ANN, "/feedback <b>too</b> small & dark")
        server.wait_for(lambda s: s.messages(BEN))
    told = server.last(BEN)
    assert told is not None
    assert "<b>too</b> small & dark" in told.text
    assert str(ANN) not in told.text


def test_a_button_of_another_chats_alert_does_nothing(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    server.open_chat(BEN, "Ben")
    other = ask.add_rule(services, BEN, "AAPL", RuleRequest(RuleKind.MOVE, 0.05), "en")
    with running_bot(services):
        server.ask(ANN, "/alerts")
        forged = {
            "id": "1",
            "from": {"id": ANN, "is_bot": False, "first_name": "Ann"},
            "chat_instance": "1",
            "data": f"rmrule:{other.id}",
            "message": {
                "message_id": 1,
                "date": 1_700_000_000,
                "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
                "text": "x",
            },
        }
        server.push_update({"callback_query": forged})
        server.wait_for(lambda s: s.calls("answerCallbackQuery"))
    assert "You have no alert number" in str(server.calls("answerCallbackQuery")[0])
    assert ask.rules_of(services.store, BEN) == [other]


# ---- groups


def test_in_a_group_only_admins_change_what_it_gets(server: TelegramServer, tmp_path: Path, group: int) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        assert "only its admins" in say_and_wait(server, group, "/watch AAPL", BEN).text
        assert "You now watch Apple" in say_and_wait(server, group, "/watch AAPL", ANN).text
        forecast = say_and_wait(server, group, "/forecast MSFT", BEN)
        assert "only its admins" in pressed_in_vain(server, forecast, "Watch: digest every evening", user_id=BEN)
        press(server, forecast, "Watch: digest every evening", user_id=ANN)
        press(server, forecast, "1 month", user_id=BEN)
        server.say(group, "/unwatch MSFT", user_id=BEN, anonymous=True)
        server.wait_for(lambda s: "no longer watch MSFT" in s.messages(group)[-1].text)
    assert [one.symbol for one in watchlist.watchlist(services.store, group)] == ["AAPL"]
    assert len(server.calls("getChatAdministrators")) == 1, "they are remembered for a while"


def test_an_admin_is_not_called_anything_else_when_telegram_does_not_say_who_is_one(
    server: TelegramServer, tmp_path: Path, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.groups.ASKED_AGAIN", (0.0, 0.0))
    monkeypatch.setattr("bot.telegram.groups.KEPT", 0.0)
    services = bot_services(server, tmp_path)
    with running_bot(services):
        menu = say_and_wait(server, group, "/settings", ANN)
        server.fail_next("getChatAdministrators", 500, times=3)
        told = say_and_wait(server, group, "/settings Berlin", ANN).text
        assert "Telegram did not tell me who the admins of this group are" in told
        server.fail_next("getChatAdministrators", 400, description="Bad Request: member list is inaccessible")
        assert "Telegram did not tell me" in pressed_in_vain(server, menu, "Digest: only on unusual days", user_id=ANN)
        assert chat_wishes.alert_settings(services.store, group).timezone == "UTC", (
            "nobody who is not known as an admin changes it"
        )
        server.fail_next("getChatAdministrators", 500, times=2)
        assert "Europe/Berlin" in say_and_wait(server, group, "/settings Berlin", ANN).text


def test_a_group_that_said_stop_is_not_woken_by_a_promotion_of_the_bot(
    server: TelegramServer, tmp_path: Path, group: int
) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        say_and_wait(server, group, "/watch AAPL", ANN)
        say_and_wait(server, group, "/stop", ANN)
        bot = {"id": 123456789, "is_bot": True, "first_name": "Bellwether", "username": "bellwether_bot"}
        rights = dict.fromkeys(RIGHTS, False)
        server.push_update(
            {
                "my_chat_member": {
                    "chat": {"id": group, "type": "supergroup", "title": "Group of Traders"},
                    "from": {"id": ANN, "is_bot": False, "first_name": "Ann"},
                    "date": 1_700_000_000,
                    "old_chat_member": {"status": "member", "user": bot},
                    "new_chat_member": {"status": "administrator", "user": bot, **rights},
                }
            }
        )
        server.wait_for(lambda s: not s.pending_updates)
        say_and_wait(server, group, "/help", ANN)  # answered after it
        assert tick(services, EVENING).written == 0
        say_and_wait(server, group, "/start", ANN)
        assert tick(services, EVENING).written == 1


def test_what_is_asked_in_a_topic_is_answered_there(server: TelegramServer, tmp_path: Path, group: int) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.say(group, "/forecast AAPL", user_id=ANN, thread=77)
        server.wait_for(lambda s: s.messages(group))
        forecast = server.messages(group)[0]
        assert forecast.thread == 77
        assert next_after(server, forecast, "Alert me…", user_id=ANN).thread == 77
        server.say(group, "/export_me", user_id=ANN, thread=78)
        server.wait_for(lambda s: s.messages(group)[-1].kind == "document")
        assert server.messages(group)[-1].thread == 78
        assert say_and_wait(server, group, "/help", ANN).thread is None


def test_settings_of_a_group_are_its_own(server: TelegramServer, tmp_path: Path, group: int) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        say_and_wait(server, group, "/settings@bellwether_bot Berlin", ANN)
    assert chat_wishes.alert_settings(services.store, group).timezone == "Europe/Berlin"
    assert chat_wishes.alert_settings(services.store, ANN).timezone == "UTC"


def say_and_wait(server: TelegramServer, chat_id: int, text: str, user_id: int) -> SentMessage:
    """Say something in a group and wait for the answer; a group hears us every three seconds at most."""
    count = len(server.messages(chat_id))
    server.say(chat_id, text, user_id=user_id)
    server.wait_for(lambda s: len(s.messages(chat_id)) > count, timeout=20)
    return server.messages(chat_id)[count]
