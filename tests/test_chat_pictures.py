"""Charts in the chat: drawn once, uploaded once, and sent by Telegram's own name for them after that."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from bellwether.charts import renderer as pen_module
from bellwether.charts.renderer import Renderer
from bellwether.services import Services
from bot.telegram import sender, sent_pictures_table
from bot.telegram.face import TelegramFace
from tests.conftest import NOW
from tests.support.bot_api_server.server import TelegramServer
from tests.support.database import store_at
from tests.support.running_bot import bot_services, running_bot

ANN, BOB = 1001, 1002


class CountingPen(Renderer):
    """The real pen, which notes what it draws; it waits for `may_draw`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.drawn: list[str] = []
        self.may_draw = threading.Event()
        self.may_draw.set()

    def draw(self, specification: str, wanted: object, scale: float = 2.0) -> bytes:
        self.asked += 1
        assert self.may_draw.wait(20)
        self.drawn.append(specification)
        return super().draw(specification, "png", scale)


@pytest.fixture(scope="module")
def shared_pen() -> Iterator[CountingPen]:
    """Its process takes half a second to start."""
    pen = CountingPen()
    yield pen
    pen.close()


@pytest.fixture
def pen(shared_pen: CountingPen, monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingPen]:
    """One that has drawn nothing yet."""
    shared_pen.asked, shared_pen.drawn = 0, []
    shared_pen.may_draw.set()
    monkeypatch.setattr(pen_module, "_RENDERER", shared_pen)
    pen_module._drawn.cache_clear()
    yield shared_pen
    pen_module._drawn.cache_clear()


@pytest.fixture
def server(server: TelegramServer) -> TelegramServer:
    server.open_chat(BOB)
    return server


def ask_for_photo(server: TelegramServer, chat_id: int, text: str) -> str:
    """The file_id of the picture that comes."""
    before = len(server.messages(chat_id))
    server.say(chat_id, text)
    server.wait_for(lambda s: any(message.kind == "photo" for message in s.messages(chat_id)[before:]))
    file = next(message.file for message in server.messages(chat_id)[before:] if message.kind == "photo")
    assert file is not None
    return file.file_id


