"""The service proves its ledger once a day, and says in the metrics and to the administrator what came of it."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.jobs.doctor import examine
from bellwether.jobs.prove_ledger import prove_ledger
from bellwether.services import Services, build_services
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.verify import VerificationStopped, verify
from tests.support.account import made_up
from tests.support.web import Visitor
from web.app import create_app

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """Forty forecasts, entered."""
    settings = load_settings(
        database={"path": tmp_path / "t.sqlite3"}, models={"folder": tmp_path}, telegram={"admin_chat": 99}
    )
    services = build_services(settings, clock=lambda: NOW)
    record(services.store, [made_up(number) for number in range(40)])
    return services


def metrics(services: Services) -> str:
    return str(Visitor(create_app(services)).get("/metrics").text)


def said_by_doctor(services: Services) -> tuple[bool, str]:
    (check,) = (check for check in examine(services) if check.name == "Ledger")
    return check.ok, check.detail


def at(services: Services, later: timedelta) -> Services:
    return replace(services, clock=lambda: NOW + later)


def test_it_is_proved_once_a_day(services: Services) -> None:
    assert "bellwether_ledger" not in metrics(services)
    proof = prove_ledger(services, lambda: False)
    assert proof is not None and (proof.ledger.rows, proof.problems) == (40, ())
    assert prove_ledger(at(services, timedelta(hours=23)), lambda: False) is None
    assert prove_ledger(at(services, timedelta(hours=24)), lambda: False) is not None
    told = metrics(services)
    assert "bellwether_ledger_whole 1.0" in told
    assert said_by_doctor(at(services, timedelta(hours=24))) == (
        True,
        "proved within the hour: every row is what was written",
    )
    proved = next(line for line in told.splitlines() if line.startswith("bellwether_ledger_proved_timestamp_seconds"))
    assert float(proved.split()[1]) == (NOW + timedelta(hours=24)).timestamp()


def test_a_proof_of_a_clock_that_was_ahead_counts_for_nothing(services: Services) -> None:
    assert prove_ledger(at(services, timedelta(days=365)), lambda: False) is not None
    assert said_by_doctor(services)[1].startswith("proved at a time that is yet to come")
    assert prove_ledger(services, lambda: False) is not None
    assert said_by_doctor(services)[1].startswith("proved within the hour")


@pytest.mark.sqlite
def test_a_row_that_was_edited_is_told_to_the_administrator_and_in_the_metrics(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    assert prove_ledger(services, lambda: False) is not None
    services.store.close()
    with closing(sqlite3.connect(services.store.path)) as db, db:
        db.execute("DROP TRIGGER ledger_no_update")
        db.execute("UPDATE ledger SET symbol = 'NVDA' WHERE seq = 20")
    db.close()
    assert prove_ledger(at(services, timedelta(days=1)), lambda: False) is not None
    assert "bellwether_ledger_whole 0.0" in metrics(services)
    assert "Forecast 20 is not what was written" in caplog.text
    assert said_by_doctor(at(services, timedelta(days=1))) == (
        False,
        "proved within the hour: a row is not what was written.",
    )
    with services.store.reading() as db:
        (note,) = db.rows("SELECT text FROM outbox WHERE kind = 'admin'")
    assert "ledger verify" in note["text"]


def test_a_stop_does_not_wait_for_the_proof_and_it_is_made_again(services: Services) -> None:
    record(services.store, [made_up(number, cutoff=date(2026, 11, 24)) for number in range(100, 1100)])
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) == 2

    with pytest.raises(VerificationStopped):
        verify(services.store, stopping=stopping)
    assert prove_ledger(services, lambda: True) is None
    assert "bellwether_ledger" not in metrics(services)
    assert prove_ledger(services, lambda: False) is not None
