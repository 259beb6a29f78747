"""Missing rights are no farewell: words go without their picture, what may not be written now waits for its time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import ChatMemberRestricted

from bellwether.alerts import watchlist
from bellwether.db.connection import Connection
from bellwether.db.database import stamp, unstamp
from bellwether.delivery import chat_outbox_table, chats, chats_table, inbox_table, outbox_table
from bellwether.delivery.chats_table import Pause, Silence
from bellwether.delivery.deliver import DeliveryRun
from bellwether.delivery.messages import recipient_of
from bellwether.services import Services
from bot import conversation
from bot.commands import ChatContext
from bot.replies import Picture, Reply
from bot.telegram.one_shot import deliver_now
from bot.telegram.pictures import Pictures
from tests.support.bot_api_server.server import TelegramServer
from tests.support.made_updates import MEMBER, membership
from tests.support.running_bot import bot_services, running_bot

ANN, BOB, GROUP = 1001, 1002, -1002002
NOW = datetime(2021, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def server(server: TelegramServer) -> TelegramServer:
    server.open_chat(BOB)
    server.open_chat(GROUP, type="supergroup")
    server.appoint(GROUP, ANN)
    return server


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(server: TelegramServer, tmp_path: Path, clock: Clock) -> Services:
    return replace(bot_services(server, tmp_path), clock=clock)


def owe(services: Services, chat_id: int, key: str = "x", hours: float = 12) -> None:
    now = services.clock()
    with services.store.transaction() as db:
        if chats_table.get(db, chat_id) is None:
            chats_table.join(db, chat_id, "en", now)
        draft = outbox_table.Draft(
            f"digest:{chat_id}:{key}", recipient_of(chat_id), "digest", key, now, now + timedelta(hours=hours)
        )
        assert outbox_table.enqueue(db, draft, now)


def deliver(services: Services) -> DeliveryRun:
    return asyncio.run(deliver_now(services))


def outbox_row(services: Services, chat_id: int = GROUP) -> dict[str, Any]:
    with services.store.reading() as db:
        return db.rows("SELECT * FROM outbox WHERE recipient_id = :chat ORDER BY id", {"chat": chat_id})[0]


def is_paused(services: Services, chat_id: int = GROUP) -> bool:
    with services.store.reading() as db:
        kept = chats_table.get(db, chat_id)
    return kept is not None and kept.paused


def said(services: Services, text: str, chat_id: int = GROUP) -> str:
    return conversation.answer(ChatContext(services, chat_id), text).text


@pytest.fixture
def words_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chart is drawn in time for its words."""
    ready = Pictures.ready

    async def late(self: Pictures, picture: Picture, kind: str, patience: float | None = None) -> bool:
        return patience is None and await ready(self, picture, kind)

    monkeypatch.setattr(Pictures, "ready", late)


# ---- not this sort of message


def test_where_no_pictures_may_be_sent_the_words_go_alone(server: TelegramServer, services: Services) -> None:
    watchlist.watch(services, GROUP, "AAPL", "en")
    server.forbid(GROUP, "photo", "document")
    with running_bot(services):
        answer = server.ask(GROUP, "/forecast AAPL")
        assert (answer.kind, "Apple" in answer.text, bool(answer.buttons)) == ("text", True, True)
        # a chart in place of another one, and one as a file
        server.press(GROUP, answer.message_id, "1 week")
        server.wait_for(lambda s: len(s.messages(GROUP)) == 2)
        assert "Over the next week" in server.last(GROUP).text
        server.press(GROUP, server.last(GROUP).message_id, "Details")
        whole = "Chart in full size"
        detailed = server.wait_for(
            lambda s: [message for message in s.messages(GROUP) if whole in str(message.buttons)]
        )
        server.press(GROUP, detailed[-1].message_id, whole)
        server.wait_for(lambda s: "I may not send files in this chat" in s.last(GROUP).text)
    assert not is_paused(services)


