"""What was answered is marked in the inbox, whatever comes between."""

import asyncio
import logging
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from telegram import Bot, Update

from bellwether.core.config import load_settings
from bellwether.core.courtesy import Courtesy
from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.delivery import inbox_table
from bellwether.services import Services, build_services, utc_now
from bot.telegram import inbox_marks
from bot.telegram.answers import Answers
from bot.telegram.client import make_bot
from bot.telegram.inbox_marks import InboxMarks
from bot.telegram.inline import Inline
from bot.telegram.pictures import Pictures
from bot.telegram.sender import TelegramSender
from bot.telegram.updates import Updates
from tests.support.made_updates import message


@pytest.fixture
def services(tmp_path: Path) -> Services:
    made = build_services(load_settings(database={"path": tmp_path / "t.sqlite3"}))
    with made.store.transaction() as db:
        for update_id in range(3):
            inbox_table.keep(db, update_id, "{}", utc_now())
    return made


def unmarked(services: Services) -> list[int]:
    with services.store.reading() as db:
        return [update_id for update_id, _ in inbox_table.unanswered(db)]


def test_they_gather_for_a_moment(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_marks, "LINGER", 0.05)
    transactions = []
    mark = InboxMarks._mark
    monkeypatch.setattr(InboxMarks, "_mark", lambda self: transactions.append(self.ids()) or mark(self))

    async def run() -> None:
        some = InboxMarks(services.store, services.clock)
        some.add(0)
        some.add(1)
        while some.ids():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert unmarked(services) == [2]
        some.add(2)
        while some.ids():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    asyncio.run(run())
    assert unmarked(services) == []
    assert transactions == [{0, 1}, {2}]


def test_an_unforeseen_failure_is_written_down_and_the_next_answer_marks_both(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(inbox_marks, "LINGER", 0.01)
    mark, failures = InboxMarks._mark, [RuntimeError("unforeseen")]

    def fail_once(self: InboxMarks) -> bool:
        if failures:
            raise failures.pop()
        return mark(self)

    monkeypatch.setattr(InboxMarks, "_mark", fail_once)

    async def run() -> None:
        some = InboxMarks(services.store, services.clock)
        some.add(0)
        while failures:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        assert some.ids() == {0}
        some.add(1)
        while some.ids():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert "could not be marked" in caplog.text
    assert unmarked(services) == [2]


def test_what_was_answered_while_the_database_was_away_is_marked_once_it_is_back(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though nobody writes any more: a host that dies later would have it answered again."""
    monkeypatch.setattr(inbox_marks, "LINGER", 0.01)
    monkeypatch.setattr(inbox_marks, "AGAIN", 0.02)
    done, failures = inbox_table.done, [StoreError("away"), StoreError("away")]

    def fail_twice(db: Connection, update_id: int, now: datetime) -> None:
        if failures:
            raise failures.pop()
        done(db, update_id, now)

    monkeypatch.setattr(inbox_table, "done", fail_twice)

    async def run() -> None:
        some = InboxMarks(services.store, services.clock)
        some.add(0)
        async with asyncio.timeout(20):
            while some.ids():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(run())
    assert not failures
    assert unmarked(services) == [1, 2]


class Counted(Answers):
    """Says nothing, and counts what would be answered."""

    def __init__(self, services: Services, bot: Bot) -> None:
        super().__init__(services, bot, TelegramSender(bot, Pictures(services.store, services.clock, "")), Courtesy())
        self.given: list[int] = []

    async def give(self, update: Update) -> None:
        self.given.append(update.update_id)


def test_what_is_brought_answered_and_marked_while_the_inbox_is_looked_through_is_answered_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look sees it before it is marked, and is acted upon afterwards."""
    monkeypatch.setattr(inbox_marks, "LINGER", 0.01)
    looked, may_return, look = threading.Event(), threading.Event(), Updates._unanswered

    def slowly(self: Updates) -> list[tuple[int, str]]:
        while 7 not in (waiting := dict(look(self))):
            time.sleep(0.01)
        looked.set()
        may_return.wait(20)
        return list(waiting.items())

    monkeypatch.setattr(Updates, "_unanswered", slowly)
    bot = make_bot(load_settings(telegram={"token": "1:TEST"}).telegram)
    answers = Counted(services, bot)

    async def run() -> None:
        some = Updates(services.store, services.clock, bot, answers, Inline(services, bot), lambda db: True)
        replaying = asyncio.create_task(some.replay())
        hold = some._answered.add
        monkeypatch.setattr(some._answered, "add", lambda update_id: late.append(update_id))
        late: list[int] = []
        await some.receive([{"update_id": 7, "message": message(text="/help")}])
        await asyncio.to_thread(looked.wait, 20)
        hold(*late)
        async with asyncio.timeout(20):
            while some._answered.ids():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        may_return.set()
        await replaying
        await some.settle(20)

    asyncio.run(run())
    assert answers.given.count(7) == 1


def test_what_was_answered_unstored_and_is_brought_again_is_marked_and_not_answered_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the poll that confirms it never arrived, and the lease was lost and won again in between."""
    monkeypatch.setattr(inbox_marks, "LINGER", 0.01)
    keep, away = inbox_table.keep, [StoreError("away"), StoreError("away")]

    def keep_once_it_is_back(*given: object, **named: object) -> bool:
        if away:
            raise away.pop()
        return keep(*given, **named)

    monkeypatch.setattr(inbox_table, "keep", keep_once_it_is_back)
    bot = make_bot(load_settings(telegram={"token": "1:TEST"}).telegram)
    answers = Counted(services, bot)
    brought = [{"update_id": 7, "message": message(text="/help")}]

    async def run() -> None:
        some = Updates(services.store, services.clock, bot, answers, Inline(services, bot), lambda db: True)
        assert await some.receive(brought) == []
        await some.settle(20)
        assert await some.receive(brought) == [7], "it was answered, so Telegram may forget it"
        assert await some.receive(brought) == [7]
        await some.settle(20)

    asyncio.run(run())
    assert answers.given == [7]
    assert 7 not in unmarked(services)


def test_who_has_lost_the_lease_and_does_not_know_it_answers_nothing_that_another_answers(services: Services) -> None:
    """As after a time without the database: of two messages of a chat the second waits, and another host takes over."""
    bot = make_bot(load_settings(telegram={"token": "1:TEST"}).telegram)
    answers, is_ours = Counted(services, bot), True

    async def run() -> None:
        nonlocal is_ours
        some = Updates(services.store, services.clock, bot, answers, Inline(services, bot), lambda db: is_ours)
        may_go_on = asyncio.Event()
        give = answers.give

        async def slowly(update: Update) -> None:
            await may_go_on.wait()
            await give(update)

        answers.give = slowly  # type: ignore[method-assign]
        await some.receive([{"update_id": number, "message": message(text="/help")} for number in (7, 8)])
        is_ours = False
        may_go_on.set()
        await some.settle(20)
        await some.replay()
        await some.settle(20)

    asyncio.run(run())
    assert answers.given == [7]
    assert 8 in unmarked(services), "it is left to the other"


def test_what_another_has_answered_meanwhile_is_not_begun(services: Services) -> None:
    with services.store.transaction() as db:
        inbox_table.keep(db, 7, "{}", services.clock())
        assert not inbox_table.is_done(db, 7) and not inbox_table.is_done(db, 8)
        inbox_table.done(db, 7, services.clock())
        assert inbox_table.is_done(db, 7)
