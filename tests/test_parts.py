"""Parts of the service that run alone, and the timetable that runs on one host at a time."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.core.errors import ConfigError
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.channels.webhook import WebhookChannel
from bellwether.hosts import keeping, leases_table
from bellwether.hosts.lease import Lease
from bellwether.hosts.parts import EVERY, named, parts_of
from bellwether.services import Services
from scheduler import LEASE, Timetable
from serving import serve
from tests.support.account import live_services
from tests.support.sample import SAMPLE_LAST
from tests.support.web import Visitor, sample_services
from web.app import create_app, create_health_app


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """A live market, for which there are jobs."""
    return live_services(tmp_path, SAMPLE_LAST)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for beats of five seconds here."""
    monkeypatch.setattr(keeping, "BEAT", 0.05)
    monkeypatch.setattr(keeping, "LOOK_AGAIN", 0.05)


def test_the_parts_are_named_in_a_list() -> None:
    assert named(parts_of(" jobs, WEB ")) == "web,jobs"
    assert parts_of("web,bot,jobs") == EVERY
    with pytest.raises(ConfigError, match=r"--only names wab, which is no part; did you mean web\?"):
        parts_of("wab")
    with pytest.raises(ConfigError, match=r"--only names no part; allowed are web, bot, jobs\."):
        parts_of(",")


def test_the_bot_alone_needs_a_token(tmp_path: Path) -> None:
    settings = load_settings(database={"path": tmp_path / "t.sqlite3"})
    with pytest.raises(ConfigError, match="--only names bot, which needs a token: set BELLWETHER_TELEGRAM__TOKEN"):
        serve(settings, parts_of("bot,jobs"))


def test_with_sqlite_it_is_said_where_the_other_parts_have_to_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(database={"path": tmp_path / "t.sqlite3"}, web={"host": "256.0.0.1"})
    with caplog.at_level(logging.INFO), pytest.raises(Exception, match=r"web\.host"):
        serve(settings, parts_of("web"))
    assert "Only web runs here." in caplog.text
    assert "SQLite is for a single machine. For several set BELLWETHER_DATABASE__URL." in caplog.text


def test_webhooks_and_targets_are_sent_to_by_each_host_with_jobs(services: Services) -> None:
    channels = Timetable(services, parts=parts_of("jobs")).channels
    assert [type(channel) for channel in channels] == [WebhookChannel, NotifyChannel]
    assert Timetable(services, parts=parts_of("web")).channels == []


def test_of_two_hosts_one_runs_the_timetable_and_the_other_takes_over_at_once_when_it_stops(services: Services) -> None:
    async def run() -> None:
        first, second = (Timetable(services, lease=a_lease(services)) for _ in range(2))
        first.start()
        await until(lambda: runs(first))
        second.start()
        await asyncio.sleep(0.2)
        assert not runs(second)
        await first.stop(1)
        await until(lambda: runs(second))
        await second.stop(1)

    asyncio.run(run())


def test_a_host_that_lost_the_timetable_ends_its_jobs_at_their_next_step_and_begins_none(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        hung = Timetable(services, lease=a_lease(services))
        hung.start()
        await until(lambda: runs(hung))
        gives_way = hung._gives_way()
        assert not gives_way()
        with services.store.transaction() as db:
            db.execute("UPDATE leases SET machine = '', holder = 'process 9 on another, 0a'")
        await until(lambda: not runs(hung))
        assert gives_way()
        await hung.stop(1)

    asyncio.run(run())
    assert "Another host has taken over the timetable" in caplog.text


def test_who_keeps_a_lease_goes_on_after_what_nobody_foresaw_and_lets_go_where_it_lasts(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        lease = a_lease(services)
        timetable = Timetable(services, lease=lease)
        timetable.start()
        await until(lambda: runs(timetable))
        with monkeypatch.context() as patch:
            patch.setattr(lease, "beat", lambda: 1 // 0)
            await until(lambda: "ZeroDivisionError" in caplog.text)
            await asyncio.sleep(0.2)
            assert runs(timetable), "nobody else has it yet"
            patch.setattr(keeping, "LAPSE", 0.0)
            await until(lambda: not runs(timetable))
            await until(lambda: runs(timetable))
        await timetable.stop(1)

    asyncio.run(run())
    with services.store.reading() as db:
        assert leases_table.seen(db, LEASE) is None, "it was given back"


def test_readiness_tells_the_load_balancer_that_a_host_was_told_to_stop(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    visitor = Visitor(create_app(services))
    assert visitor.get("/readyz").status_code == 200
    services.leaving.set()
    answer = visitor.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["service"] == {"ok": False, "detail": "was told to stop"}
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/api/v1/forecasts/AAPL").status_code == 200, "who asks until then is answered"


def a_lease(services: Services) -> Lease:
    return Lease(services.store, services.clock, LEASE)


def runs(timetable: Timetable) -> bool:
    return all(planned.job.next_run_time is not None for planned in timetable._planned)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it does not come to that")


def test_a_host_without_the_page_that_telegram_brings_updates_to_tells_how_it_is_and_nothing_else(
    tmp_path: Path,
) -> None:
    visitor = Visitor(create_health_app(sample_services(tmp_path)))
    assert visitor.get("/healthz").status_code == visitor.get("/readyz").status_code == 200
    assert visitor.get("/").status_code == visitor.get("/api/v1/forecasts/AAPL").status_code == 404
