"""What whoever runs the service can see: metrics, the heartbeat, notes to the administrator, dead letters."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellwether.alerts.rules.digest_due import DigestReason
from bellwether.alerts.tick import Tick
from bellwether.cli.main import main
from bellwether.core import metrics as process_metrics
from bellwether.core.config import load_settings
from bellwether.core.errors import ConfigError
from bellwether.delivery import admin_notes, chats_table, outbox_table
from bellwether.delivery.channels.channel import AT_ONCE, Accepted
from bellwether.delivery.messages import OutboxMessage, recipient_of
from bellwether.delivery.retry import Cause, DeliveryError
from bellwether.jobs.doctor import examine
from bellwether.jobs.heartbeat import heartbeat
from bellwether.services import Services, build_services
from scheduler import Timetable
from tests.support.deliveries import deliver
from tests.support.http_server import HttpServer, Request, Response
from tests.support.web import Visitor
from web.app import create_app

NOW = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
ADMIN = 99


class Refusing:
    """A transport to which Telegram says that it will never take the message."""

    async def send(self, message: OutboxMessage) -> Accepted:
        raise DeliveryError("BadRequest: message is strange", Cause.REFUSED)

    def resting(self, longer_than: float = 0.0) -> list[int]:
        return []

    def at_once(self) -> int:
        return AT_ONCE


def services_in(folder: Path, **sections: dict[str, object]) -> Services:
    settings = load_settings(database={"path": folder / "t.sqlite3"}, models={"folder": folder}, **sections)
    return build_services(settings, clock=lambda: NOW)


def owe(services: Services, chat_id: int = 7) -> None:
    with services.store.transaction() as db:
        chats_table.join(db, chat_id, "en", NOW)
        draft = outbox_table.Draft(
            f"digest:{chat_id}:x", recipient_of(chat_id), "digest", "hi", NOW, NOW + timedelta(hours=12)
        )
        outbox_table.enqueue(db, draft, NOW - timedelta(minutes=1))


def notes(services: Services) -> list[str]:
    with services.store.reading() as db:
        return [row["text"] for row in db.rows("SELECT text FROM outbox WHERE kind = 'admin' ORDER BY id")]


def metrics(services: Services) -> dict[str, float]:
    answer = Visitor(create_app(services)).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_metrics_tell_how_delivery_stands(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    before = process_metrics.FAILED.values().get(("refused",), 0)
    owe(services, 7)
    asyncio.run(deliver(services, Refusing()))
    owe(services, 8)
    services = build_services(services.settings, clock=lambda: NOW + timedelta(seconds=90))
    found = metrics(services)
    assert found['bellwether_outbox_messages{state="pending"}'] == 1
    assert found['bellwether_outbox_messages{state="failed"}'] == 1
    assert found["bellwether_outbox_oldest_due_seconds"] == 90
    assert found['bellwether_sends_failed_total{reason="refused"}'] == before + 1
    assert found["bellwether_messages_expired_total"] >= 0
    assert found['bellwether_forecast_seconds_bucket{le="+Inf"}'] == found["bellwether_forecast_seconds_count"]


def test_every_forecast_is_timed(services: Services) -> None:
    from bellwether.ask import forecasts

    before = process_metrics.FORECAST.read()[0][-1][1]
    forecasts.answer(services, "AAPL", 10)
    assert process_metrics.FORECAST.read()[0][-1][1] == before + 1


def test_metrics_answer_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "bellwether_messages_expired_total" in metrics(services_in(tmp_path / "file"))


def test_the_heartbeat_asks_for_its_address_after_a_tick(tmp_path: Path) -> None:
    asked: list[str] = []

    async def hear(request: Request) -> Response:
        asked.append(request.path)
        return Response(200, b"OK")

    async def tick_once(services: Services) -> None:
        timetable = Timetable(services)
        await timetable._run(timetable._tick)
        await asyncio.gather(*timetable._hearts)

    with HttpServer(hear) as server:
        asyncio.run(tick_once(services_in(tmp_path, alerts={"heartbeat_url": f"{server.url}/ping/1"})))
        asyncio.run(tick_once(services_in(tmp_path)))
    assert asked == ["/ping/1"]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/SECRET", "http://[bad/SECRET"], ids=["nobody there", "garbled"]
)
def test_a_heartbeat_that_fails_is_only_logged(address: str, caplog: pytest.LogCaptureFixture) -> None:
    heartbeat(address)
    assert "The heartbeat did not arrive" in caplog.text
    assert "SECRET" not in caplog.text


def test_a_heartbeat_address_must_be_one() -> None:
    with pytest.raises(ConfigError, match="heartbeat_url"):
        load_settings(alerts={"heartbeat_url": "ping"})


def test_a_dead_letter_is_told_to_the_administrator_once_a_day(tmp_path: Path) -> None:
    services = services_in(tmp_path, telegram={"admin_chat": ADMIN})
    owe(services, 7)
    owe(services, 8)
    asyncio.run(deliver(services, Refusing()))
    assert notes(services) == [admin_notes.AdminTopic.DEAD_LETTER.value]


def test_without_an_administrator_nobody_is_told(tmp_path: Path) -> None:
    services = services_in(tmp_path)
    owe(services)
    asyncio.run(deliver(services, Refusing()))
    assert notes(services) == []


def test_a_tick_tells_what_needs_a_person(tmp_path: Path) -> None:
    services = services_in(tmp_path, telegram={"admin_chat": ADMIN})
    timetable = Timetable(services)
    for _ in range(2):
        timetable._tell_admin(Tick({DigestReason.DUE_WITHOUT_PRICES: 3}, 0, 3))
    assert notes(services) == [admin_notes.AdminTopic.NO_MODEL.value, admin_notes.AdminTopic.NO_PRICES.value]


def test_dead_letters_can_be_looked_at_sent_again_or_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = services_in(tmp_path)
    for chat_id in (7, 8):
        owe(services, chat_id)
    asyncio.run(deliver(services, Refusing()))
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "t.sqlite3"))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["outbox", *arguments])
        return result.exit_code, result.output

    (messages,) = [check for check in examine(services) if check.name == "Messages"]
    assert not messages.ok
    assert "python -m bellwether outbox list" in messages.advice
    code, listed = run("list")
    assert code == 0
    assert "digest:7:x" in listed
    assert "message is strange" in listed
    assert run("retry", "1") == (0, "1: will be sent again.\n")
    assert run("drop", "2") == (0, "2: dropped.\n")
    code, told = run("drop", "2", "77")
    assert code == 1
    assert "No dead letter has the number 2 or 77" in told
    assert "No message is waiting for a decision." in run("list")[1]
    with services.store.reading() as db:
        found = db.rows("SELECT state, expires_at > :old AS longer FROM outbox ORDER BY id", {"old": NOW.isoformat()})
    assert [row["state"] for row in found] == ["pending", "expired"]
