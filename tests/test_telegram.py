"""The bot as a person meets it, over a local Bot API server as strict as Telegram."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bellwether.alerts import watchlist
from bellwether.alerts.tick import tick
from bellwether.core.i18n.translate import LANGUAGES
from bellwether.db import sqlite_store
from bellwether.db.connection import Connection
from bellwether.delivery import chats_table, inbox_table
from bellwether.services import Services
from bot.telegram import face, inbox_marks
from bot.telegram.one_shot import check_token, deliver_now
from bot.telegram.updates import Updates
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot
from tests.support.sample import SAMPLE_NOTE

ANN = 1001
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)  # an hour after New York closed


def test_a_conversation_from_start_to_the_evening_digest(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        assert "range with its track record" in server.ask(ANN, "/start").text

        forecast = server.ask(ANN, "/forecast AAPL 10d")
        assert forecast.kind == "photo"
        assert forecast.photo_bytes is not None
        assert forecast.photo_bytes.startswith(b"\x89PNG")
        assert "Over the next two weeks Apple will probably end between $" in forecast.text
        assert SAMPLE_NOTE in forecast.text

        sent = len(server.messages(ANN))
        server.press(ANN, forecast.message_id, "1 month")
        server.wait_for(lambda s: s.messages(ANN)[-1].edits == 1)
        edited = server.last(ANN)
        assert edited.message_id == forecast.message_id
        assert len(server.messages(ANN)) == sent
        assert "Over the next month Apple" in edited.text
        server.wait_for(lambda s: len(s.answered_callbacks) == 1)

        assert "You now watch Apple (AAPL)" in server.ask(ANN, "/watch AAPL").text

        count = len(server.messages(ANN))
        assert tick(services, EVENING).written == 1
        server.wait_for(lambda s: len(s.messages(ANN)) > count)
        digest = server.last(ANN)
        assert digest.text.startswith("Nothing unusual today.\nClose of 30 December.")
        assert digest.silent
        assert "Apple (AAPL) $" in digest.text
        assert [[button["text"] for button in row] for row in digest.buttons] == [["Chart of AAPL"]]

        count = len(server.messages(ANN))
        assert tick(services, EVENING).written == 0
        asyncio.run(deliver_now(services))  # waits for the one that runs
        assert len(server.messages(ANN)) == count


def test_it_sets_its_menu_from_the_commands(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.wait_for(lambda s: len(s.calls("setMyCommands")) == 3 * len(LANGUAGES))
    scopes = {call["scope"]["type"]: str(call["commands"]) for call in server.calls("setMyCommands")}
    assert scopes.keys() == {"all_private_chats", "all_group_chats", "all_chat_administrators"}
    assert all("'forecast'" in commands and "'help'" in commands for commands in scopes.values())
    private = next(call["commands"] for call in server.calls("setMyCommands") if "private" in call["scope"]["type"])
    wanted = {"forecast", "compare", "watch", "list", "alerts", "settings", "track", "risk", "help"}
    assert {command["command"] for command in private} == wanted
    assert "'alerts'" in scopes["all_chat_administrators"]
    assert "'alerts'" not in scopes["all_group_chats"]


def test_what_it_is_stands_in_its_profile_in_each_language_and_is_set_once(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    for _start in range(2):
        looked = len(server.calls("getMyShortDescription"))
        with running_bot(services):
            server.wait_for(lambda s, n=looked: len(s.calls("getMyShortDescription")) == n + len(LANGUAGES))
            server.wait_for(lambda s: len(s.calls("setMyShortDescription")) == len(LANGUAGES))
    for method, field in (("setMyDescription", "description"), ("setMyShortDescription", "short_description")):
        texts = {call.get("language_code", ""): call[field] for call in server.calls(method)}
        assert len(server.calls(method)) == len(texts) == len(set(texts.values())) == len(LANGUAGES)
        assert "Spanne" in texts["de"]


def test_the_watch_button_starts_and_stops_the_digest_in_place(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        forecast = server.ask(ANN, "tesla")
        server.press(ANN, forecast.message_id, "Watch: digest every evening")
        server.wait_for(lambda s: s.last(ANN).edits == 1)
        assert [one.symbol for one in watchlist.watchlist(services.store, ANN)] == ["TSLA"]
        server.press(ANN, forecast.message_id, "Stop the nightly digest")
        server.wait_for(lambda s: s.last(ANN).edits == 2)
        assert watchlist.watchlist(services.store, ANN) == []


def test_pressing_the_shown_horizon_again_is_answered_too(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        forecast = server.ask(ANN, "AAPL")
        server.press(ANN, forecast.message_id, "· 2 weeks ·")
        server.wait_for(lambda s: len(s.answered_callbacks) == 1)
        assert server.ask(ANN, "/list").text.startswith("You watch nothing")


def test_a_stale_or_forged_button_is_answered_kindly(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        forecast = server.ask(ANN, "AAPL")
        forged = ("nonsense", "forecast:AAPL:9999", "forecast:NOPE:10", "watch::", "\u202e:x:1")
        for number, data in enumerate(forged, 1):
            server.push_update(_press(forecast.message_id, data, number))
            server.wait_for(lambda s, number=number: len(s.calls("answerCallbackQuery")) == number)
        notices = [str(call) for call in server.calls("answerCallbackQuery")]
    assert "older version" in notices[0]
    assert "1 to 63" in notices[1]
    assert "NOPE" in notices[2]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/frcast AAPL", "I don't know the command /frcast"),
        ("APPL", "Did you mean AAPL?"),
        ("XQZJW", "There are 42 stocks and indices in it"),
        ("x" * 4000, "That is a long message"),
        ("/forecast <b>bold</b>", "I don't know the ticker <b>bold</b>"),
        ("😀😀", "I'm not sure what you mean"),
        ("مرحبا", "I don't know the ticker"),
        ("/forecast", "Which stock?"),
        ("/forecast AAPL -5", "1 to 63"),
        ("/forecast AAPL 0", "1 to 63"),
        ("/forecast AAPL 1000000000000", "1 to 63"),
        ("/forecast AAPL 3x", "1 to 63"),
        ("/watch", "Which stock?"),
        ("/unwatch MSFT", "You don't watch Microsoft"),
        ("/start AAPL", "Apple will probably end between"),
        ("/help", "/watch TICKER"),
        ("/privacy", "What I keep about you"),
        ("/forecast@bellwether_bot apple 1m", "Over the next month Apple"),
        ("/help@another_bot", "What you can ask"),
        ("\u200b/help", "What you can ask"),
        ("\ufeff/help", "What you can ask"),
        ("@bellwether_bot apple 1m", "Over the next month Apple"),
        ("/start ref_12345", "range with its track record"),
        ("\u2028", "I see nothing in that message"),
    ],
)
def test_every_message_gets_a_kind_answer(server: TelegramServer, tmp_path: Path, said: str, answer: str) -> None:
    with running_bot(bot_services(server, tmp_path)):
        assert answer in server.ask(ANN, said).text


@pytest.mark.parametrize(
    "content",
    [
        {"contact": {"phone_number": "1", "first_name": "Ann"}},
        {"rich_message": {"blocks": []}},  # of a later version than the library
        {"hologram": {"of": "Ann"}},  # that no list of ours names
        {"checklist": {"title": "To buy", "tasks": [{"id": 1, "text": "AAPL"}]}},
    ],
    ids=lambda content: next(iter(content)),
)
def test_a_picture_or_a_sticker_is_answered_too(
    server: TelegramServer, tmp_path: Path, content: dict[str, object]
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.push_update(
            {
                "update_id": 900_001,
                "message": {
                    "message_id": 77,
                    "date": 1_700_000_000,
                    "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
                    "from": {"id": ANN, "is_bot": False, "first_name": "Ann"},
                    **content,
                },
            },
            check="hologram" not in content,
        )
        server.wait_for(lambda s: s.messages(ANN) and "I can only read text" in s.last(ANN).text)


def test_in_a_group_it_answers_commands_only_and_only_its_own(server: TelegramServer, tmp_path: Path) -> None:
    group = -2002
    server.open_chat(group, "Traders", type="group")
    with running_bot(bot_services(server, tmp_path)):
        server.say(group, "AAPL is great", user_id=ANN)
        server.say(group, "/forecast@other_bot AAPL", user_id=ANN)
        assert "Apple" in server.ask(group, "/forecast@bellwether_bot AAPL").text
        assert len(server.messages(group)) == 1


def test_an_update_received_before_a_stop_is_answered_after_it(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        server.wait_for(lambda s: s.calls("getUpdates"))
        server.hang_next("sendPhoto", 30)
        server.say(ANN, "MSFT")
        server.wait_for(lambda s: s.calls("sendPhoto"))
    assert server.messages(ANN) == []
    server.clear_faults()
    with running_bot(services):
        server.wait_for(lambda s: s.messages(ANN))
        assert "Microsoft" in server.last(ANN).text
        _until(lambda: _inbox(services)[0]["done_at"])
    assert [row["body"] for row in _inbox(services)] == [""], "what a person wrote is erased once it is answered"


def test_what_was_answered_is_erased_with_what_arrives_next_and_at_a_stop(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_marks, "LINGER", 3600.0)
    services = bot_services(server, tmp_path)
    with running_bot(services) as face:
        for command in ("/help", "/list"):
            server.ask(ANN, command)
            _until(lambda: face._updates._answered.ids())  # the bot knows by now, too, that it arrived
        assert [bool(row["done_at"]) for row in _inbox(services)] == [True, False]
    assert [(row["body"], bool(row["done_at"])) for row in _inbox(services)] == [("", True), ("", True)]


def test_what_was_answered_while_nothing_could_be_written_is_erased_later_and_not_answered_again(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_TIMEOUT", 0.1)
    services = bot_services(server, tmp_path)
    with running_bot(services):
        server.ask(ANN, "/help")
        _until(lambda: _inbox(services)[0]["done_at"])
        before = len(server.messages(ANN))
        server.hang_next("sendMessage", 1)
        server.say(ANN, "/list")
        server.wait_for(lambda s: len(s.calls("sendMessage")) > before)
        with closing(sqlite3.connect(services.store.path)) as other, other:
            other.execute("BEGIN IMMEDIATE")
            server.wait_for(lambda s: len(s.messages(ANN)) > before)
            time.sleep(1)  # the mark is tried meanwhile, in vain
            other.execute("ROLLBACK")
        other.close()
        assert not _inbox(services)[1]["done_at"]
        server.ask(ANN, "/help")
        assert _inbox(services)[1]["done_at"]
    assert len(server.messages(ANN)) == before + 2


def test_what_is_marked_while_the_inbox_is_looked_through_is_not_answered_again(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look sees it unanswered; by the time it is acted upon it is marked, and no longer known."""
    monkeypatch.setattr(inbox_marks, "LINGER", 0.05)
    monkeypatch.setattr(face, "REPLAY", 0.0)  # after each poll
    look = Updates._unanswered

    def slowly(self: Updates) -> list[tuple[int, str]]:
        found = look(self)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(Updates, "_unanswered", slowly)
    with running_bot(bot_services(server, tmp_path)):
        chats_asking = range(ANN, ANN + 8)
        for chat_id in chats_asking:
            server.open_chat(chat_id)
            server.ask(chat_id, "/help")
        time.sleep(1)
    assert [len(server.messages(chat_id)) for chat_id in chats_asking] == [1] * 8