def test_a_right_to_pictures_that_goes_while_one_is_drawn_leaves_the_words(
    server: TelegramServer, services: Services, words_first: None
) -> None:
    with running_bot(services):
        server.hang_next("sendMessage", 0.2)
        server.say(GROUP, "/forecast AAPL")
        server.wait_for(lambda s: s.calls("sendMessage"))
        server.forbid(GROUP, "photo")
        server.wait_for(lambda s: s.calls("editMessageMedia"), timeout=20)
        assert [message.kind for message in server.messages(GROUP)] == ["text"]
        assert "What you can ask" in server.ask(GROUP, "/help").text
    assert not is_paused(services)


def test_where_only_pictures_may_be_sent_the_words_stand_under_one(
    server: TelegramServer, services: Services, words_first: None
) -> None:
    server.forbid(GROUP, "text")
    with running_bot(services):
        server.say(GROUP, "/forecast AAPL")
        server.wait_for(lambda s: s.messages(GROUP), timeout=20)
        assert (server.last(GROUP).kind, "Apple" in server.last(GROUP).text) == ("photo", True)


def test_a_file_that_may_not_be_sent_is_named_in_words(server: TelegramServer, services: Services) -> None:
    watchlist.watch(services, ANN, "AAPL", "en")
    server.forbid(ANN, "document")
    with running_bot(services):
        assert "I may not send files in this chat" in server.ask(ANN, "/export_me").text


def test_a_message_that_cannot_be_made_new_is_answered_by_another(server: TelegramServer, services: Services) -> None:
    with running_bot(services):
        menu = server.ask(ANN, "/settings")
        server.fail_next("editMessageText", 400, description="Bad Request: message can't be edited")
        server.press(ANN, menu.message_id, "set:theme:dark")
        server.wait_for(lambda s: len(s.messages(ANN)) == 2)
        assert "Charts: dark" in server.last(ANN).text


