"""What was answered is marked in the inbox, whatever comes between."""

import asyncio
import logging
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.delivery import inbox_table
from bellwether.services import Services, build_services, utc_now
from bot.telegram import inbox_marks
from bot.telegram.inbox_marks import InboxMarks


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
