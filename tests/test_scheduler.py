"""The timetable: jobs run, fail without stopping the next, and end with what is under way."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

import scheduler
from bellwether.core.config import load_settings
from bellwether.core.errors import StoreError
from bellwether.db.upgrade_backups import INSTANT
from bellwether.delivery import inbox_table, outbox_admin_table, outbox_table
from bellwether.delivery.channels.channel import AT_ONCE, Accepted
from bellwether.delivery.messages import READERS, OutboxMessage, Recipient, RecipientKind, recipient_of
from bellwether.jobs.prune import KEPT, prune
from bellwether.services import Services, build_services
from scheduler import Timetable

NOW = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)


class SlowTransport:
    """Takes a moment for each message, as a network does."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.sent: list[int] = []

    async def send(self, message: OutboxMessage) -> Accepted:
        self.started.set()
        await asyncio.sleep(0.3)
        self.sent.append(message.recipient.id)
        return Accepted()

    def resting(self, longer_than: float = 0.0) -> list[int]:
        return []

    def at_once(self) -> int:
        return AT_ONCE


@pytest.fixture
def services(tmp_path: Path) -> Services:
    settings = load_settings(database={"path": tmp_path / "t.sqlite3"}, models={"folder": tmp_path})
    return build_services(settings, clock=lambda: NOW)


def owe(services: Services, count: int) -> None:
    with services.store.transaction() as db:
        for chat_id in range(1, count + 1):
            outbox_table.enqueue(
                db,
                outbox_table.Draft(f"k{chat_id}", recipient_of(chat_id), "digest", "x", NOW, NOW + timedelta(hours=1)),
                NOW,
            )


def states(services: Services) -> dict[str, int]:
    with services.store.reading() as db:
        return outbox_admin_table.counts(db)


def test_a_stop_lets_the_message_under_way_arrive_and_claims_no_other(services: Services) -> None:
    owe(services, AT_ONCE + 3)

    async def run() -> list[int]:
        transport = SlowTransport()
        timetable = Timetable(services, transport, lambda: True)
        delivering = asyncio.create_task(timetable._run(partial(timetable._deliver, timetable.channels[-1])))
        await transport.started.wait()
        timetable.start()
        await timetable.stop(5)
        await delivering
        return transport.sent

    sent = asyncio.run(run())
    assert 1 <= len(sent) <= AT_ONCE
    assert states(services) == {"sent": len(sent), "pending": AT_ONCE + 3 - len(sent)}


def test_nothing_is_tried_before_telegram_is_connected(services: Services) -> None:
    owe(services, 1)

    async def run() -> None:
        timetable = Timetable(services, SlowTransport(), lambda: False)
        await timetable._run(partial(timetable._deliver, timetable.channels[-1]))

    asyncio.run(run())
    assert states(services) == {"pending": 1}


def test_a_job_that_fails_is_written_down_and_stops_nothing(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async def broken() -> None:
            raise ZeroDivisionError

        await Timetable(services, None, lambda: False)._run(broken)

    asyncio.run(run())
    assert "A job failed." in caplog.text


def test_an_evening_that_the_database_keeps_from_is_a_line_of_the_log(
    services: Services, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(scheduler, "keep_evening", broken)
    monkeypatch.setattr(scheduler, "forecast_universe", broken)
    timetable = Timetable(services)
    asyncio.run(timetable._run(timetable._account))
    assert [line for line in caplog.messages if "the disk is full" in line] == [
        "The evening could not be worked out: the disk is full",
        "A job did not run: the disk is full",
    ]
    assert not any(record.exc_info for record in caplog.records)


def test_why_a_job_does_not_run_is_said_once_until_it_changes(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    """The channels are tried each second, and a database may be away for hours."""
    why = ["away", "away", "away", "full", "", "full"]

    async def run() -> None:
        async def broken() -> None:
            if said := why.pop(0):
                raise StoreError(said)

        timetable = Timetable(services, None, lambda: False)
        while why:
            await timetable._run(broken)

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    told = [line.split()[-1] for line in caplog.messages if "A job" in line]
    assert told == ["away", "full", "not.", "full"], "each once, and that it ran in between"


def test_every_job_gets_its_turn_though_the_service_is_restarted_every_night(services: Services) -> None:
    jobs = Timetable(services, SlowTransport())._scheduler.get_jobs()
    assert jobs
    assert all(job.trigger.interval <= timedelta(hours=1) for job in jobs), "the first turn is an interval away"


def test_old_settled_rows_are_forgotten_and_owed_ones_kept(services: Services) -> None:
    long_ago = NOW - KEPT - timedelta(days=1)
    with services.store.transaction() as db:
        for key, state in (("a", "sent"), ("b", "failed"), ("c", "expired"), ("d", "pending")):
            outbox_table.enqueue(
                db, outbox_table.Draft(key, recipient_of(1), "digest", "x", long_ago, long_ago), long_ago
            )
            db.execute("UPDATE outbox SET state = :state WHERE dedup_key = :key", {"state": state, "key": key})
        for update_id, received in ((1, long_ago), (2, long_ago), (3, NOW)):
            inbox_table.keep(db, update_id, "{}", received)
        inbox_table.done(db, 1, long_ago)
    prune(services)
    with services.store.reading() as db:
        assert [row["dedup_key"] for row in db.rows("SELECT dedup_key FROM outbox")] == ["d"]
        assert [row["update_id"] for row in db.rows("SELECT update_id FROM inbox")] == [2, 3]


def test_backups_of_upgrades_are_deleted_after_a_month(services: Services) -> None:
    old, young = (
        services.store.path.with_name(f"t.sqlite3.before-0.2.0-{NOW - timedelta(days=days):{INSTANT}}")
        for days in (30, 29)
    )
    old.touch()
    young.touch()
    prune(services)
    assert [old.exists(), young.exists()] == [False, True]


def test_what_no_key_lets_leave_to_targets_and_readers_expires(services: Services) -> None:
    stale = NOW - timedelta(hours=1)
    with services.store.transaction() as db:
        for recipient in (Recipient(RecipientKind.TARGET, 5), Recipient(RecipientKind.READER, READERS + 5)):
            draft = outbox_table.Draft(f"digest:{recipient.kind.value}", recipient, "digest", "x", stale, stale)
            outbox_table.enqueue(db, draft, stale)
    prune(services)
    with services.store.reading() as db:
        assert [row["state"] for row in db.rows("SELECT state FROM outbox")] == ["expired"] * 2


def test_what_nobody_reads_at_the_terminal_expires(services: Services) -> None:
    with services.store.transaction() as db:
        for hours, owner in ((-1, 0), (1, 0), (-1, 7)):
            fresh_until = NOW + timedelta(hours=hours)
            draft = outbox_table.Draft(f"digest:{owner}:{hours}", recipient_of(owner), "digest", "x", NOW, fresh_until)
            outbox_table.enqueue(db, draft, NOW)
    prune(services)
    with services.store.reading() as db:
        expired = db.rows("SELECT dedup_key FROM outbox WHERE state = 'expired'")
    assert [row["dedup_key"] for row in expired] == ["digest:0:-1"], "a chat's is its channel's affair"