def test_a_flood_limit_delays_the_answer_but_does_not_lose_it(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.fail_next("sendMessage", 429, retry_after=1)
        assert "What you can ask" in server.ask(ANN, "/help").text


def test_a_person_who_blocks_the_bot_gets_no_digests_until_that_is_taken_back(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        server.ask(ANN, "/watch AAPL")
        server.block(ANN)
        server.wait_for(lambda s: not s.pending_updates)
        _until(lambda: _is_paused(services))
        assert tick(services, EVENING).written == 0
        server.unblock(ANN)
        _until(lambda: not _is_paused(services))
        assert tick(services, EVENING).written == 1


def test_who_comes_back_while_the_database_is_in_trouble_is_not_forgotten(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.face.REPLAY", 0.2)
    services = bot_services(server, tmp_path)
    right, trouble = chats_table.wake, [sqlite3.OperationalError("database is locked")]

    def wake(db: Connection, chat_id: int) -> None:
        if trouble:
            raise trouble.pop()
        right(db, chat_id)

    with running_bot(services):
        server.ask(ANN, "/watch AAPL")
        server.block(ANN)
        _until(lambda: _is_paused(services))
        monkeypatch.setattr(chats_table, "wake", wake)
        server.unblock(ANN)
        _until(lambda: not _is_paused(services))
        assert not trouble


def test_a_digest_that_meets_a_failing_telegram_is_put_back_and_sent_later(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    watchlist.watch(services, ANN, "AAPL", "en")
    tick(services, EVENING)
    server.fail_next("sendMessage", 500)
    did = asyncio.run(deliver_now(services))
    assert (did.sent, did.put_back) == (0, 1)
    with services.store.transaction() as db:
        db.execute("UPDATE outbox SET not_before = created_at")
    assert asyncio.run(deliver_now(services)).sent == 1
    assert len(server.messages(ANN)) == 1


def test_a_wrong_token_is_said_plainly_and_never_printed(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = bot_services(server, tmp_path, token="123456:WRONG-SECRET")
    with running_bot(services):
        pass
    check = asyncio.run(check_token(services))
    assert not check.ok
    assert "copy it again from @BotFather" in check.advice
    assert "WRONG-SECRET" not in caplog.text + check.detail + check.advice


def test_it_answers_without_a_database_and_says_what_it_cannot_do(server: TelegramServer, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    services = bot_services(server, blocked)
    with running_bot(services):
        assert "Apple" in server.ask(ANN, "AAPL").text
        told = server.ask(ANN, "/watch AAPL").text
        assert "I can't reach my notes just now" in told
        assert str(blocked) not in told, "where files lie is the operator's business"


def _press(message_id: int, data: str, number: int) -> dict[str, object]:
    """A callback query whose data no button of ours ever had."""
    person = {"id": ANN, "is_bot": False, "first_name": "Ann"}
    return {
        "update_id": 800_000_000 + number,
        "callback_query": {
            "id": f"forged-{number}",
            "from": person,
            "chat_instance": "1",
            "data": data,
            "message": {
                "message_id": message_id,
                "date": 1_700_000_000,
                "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
                "photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}],
            },
        },
    }


def _until(condition: Callable[[], object]) -> None:
    """Wait for something that the bot does after its last visible request."""
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def _inbox(services: Services) -> list[dict[str, object]]:
    with services.store.transaction() as db:
        return db.rows("SELECT body, done_at FROM inbox")


def _is_paused(services: Services) -> bool:
    with services.store.transaction() as db:
        found = chats_table.get(db, ANN)
    return found is not None and found.paused


@pytest.mark.parametrize("fault", ["500", "502", "two floods", "dropped"])
def test_a_bad_moment_of_telegram_costs_nobody_an_answer(server: TelegramServer, tmp_path: Path, fault: str) -> None:
    with running_bot(bot_services(server, tmp_path)):
        if fault == "two floods":
            server.fail_next("sendPhoto", 429, retry_after=1, times=2)
        elif fault == "dropped":
            server.drop_next("sendPhoto", after_processing=False)
        else:
            server.fail_next("sendPhoto", int(fault))
        assert "Apple" in server.ask(ANN, "AAPL").text
        _until(lambda: len(server.messages(ANN)) == 1)


def test_a_button_works_though_its_notice_cannot_be_sent(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        forecast = server.ask(ANN, "AAPL")
        server.fail_next("answerCallbackQuery", 500)
        server.press(ANN, forecast.message_id, "1 month")
        server.wait_for(lambda s: s.last(ANN).edits == 1)


def test_a_stored_message_that_cannot_be_read_does_not_stop_the_bot(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with services.store.transaction() as db:
        inbox_table.keep(db, 1, '{"update_id": 1, "message": {"text": 5}}', services.clock())
        inbox_table.keep(db, 2, "not even JSON", services.clock())
    with running_bot(services):
        assert "Apple" in server.ask(ANN, "AAPL").text


def test_a_group_that_becomes_a_supergroup_gets_its_digest_once(server: TelegramServer, tmp_path: Path) -> None:
    services, group, supergroup = bot_services(server, tmp_path), -2002, -1002002
    server.open_chat(group, "Traders", type="group")
    watchlist.watch(services, group, "AAPL", "en")
    tick(services, EVENING)
    server.migrate(group, supergroup)
    did = asyncio.run(deliver_now(services))
    assert (did.put_back, did.sent) == (1, 1), "refused at the old number, and sent to the new one at once"
    assert tick(services, EVENING).written == 0, "the digest of this session is owed already"
    assert len(server.messages(supergroup)) == 1


def test_in_a_group_commands_of_other_bots_are_left_alone(server: TelegramServer, tmp_path: Path) -> None:
    group = -2002
    server.open_chat(group, "Traders", type="group")
    with running_bot(bot_services(server, tmp_path)):
        server.say(group, "/weather Berlin", user_id=ANN)
        assert "What you can ask" in server.ask(group, "/help").text
        assert len(server.messages(group)) == 1


@pytest.mark.parametrize("said", ["/forecast\nAAPL", "/forecast\tAAPL 2 weeks", "/forecast AAPL 10 d", "s&p 500"])
def test_it_reads_what_people_type_with_their_thumbs(server: TelegramServer, tmp_path: Path, said: str) -> None:
    with running_bot(bot_services(server, tmp_path)):
        assert "Over the next two weeks" in server.ask(ANN, said).text
