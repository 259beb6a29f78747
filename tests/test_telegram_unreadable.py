"""What one person sends, or Telegram brings, that cannot be read or answered: nobody else suffers for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bellwether.core.types import Check
from bellwether.delivery import chat_data_table, chats, chats_table, inbox_table
from bellwether.jobs.doctor import examine
from bellwether.services import Services
from bot.telegram import face
from tests.support.bot_api_server.server import TelegramServer
from tests.support.data import DATA
from tests.support.faults import Fault
from tests.support.http_server import Response
from tests.support.made_updates import (
    GROUP,
    HIDDEN_USER,
    MEMBER,
    damaged,
    membership,
    message,
    numbered,
    restricted_by_an_older_server,
)
from tests.support.running_bot import bot_services, running_bot
from tests.support.web import Visitor
from web.app import create_app

ANN, BEN = 21, 22  #: Ann sends what cannot be read, Ben asks something
HIDDEN = {"message": message(text="AAPL", forward_origin=HIDDEN_USER)}
RESTRICTED = {"my_chat_member": membership(MEMBER, restricted_by_an_older_server())}
CASES = ("t1-hidden-user.json", "t1b-restricted-older-server.json")


@pytest.fixture
def server(server: TelegramServer) -> TelegramServer:
    server.open_chat(ANN)
    server.open_chat(BEN)
    return server


def inbox_rows(services: Services) -> list[dict[str, Any]]:
    with services.store.reading() as db:
        return db.rows("SELECT * FROM inbox ORDER BY update_id")


def line(services: Services, name: str) -> Check | None:
    return next((check for check in examine(services) if check.name == name), None)


def metric(services: Services, why: str) -> float:
    page = Visitor(create_app(services)).get("/metrics").text
    name = f'bellwether_updates_set_aside{{why="{why}"}} '
    return next(float(each.removeprefix(name)) for each in page.splitlines() if each.startswith(name))


def until(condition: Callable[[], object]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def test_an_update_that_the_library_cannot_read_is_set_aside_and_everybody_else_is_answered(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    server.push_raw({"update_id": 500_000_001, **HIDDEN})
    server.push_raw({"update_id": 500_000_002, **RESTRICTED})
    assert line(services, "Updates") is None
    with running_bot(services):
        assert "What you can ask" in server.ask(BEN, "/help").text
        server.wait_for(lambda s: not s.pending_updates)
        until(lambda: all(row["done_at"] for row in inbox_rows(services)))
        first, second, answered = inbox_rows(services)
        assert (first["set_aside"], second["set_aside"], answered["set_aside"]) == ("unreadable", "unreadable", None)
        assert json.loads(first["body"]) == {"update_id": 500_000_001, **HIDDEN}, "it is stored as it came"
        assert "sender_user_name" in first["reason"]
        assert second["reason"].startswith("TypeError")
        told = line(services, "Updates")
        assert told is not None
        assert told.ok, "what one person sends must not make a monitor cry"
        assert "in the last 7 days: 2 unreadable. The newest: TypeError" in told.detail
        assert (metric(services, "unreadable"), metric(services, "failed")) == (2, 0)
        assert server.messages(ANN) == []


def test_the_cases_that_people_reported_stop_nobody(server: TelegramServer, tmp_path: Path) -> None:
    for name in CASES:
        server.push_raw(json.loads((DATA / "cases" / name).read_text("utf-8")))
    with running_bot(bot_services(server, tmp_path)):
        assert "What you can ask" in server.ask(BEN, "/help").text
        server.wait_for(lambda s: not s.pending_updates)


def test_any_batch_with_a_question_in_it_is_confirmed_and_the_question_answered(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.inbox_marks.LINGER", 0.01)  # each example waits for its marks
    askers = count(1_000)
    batch = st.lists(damaged(numbered(st.just(7))), min_size=1, max_size=6)
    with running_bot(bot_services(server, tmp_path)):

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(batch, st.integers(0, 6))
        def holds(updates: list[dict[str, Any]], place: int) -> None:
            asker = next(askers)
            server.open_chat(asker)
            for each in updates[:place]:
                push(each)
            server.say(asker, "/help")
            for each in updates[place:]:
                push(each)
            server.wait_for(lambda s: any("What you can ask" in sent.text for sent in s.messages(asker)))
            asker = next(askers)
            assert "What you can ask" in server.ask(asker, "/help").text, "those that come after it, too"
            server.wait_for(lambda s: not s.pending_updates)

        def push(update: dict[str, Any]) -> None:
            if update.get("update_id") == 7:  # it takes the next number
                server.push_update({name: value for name, value in update.items() if name != "update_id"}, check=False)
            else:
                server.push_raw(update)

        holds()


def test_what_has_no_number_is_recorded_once_and_confirmed_with_the_next(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face, "UNCONFIRMED_PAUSE", 0.05)
    odd = [None, 5, "update", [], {"message": message(text="AAPL")}, {"update_id": 2**70}]
    services = bot_services(server, tmp_path)
    with running_bot(services):
        for each in odd:
            server.push_raw(each)
        until(lambda: len(inbox_rows(services)) == len(odd) and len(server.calls("getUpdates")) > 4)
        assert "What you can ask" in server.ask(BEN, "/help").text
        server.wait_for(lambda s: not s.pending_updates)
        *unnumbered, answered = inbox_rows(services)
        assert answered["set_aside"] is None
        assert {row["set_aside"] for row in unnumbered} == {"unreadable"}
        assert len(unnumbered) == len(odd)
        assert all(row["update_id"] < 0 for row in unnumbered)


def test_an_answer_that_is_no_list_is_trouble_of_the_server_and_is_asked_for_again(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face, "_PAUSES", (0.05,))
    for answer in ({"update_id": 5}, True, None, "nonsense"):
        server.answer_next("getUpdates", answer)
    services = bot_services(server, tmp_path)
    with running_bot(services):
        assert "What you can ask" in server.ask(BEN, "/help").text
    assert len(inbox_rows(services)) == 1


@pytest.mark.parametrize(
    "body", [b"<html>Not Found</html>", b'{"ok": false, "error_code": 404, "description": "Not Found"}']
)
def test_a_404_from_something_on_the_way_silences_the_bot_for_a_moment_only(
    server: TelegramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(face, "_PAUSES", (0.05,))
    services = bot_services(server, tmp_path)
    server._faults.add("getMe", Fault(response=Response(404, b"<html>Not Found</html>", "text/html")))
    with running_bot(services):
        server.wait_for(lambda s: s.calls("getUpdates"))
        for _ in range(3):
            server._faults.add("getUpdates", Fault(response=Response(404, body)))
        assert "What you can ask" in server.ask(BEN, "/help").text
        assert "What you can ask" in server.ask(ANN, "/help").text


def test_a_revoked_token_still_ends_the_polls(
    server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.fail_next("getUpdates", 401, times=None)
        until(lambda: "it was probably revoked" in caplog.text)


def test_what_is_read_and_cannot_be_handled_is_set_aside_with_the_kind_of_its_error(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    mention = {"type": "mention", "offset": "secret words", "length": 5}
    with running_bot(services):
        server.push_raw({"update_id": 400_000_000, "message": message(GROUP, text="secret words", entities=[mention])})
        assert "What you can ask" in server.ask(BEN, "/help").text
        until(lambda: inbox_rows(services)[0]["set_aside"])
    row = inbox_rows(services)[0]
    assert (row["set_aside"], row["reason"]) == ("failed", "TypeError")
    assert metric(services, "failed") == 1
    told = line(services, "Updates")
    assert told is not None
    assert "1 failed. The newest: TypeError." in told.detail


def test_after_an_upgrade_what_can_be_read_now_is_answered_if_it_is_of_the_last_day(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    now = services.clock()
    with services.store.transaction() as db:
        for number, chat, age in ((1, ANN, timedelta(hours=1)), (2, BEN, timedelta(days=2))):
            said = message({"id": chat, "type": "private"}, text="/help")
            inbox_table.keep(db, number, json.dumps({"update_id": number, "message": said}), now - age)
            inbox_table.set_aside(
                db, number, inbox_table.Aside.UNREADABLE, "TypeError: what an older version made of it", now - age
            )
        inbox_table.keep(db, 3, json.dumps({"update_id": 3, **HIDDEN}), now)
        inbox_table.set_aside(db, 3, inbox_table.Aside.UNREADABLE, "TypeError", now)
    with running_bot(services):
        server.wait_for(lambda s: s.messages(ANN))
        until(lambda: inbox_rows(services)[0]["body"] == "")
    assert "What you can ask" in server.last(ANN).text
    assert server.messages(BEN) == []
    assert [row["set_aside"] for row in inbox_rows(services)] == [None, "unreadable", "unreadable"]


def test_a_person_who_leaves_takes_along_what_could_not_be_read(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    oddly = {"message": message({"id": str(ANN), "type": "private"}, text="secret words")}
    with running_bot(services):
        for number, odd in enumerate((HIDDEN, oddly), 400_000_000):
            server.push_raw({"update_id": number, **odd})
        until(lambda: len(inbox_rows(services)) == 2)
    assert b"secret words" in chats.export(services.store, services.clock, ANN)
    with services.store.transaction() as db:
        chats_table.join(db, ANN, "en", services.clock())
        assert chat_data_table.erase(db, ANN, services.clock()) == 3
    assert [(row["body"], row["set_aside"]) for row in inbox_rows(services)] == [("", "unreadable")] * 2
    assert "AAPL" not in line(services, "Updates").detail  # type: ignore[union-attr]


def test_what_somebody_types_elsewhere_is_not_stored_though_it_cannot_be_read(
    server: TelegramServer, tmp_path: Path
) -> None:
    services = bot_services(server, tmp_path)
    query = {"id": "1", "from": {"id": ANN}, "query": "secret words", "offset": ""}
    with running_bot(services):
        server.push_raw({"update_id": 400_000_000, "inline_query": query})
        assert "What you can ask" in server.ask(BEN, "/help").text
    row = inbox_rows(services)[0]
    assert (row["set_aside"], row["body"]) == ("unreadable", "")
    assert "secret" not in row["reason"]


def test_what_is_set_aside_is_forgotten_with_the_rest(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    now = services.clock()
    with services.store.transaction() as db:
        inbox_table.keep(db, 1, "{}", now)
        inbox_table.set_aside(db, 1, inbox_table.Aside.UNREADABLE, "TypeError", now)
        inbox_table.keep(db, 2, "{}", now)
        for _ in range(inbox_table.MOST_ATTEMPTS):
            inbox_table.begin(db, 2)
        aside = inbox_table.count_set_aside(db, now)
        assert {why.value: number for why, number in aside.counts.items()} == {
            "unreadable": 1,
            "failed": 0,
            "exhausted": 1,
        }
        assert inbox_table.unanswered(db) == []
        assert not inbox_table.keep(db, 1, "{}", now), "Telegram may bring it again"
        inbox_table.erase_set_aside(db, now)
        assert [row["body"] for row in db.rows("SELECT body FROM inbox")] == ["{}", "{}"]
        inbox_table.erase_set_aside(db, now + timedelta(seconds=1))
        assert [row["body"] for row in db.rows("SELECT body FROM inbox")] == ["", ""]
        assert inbox_table.count_set_aside(db).counts[inbox_table.Aside.UNREADABLE] == 1, "the reason is kept longer"
        assert inbox_table.prune(db, now + timedelta(seconds=1)) == 2