def test_the_same_chart_is_drawn_and_uploaded_once_for_everybody(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        first = ask_for_photo(server, ANN, "/forecast AAPL 10d")
        assert ask_for_photo(server, BOB, "apple") == first
        assert ask_for_photo(server, ANN, "/forecast AAPL 1m") != first
    assert len(pen.drawn) == 2


def test_two_who_ask_at_once_wait_for_one_drawing_and_one_upload(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    pen.may_draw.clear()
    with running_bot(bot_services(server, tmp_path), patience=0.1):
        for chat_id in (ANN, BOB):
            server.say(chat_id, "/forecast TSLA")
        server.wait_for(lambda s: s.messages(ANN) and s.messages(BOB))  # the words come first
        assert {server.messages(one)[0].kind for one in (ANN, BOB)} == {"text"}
        assert "Tesla will probably end between" in server.messages(BOB)[0].text
        pen.may_draw.set()
        server.wait_for(lambda s: all(s.messages(one)[0].kind == "photo" for one in (ANN, BOB)))
        shown = [server.messages(one)[0] for one in (ANN, BOB)]
    assert len(pen.drawn) == 1
    assert shown[0].file == shown[1].file, "the second was sent by the first one's file_id"
    assert [len(server.messages(one)) for one in (ANN, BOB)] == [1, 1], "the chart joined the words"
    assert shown[0].buttons == shown[1].buttons != []


def test_a_restart_does_not_draw_again_but_another_bot_must_upload(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        first = ask_for_photo(server, ANN, "AAPL")
        server.ask(ANN, "/list")  # answered when all about the chart is done
    with running_bot(bot_services(server, tmp_path)):
        assert ask_for_photo(server, BOB, "AAPL") == first
    assert len(pen.drawn) == 1
    with TelegramServer("987654321:OTHER") as other:
        other.open_chat(ANN)
        for _ in range(3):
            other.say(ANN, "/list")  # by these numbers the database knows other updates
        with running_bot(bot_services(other, tmp_path)):
            ask_for_photo(other, ANN, "AAPL")
        assert other.violations == []
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("bot.sqlite3*"))
    assert b"OTHER" not in stored, "no token is kept"


def test_a_file_id_that_telegram_refuses_is_uploaded_again(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        ask_for_photo(server, ANN, "AAPL")
        server.ask(ANN, "/list")
    with services.store.transaction() as db:
        db.execute("UPDATE sent_pictures SET file_id = 'AgACAgIAAxkB-gone'")
    with running_bot(services):
        again = ask_for_photo(server, ANN, "AAPL")
        assert ask_for_photo(server, BOB, "AAPL") == again
    uploads = {call["photo"] for call in server.calls("sendPhoto") if isinstance(call["photo"], str)}
    assert uploads == {"AgACAgIAAxkB-gone", again}


def test_where_telegram_takes_no_picture_the_words_go_alone(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.fail_next("sendPhoto", 400, description="Bad Request: IMAGE_PROCESS_FAILED")
        answer = server.ask(ANN, "AAPL")
    assert answer.kind == "text"
    assert "Apple will probably end between" in answer.text
    assert answer.buttons


def test_while_the_pen_draws_for_many_the_others_are_answered(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    crowd = range(3001, 3021)
    for chat_id in crowd:
        server.open_chat(chat_id)
    with running_bot(bot_services(server, tmp_path), patience=0.1):
        pen.may_draw.clear()
        for number, chat_id in enumerate(crowd):  # more than there are common threads
            server.say(chat_id, f"AAPL {number + 1}d")
        server.wait_for(lambda s: all(s.messages(one) for one in crowd))
        assert "/forecast" in server.ask(ANN, "/help").text
        pen.may_draw.set()
        server.wait_for(lambda s: all(s.messages(one)[0].kind == "photo" for one in crowd), 30)
    assert len(pen.drawn) == len(crowd)


def test_what_is_drawn_goes_at_once_and_does_not_queue_for_the_pen_again(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    crowd = range(3001, 3009)
    for chat_id in crowd:
        server.open_chat(chat_id)
    with running_bot(bot_services(server, tmp_path)):
        pen.may_draw.clear()
        server.say(ANN, "AAPL")
        server.wait_for(lambda _: pen.asked)
        for number, chat_id in enumerate(crowd):
            server.say(chat_id, f"AAPL {number + 1}d")
        server.wait_for(lambda s: all(s.messages(one) for one in crowd))
        pen.may_draw.set()
        server.wait_for(lambda s: len(s.calls("editMessageMedia")) == len(crowd) and s.messages(ANN), 30)
    sent = [request.method for request in server.requests if request.method in {"sendPhoto", "editMessageMedia"}]
    assert sent.index("sendPhoto") < len(crowd) - 1


async def until(server: TelegramServer, kind: str) -> None:
    """Wait until Ann's newest message is of this kind."""
    await asyncio.to_thread(server.wait_for, lambda s: s.messages(ANN) and s.messages(ANN)[-1].kind == kind)


async def stop_while_a_chart_is_drawn(
    server: TelegramServer, services: Services, pen: CountingPen, grace: float, *, drawn: bool
) -> None:
    """Ask, get the words, stop; the chart is drawn within the grace of the stop, or after it."""
    pen.may_draw.clear()
    face = TelegramFace(services)
    running = asyncio.create_task(face.run())
    server.say(ANN, "AAPL")
    await until(server, "text")
    stopping = asyncio.create_task(face.stop(grace))
    await asyncio.to_thread(server.wait_for, lambda s: not s.pending_updates)
    if drawn:
        await asyncio.wait([running], timeout=3)  # longer than the poll that was under way
        pen.may_draw.set()
    await stopping
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    pen.may_draw.set()


@pytest.mark.parametrize(("grace", "drawn", "kind"), [(20, True, "photo"), (0.1, False, "text")])
def test_a_stop_between_the_words_and_their_chart_makes_no_second_answer(
    server: TelegramServer, tmp_path: Path, pen: CountingPen, grace: float, drawn: bool, kind: str
) -> None:
    services = bot_services(server, tmp_path)
    with patch.object(sender, "PATIENCE", 0.1):
        asyncio.run(stop_while_a_chart_is_drawn(server, services, pen, grace, drawn=drawn))
    with running_bot(services):
        server.ask(ANN, "/list")
    assert [message.kind for message in server.messages(ANN)] == [kind, "text"]


def test_the_full_size_is_a_document_with_a_name_of_its_own(
    server: TelegramServer, tmp_path: Path, pen: CountingPen
) -> None:
    with running_bot(bot_services(server, tmp_path)):
        photo = ask_for_photo(server, ANN, "AAPL")
        server.press(ANN, server.last(ANN).message_id, "details:AAPL:10")
        server.wait_for(lambda s: "Middle outcome" in s.last(ANN).html)
        server.press(ANN, server.last(ANN).message_id, "chart:AAPL:10")
        server.wait_for(lambda s: s.last(ANN).kind == "document")
        first = server.last(ANN).file
        server.press(ANN, server.messages(ANN)[0].message_id, "chart:AAPL:10")
        server.wait_for(lambda s: len(s.messages(ANN)) == 3)
        assert server.last(ANN).file == first
    assert first is not None
    assert first.file_id != photo
    assert first.name == "forecast.png"
    assert first.data.startswith(b"\x89PNG")
    assert len(pen.drawn) == 1


def test_what_is_remembered_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(sent_pictures_table, "MOST_KEPT", 3)
    store = store_at(tmp_path / "x.sqlite3")
    with store.transaction() as db:
        for number in range(5):
            sent_pictures_table.keep(db, "bot", f"key{number}", f"id{number}", NOW)
        kept = [sent_pictures_table.recall(db, "bot", f"key{number}") for number in range(5)]
        assert kept == [None, None, "id2", "id3", "id4"]
        assert sent_pictures_table.recall(db, "another", "key4") is None
        sent_pictures_table.keep(db, "bot", "key4", "new", NOW)
        assert sent_pictures_table.recall(db, "bot", "key4") == "new"
    store.close()


def test_a_pen_that_rests_ends_and_the_next_drawing_starts_another(tmp_path: Path) -> None:
    pen = Renderer()
    drawing = '{"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}}}'
    try:
        first = pen.draw(drawing, "svg")
        ended = pen._process
        assert ended is not None
        ended.send_signal(signal.SIGALRM)  # as its clock does when nobody asks
        ended.wait(10)
        assert pen.draw(drawing, "svg") == first
        assert pen._process is not ended
    finally:
        pen.close()


def test_a_pen_that_was_killed_is_replaced_and_one_that_cannot_draw_says_so() -> None:
    pen = Renderer()
    drawing = '{"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}}}'
    try:
        assert b"<svg" in pen.draw(drawing, "svg")
        assert pen._process is not None
        pen._process.kill()
        assert pen.draw(drawing, "png").startswith(b"\x89PNG")
        with pytest.raises(RuntimeError, match="cannot be drawn"):
            pen.draw('{"mark": 7}', "png")
        assert b"<svg" in pen.draw(drawing, "svg")
    finally:
        pen.close()


def test_a_pen_that_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    pen = Renderer()
    drawing = '{"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}}}'
    try:
        first = pen.draw(drawing, "svg")
        assert pen.pid is not None
        os.kill(pen.pid, signal.SIGSTOP)
        patience = iter([0.1])  # with the one that hangs; the next may take what a start on a busy machine takes
        watch = threading.Timer
        monkeypatch.setattr(threading, "Timer", lambda after, act: watch(next(patience, after), act))
        assert pen.draw(drawing, "svg") == first
    finally:
        pen.close()


def test_a_pen_that_always_hangs_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pen_module, "LONGEST", 0.01)  # less than a start takes
    pen = Renderer()
    try:
        with pytest.raises(RuntimeError, match="killed, or hung"):
            pen.draw("{}", "svg")
    finally:
        pen.close()