@pytest.mark.parametrize("status", [413, 500])
def test_a_picture_that_fails_again_and_again_leaves_the_words(
    server: TelegramServer, services: Services, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("bot.telegram.sender._PAUSES", (0, 0))
    with running_bot(services):
        forecast = server.ask(ANN, "AAPL")
        assert forecast.kind == "photo"
        for method in ("sendPhoto", "editMessageMedia"):
            server.fail_next(method, status, times=None)
        told = server.ask(ANN, "MSFT")
        assert (told.kind, "Microsoft" in told.text, bool(told.buttons)) == ("text", True, True)
        server.press(ANN, forecast.message_id, "1 week")
        server.wait_for(lambda s: len(s.messages(ANN)) == 3)
        assert "Over the next week Apple" in server.last(ANN).text
        server.wait_for(lambda _: not _open_updates(services))
    assert len(server.calls("sendPhoto")) == 1 + 2 + 2


# ---- not now


def test_what_may_not_be_written_now_is_tried_ever_less_often_and_holds_up_no_other_chat(
    server: TelegramServer, services: Services, clock: Clock
) -> None:
    server.forbid(GROUP, "text")
    owe(services, GROUP)
    tries = 0
    for minute in range(4 * 60):
        if minute % 60 == 0:
            owe(services, BOB, str(minute))
        if unstamp(outbox_row(services)["not_before"]) <= clock.now:
            did = deliver(services)
            tries += did.put_back
            assert did.failed == 0
        clock.now += timedelta(minutes=1)
    assert 20 < tries < 25
    row = outbox_row(services)
    assert (row["state"], row["strikes"], row["uncertain"]) == ("pending", 0, 0)
    assert not is_paused(services)
    deliver(services)
    assert len(server.messages(BOB)) == 4
    server.forbid(GROUP)
    clock.now += timedelta(minutes=15)
    assert deliver(services).sent == 1
    with services.store.reading() as db:
        told = chats_table.pause_of(db, GROUP, clock.now)
    assert told == Pause(Silence.FORBIDDEN, NOW, clock.now, lost=0)


def test_what_goes_out_of_date_meanwhile_is_no_dead_letter_and_the_chat_is_told(
    server: TelegramServer, services: Services, clock: Clock
) -> None:
    server.forbid(GROUP, "text")
    owe(services, GROUP, hours=1)
    deliver(services)
    clock.now += timedelta(hours=2)
    assert deliver(services).expired == 1
    assert outbox_row(services)["state"] == "expired"
    assert not is_paused(services), "the digest of the next evening is tried"
    server.forbid(GROUP)
    for text in ("/list", "/settings"):
        told = said(services, text)
        assert "Paused since 3 March 2021." in told
        assert "Telegram said that I may not write here. Any message from you ends the pause." in told
        assert "1 message of that time is out of date" in told
    clock.now += timedelta(days=1)
    owe(services, GROUP, "tomorrow")
    assert deliver(services).sent == 1
    assert "Paused from 3 March 2021 to 4 March 2021." in said(services, "/list")
    clock.now += timedelta(days=8)
    assert "Paused" not in said(services, "/list")


def test_an_unknown_403_pauses_nobody(server: TelegramServer, services: Services) -> None:
    owe(services, ANN)
    server.fail_next("sendMessage", 403, description="Forbidden: something new")
    assert deliver(services).put_back == 1
    assert not is_paused(services, ANN)


def test_a_question_that_could_not_be_answered_is_answered_once_the_right_is_back(
    server: TelegramServer, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.face.REPLAY", 0.5)
    clock.now = datetime.now(UTC)
    watchlist.watch(services, GROUP, "AAPL", "en")
    server.forbid(GROUP, "text", "photo", "document")
    with running_bot(services):
        server.say(GROUP, "/help")
        server.wait_for(lambda s: len(s.calls("sendMessage")) > 1)
        assert "What you can ask" in server.ask(ANN, "/help").text, "nobody else waits"
        assert not is_paused(services)
        server.forbid(GROUP)
        server.wait_for(lambda s: s.messages(GROUP))
        assert "What you can ask" in server.last(GROUP).text
        # but not for ever
        server.forbid(GROUP, "text")
        clock.now += timedelta(hours=1)
        server.say(GROUP, "/help")
        server.wait_for(lambda s: not _open_updates(services) and not s.pending_updates)
        assert len(server.messages(GROUP)) == 1


def test_the_parts_of_an_answer_that_arrived_are_not_sent_again_when_the_right_is_back(
    server: TelegramServer, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.face.REPLAY", 0.5)
    clock.now = datetime.now(UTC)
    lines = [f"line {number} of many" for number in range(500)]
    monkeypatch.setattr(conversation, "answer", lambda *about: Reply("\n".join(lines)))
    server.hang_next("sendMessage", 0)  # the first part passes
    server.fail_next("sendMessage", 400, description="Bad Request: not enough rights to send text messages to the chat")
    with running_bot(services):
        server.say(GROUP, "/help")
        server.wait_for(lambda s: "line 499 of many" in "".join(message.text for message in s.messages(GROUP)))
        server.wait_for(lambda _: not _open_updates(services))
    assert "\n".join(message.text for message in server.messages(GROUP)).split("\n") == lines


def test_restarts_during_a_flood_limit_cost_no_question(server: TelegramServer, services: Services) -> None:
    server.fail_next("sendMessage", 429, retry_after=600, times=None)
    server.say(ANN, "/help")
    for _restart in range(inbox_table.MOST_ATTEMPTS + 1):
        with running_bot(services) as face:  # a stop before the refusal arrived would rightly count as an attempt
            server.wait_for(lambda _, face=face: ANN in face.sender.resting(60))
    server.clear_faults()
    with running_bot(services):
        server.wait_for(lambda s: s.messages(ANN))
        assert "What you can ask" in server.last(ANN).text


def test_a_stop_while_an_answer_is_on_its_way_counts_for_it_may_have_arrived(
    server: TelegramServer, services: Services
) -> None:
    server.hang_next("sendMessage", 30)
    server.say(ANN, "/help")
    with running_bot(services):
        server.wait_for(lambda s: s.calls("sendMessage"))
    with services.store.reading() as db:
        assert [row["attempts"] for row in db.rows("SELECT attempts FROM inbox")] == [1]


def _open_updates(services: Services) -> int:
    with services.store.reading() as db:
        (row,) = db.rows("SELECT count(*) AS n FROM inbox WHERE done_at IS NULL")
    return int(row["n"])


# ---- what ends a pause


def test_any_message_ends_a_pause_and_brings_what_is_still_fresh(server: TelegramServer, services: Services) -> None:
    watchlist.watch(services, ANN, "AAPL", "en")
    owe(services, ANN)
    server.fail_next("sendMessage", 403)
    assert deliver(services).failed == 1
    assert is_paused(services, ANN)
    with running_bot(services):
        server.say(ANN, "AAPL")
        server.wait_for(lambda s: {"x"} <= {message.text for message in s.messages(ANN)})
        assert not is_paused(services, ANN)
        told = server.ask(ANN, "/list").text
    assert "Paused for a while on 3 March 2021. Telegram said that I was blocked or removed here." in told
    assert "That is over: I write here again." in told


def test_a_message_from_a_chat_hurries_what_it_had_not_let_in(server: TelegramServer, services: Services) -> None:
    server.forbid(GROUP, "text")
    owe(services, GROUP)
    for _ in range(3):
        with services.store.transaction() as db:
            db.execute("UPDATE outbox SET not_before = due_at")
        assert deliver(services).put_back == 1
    assert unstamp(outbox_row(services)["not_before"]) > services.clock()
    server.forbid(GROUP)
    with running_bot(services):
        server.say(GROUP, "/help")
        server.wait_for(lambda s: {"x"} <= {message.text for message in s.messages(GROUP)})


def test_people_of_a_group_who_talk_to_each_other_hurry_nothing_and_who_turns_to_the_bot_does(
    server: TelegramServer, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = datetime.now(UTC)
    hurried: list[int] = []
    hurry = chat_outbox_table.hurry

    def counted(db: Connection, chat_id: int, now: datetime) -> None:
        hurried.append(chat_id)
        hurry(db, chat_id, now)

    monkeypatch.setattr(chat_outbox_table, "hurry", counted)
    server.forbid(GROUP, "text")
    owe(services, GROUP)
    assert deliver(services).put_back == 1
    later = clock.now + timedelta(minutes=15)
    with services.store.transaction() as db:
        db.execute("UPDATE outbox SET not_before = :at", {"at": stamp(later)})
    other = [{"type": "mention", "offset": 0, "length": 10}]
    odd = [{"type": "mention", "offset": "x", "length": 5}]
    with running_bot(services):
        for number in range(20):
            server.say(GROUP, f"good morning {number}", user_id=BOB)
        server.say(GROUP, "/weather@other_bot", user_id=BOB)
        server.say(GROUP, "@other_bot what now?", user_id=BOB, entities=other)
        server.say(GROUP, "damaged marks", user_id=BOB, entities=odd)
        assert server.ask(BOB, "/help")
        server.wait_for(lambda s: not s.pending_updates)
        assert (hurried, unstamp(outbox_row(services)["not_before"])) == ([], later)
        with services.store.reading() as db:
            assert chats_table.pause_of(db, GROUP, clock.now) == Pause(Silence.FORBIDDEN, clock.now, None, lost=0)
        server.forbid(GROUP)
        server.say(GROUP, "/help@bellwether_bot", user_id=BOB)
        server.wait_for(lambda s: {"x"} <= {message.text for message in s.messages(GROUP)})
        assert hurried == [GROUP]


def test_a_group_that_lets_the_bot_write_again_need_not_say_anything(
    server: TelegramServer, services: Services, clock: Clock
) -> None:
    clock.now = datetime.now(UTC)
    server.forbid(GROUP, "text")
    owe(services, GROUP)
    assert deliver(services).put_back == 1
    with services.store.transaction() as db:
        db.execute("UPDATE outbox SET not_before = :at", {"at": stamp(clock.now + timedelta(minutes=15))})
    server.forbid(GROUP)
    with running_bot(services):
        changed = membership(MEMBER, MEMBER, {"id": GROUP, "type": "supergroup", "title": "Traders"})
        server.push_raw({"update_id": 400_000_000, "my_chat_member": changed})
        server.wait_for(lambda s: {"x"} == {message.text for message in s.messages(GROUP)})


def test_a_group_that_was_gone_is_back_when_people_are_heard_there(services: Services, clock: Clock) -> None:
    with services.store.transaction() as db:
        chats_table.join(db, GROUP, "en", clock.now)
        chats_table.pause(db, GROUP, Silence.GONE, clock.now)
        chats_table.overheard(db, GROUP, clock.now)
        assert chats_table.pause_of(db, GROUP, clock.now) == Pause(Silence.GONE, NOW, NOW, lost=0)
    assert not is_paused(services)


def test_who_is_restricted_and_no_member_any_more_is_gone(server: TelegramServer, services: Services) -> None:
    watchlist.watch(services, GROUP, "AAPL", "en")
    with running_bot(services):
        for is_member in (True, False):
            rights = {name: False for name in ChatMemberRestricted.__slots__ if name.startswith("can_")}
            restricted = MEMBER | rights | {"status": "restricted", "is_member": is_member, "until_date": 0}
            chat = {"id": GROUP, "type": "supergroup", "title": "Group of Ann"}
            server.push_update({"my_chat_member": membership(MEMBER, restricted, chat)})
            server.wait_for(lambda s: not s.pending_updates and not _open_updates(services))
            assert is_paused(services) == (not is_member)


def test_who_said_stop_is_told_so_and_what_ends_it(server: TelegramServer, services: Services, clock: Clock) -> None:
    watchlist.watch(services, ANN, "AAPL", "en")
    chats.leave(services.store, services.clock, ANN)
    clock.now += timedelta(days=1)
    with services.store.transaction() as db:
        chats_table.pause(db, ANN, Silence.GONE, clock.now)  # it also blocked us for a while
    with running_bot(services):
        told = server.ask(ANN, "/list").text
        assert is_paused(services, ANN), "a message is no wish to be written to"
        assert "Paused since 3 March 2021. Somebody here sent /stop. /start ends the pause" in told
        server.ask(ANN, "/start")
        assert "Paused" not in server.ask(ANN, "/list").text


def test_a_pause_that_a_message_ends_in_vain_goes_on_since_its_first_day(services: Services, clock: Clock) -> None:
    with services.store.transaction() as db:
        chats_table.join(db, ANN, "en", clock.now)
        chats_table.pause(db, ANN, Silence.GONE, clock.now)
        for day in range(2):
            clock.now = NOW + timedelta(days=day)
            chats_table.heard(db, ANN, clock.now)
            chats_table.pause(db, ANN, Silence.GONE, clock.now)
        assert chats_table.pause_of(db, ANN, clock.now) == Pause(Silence.GONE, NOW, None, lost=0)


def test_a_pause_moves_with_its_group(services: Services, clock: Clock) -> None:
    with services.store.transaction() as db:
        chats_table.join(db, -7, "en", clock.now)
        chats_table.is_forbidden(db, -7, clock.now)
        chats_table.migrate(db, -7, GROUP)
        assert chats_table.pause_of(db, GROUP, clock.now) == Pause(Silence.FORBIDDEN, NOW, None, lost=0)
