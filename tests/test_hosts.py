"""Several hosts on one database of PostgreSQL: who holds which lease, and what each tells of itself."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.core.config import Settings, load_settings
from bellwether.db.postgres_store import PostgresStore
from bellwether.hosts import hosts_table, leases_table
from bellwether.hosts.differences import differences, marks_of
from bellwether.hosts.hosts_table import ServingProcess
from bellwether.hosts.lease import OURS, Lease, LeaseAnswer, LeaseOutcome
from bellwether.hosts.parts import EVERY, ServicePart, parts_of
from bellwether.hosts.presence import tell_of_this
from bellwether.hosts.process_name import ProcessName
from bellwether.jobs.doctor_hosts import examine_hosts
from bellwether.jobs.first_note import note_when_joining
from bellwether.services import build_services
from bellwether.track_record.ledger import checkpoint
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.verify import verify
from tests.support import postgres
from tests.support.account import made_up

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
Open = Callable[[str], PostgresStore]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Open]:
    """Opens the same new database for a host with a folder of its own."""
    try:
        server = postgres.server()
    except postgres.NoServer as problem:
        pytest.skip(str(problem))
    name, opened = server.new(), []

    def open_one(folder: str) -> PostgresStore:
        (tmp_path / folder).mkdir(exist_ok=True)
        opened.append(PostgresStore(server.url(name), tmp_path / folder))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()
    server.drop(name)


def test_a_host_with_a_folder_of_its_own_takes_the_lease_of_nobody_on_the_same_machine_who_lives(host: Open) -> None:
    first, second = (Lease(host(folder), lambda: NOW, "timetable") for folder in ("one", "two"))
    assert first.take() == OURS
    for _ in range(2):
        assert second.take() != OURS, "the lock in its own folder is free, and says nothing of the other"
    first.release()
    assert second.take() == OURS
    second.release()


def test_a_lease_taken_from_one_that_hangs_does_not_fall_with_it(host: Open) -> None:
    seconds = [0.0]
    hung, heir, third = (Lease(host("one"), lambda: NOW, "timetable", lambda: seconds[0]) for _ in range(3))
    assert hung.take() == OURS
    assert heir.take() != OURS
    seconds[0] = 1000
    assert heir.take() == OURS, "its beats stayed away"
    hung._lock.release()  # its process ends
    assert third.take() != OURS, "the lock was not the heir's, so that it is free says nothing of the heir"
    heir.release()


MODELS = {"prices": "daily-range-3 aa", "revenue": "revenue-2 bb"}


def serving(
    name: str, parts: str = "web,bot,jobs", settings: Settings | None = None, models: dict[str, str] = MODELS
) -> ServingProcess:
    """A process that told of itself just now."""
    marks = marks_of(settings or load_settings())
    return ServingProcess(ProcessName(f"process 1 on {name}, 0a"), parts_of(parts), "0.2.0", marks, models, NOW)


def test_hosts_that_are_alike_differ_in_nothing_that_is_their_own() -> None:
    one = load_settings(
        web={"port": 8000}, log={"level": "DEBUG"}, database={"connections": 5}, market=files_in("/one")
    )
    two = load_settings(web={"port": 8001}, models={"folder": "exported_models"}, market=files_in("/two"))
    assert differences([serving("a", settings=one), serving("b", settings=two)]) == []
    two = load_settings(market=files_in("/two") | {"earnings_file": ""})
    assert differences([serving("a", settings=one), serving("b", settings=two)]) == [
        "market.earnings_file of process 1 on b is not that of process 1 on a"
    ]


def files_in(folder: str) -> dict[str, str]:
    """Settings of a market whose files lie there."""
    files = {"file": "prices", "fundamentals_file": "reports.csv", "earnings_file": "days.csv"}
    return {name: f"{folder}/{file}" for name, file in files.items()}


def test_what_differs_between_hosts_is_named_with_those_that_differ_from_most_and_without_its_value() -> None:
    odd = serving(
        "c",
        settings=load_settings(market={"source": "yahoo"}, telegram={"token": "7:SECRET"}),
        models=MODELS | {"prices": "daily-range-3 cc"},
    )
    assert differences([serving("a"), serving("b"), odd]) == [
        "the model of prices of process 1 on c is not that of process 1 on a",
        "market.source of process 1 on c is not that of process 1 on a",
        "telegram.token of process 1 on c is not that of process 1 on a",
    ]
    assert "SECRET" not in str(odd.settings)


def test_a_host_without_the_bot_need_not_know_its_token() -> None:
    bot = serving("a", "bot,jobs", load_settings(telegram={"token": "7:SECRET"}))
    assert differences([bot, serving("b", "web")]) == []


def test_doctor_names_what_differs_between_hosts_and_what_nobody_does(host: Open) -> None:
    store, settings = host("one"), load_settings()
    assert examine_hosts(store, settings, NOW) == [], "nobody serves"
    with store.transaction() as db:
        hosts_table.tell(db, serving("a", "web"))
        hosts_table.tell(db, serving("b", "web", models=MODELS | {"revenue": "none"}))
    (check,) = examine_hosts(store, settings, NOW)
    assert not check.ok
    assert check.detail == (
        "process 1 on a (web), process 1 on b (web). The model of revenue of process 1 on b is not that of "
        "process 1 on a; nobody runs jobs."
    )


def test_a_host_that_is_dead_is_named_for_a_while_and_then_forgotten(host: Open) -> None:
    store, settings = host("one"), load_settings()
    with store.transaction() as db:
        hosts_table.tell(db, serving("a"))
    later = NOW + timedelta(minutes=2)
    (check,) = examine_hosts(store, settings, later)
    assert "nothing has been heard for a minute of process 1 on a" in check.detail
    alive = serving("b")
    with store.transaction() as db:
        hosts_table.tell(db, ServingProcess(alive.name, EVERY, "0.2.0", {}, MODELS, NOW + hosts_table.FORGOTTEN * 2))
        assert [process.name.short for process in hosts_table.serving(db)] == ["process 1 on b"]


def test_a_process_tells_of_itself_while_it_serves(host: Open) -> None:
    store = host("one")
    (process,) = told_by_itself(store)
    assert process.parts == frozenset(ServicePart)
    assert process.models == MODELS
    with store.reading() as db:
        assert hosts_table.serving(db) == [], "it has said good-bye"


def told_by_itself(store: PostgresStore) -> list[ServingProcess]:
    """What a process tells of itself, as soon as it does."""

    async def serve() -> list[ServingProcess]:
        telling = asyncio.create_task(tell_of_this(store, lambda: NOW, load_settings(), EVERY, MODELS))
        try:
            for _ in range(200):
                await asyncio.sleep(0.05)
                with store.reading() as db:
                    if told := hosts_table.serving(db):
                        return told
            return []
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    return asyncio.run(serve())


def test_a_process_that_could_not_tell_of_itself_tries_again(
    host: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tell = hosts_table.tell
    tries = iter([lambda *told: 1 // 0])
    monkeypatch.setattr("bellwether.hosts.presence.BEAT", 0.01)
    monkeypatch.setattr(hosts_table, "tell", lambda *told: next(tries, tell)(*told))
    assert told_by_itself(host("one"))
    assert "could not be told" in caplog.text


def test_a_lease_that_beats_while_another_decides_to_take_it_stays_with_its_holder(host: Open) -> None:
    holder, other = (Lease(host(folder), lambda: NOW, "timetable") for folder in ("one", "two"))
    assert holder.take() == OURS
    other._has_ended = lambda held: holder.beat()  # type: ignore[method-assign]
    held = other.take().other
    assert held is not None
    assert held.holder == holder.holder
    assert holder.beat()
    holder.release()


def test_a_host_that_joins_others_has_a_note_of_the_ledger_before_it_proves_what_they_entered(
    host: Open, tmp_path: Path
) -> None:
    record(host("one"), [made_up(number) for number in range(3)])
    settings = load_settings(database={"url": "postgresql://nobody@127.0.0.1:1/none"}, models={"folder": tmp_path})
    services = replace(build_services(settings, clock=lambda: NOW), store=host("two"))
    asyncio.run(note_when_joining(services))
    assert verify(services.store).problems == ()
    note = checkpoint.path_of(services.store)
    note.write_text("{}")
    asyncio.run(note_when_joining(services))
    assert note.read_text() == "{}", "what is there is what it knew"


def test_a_note_that_was_taken_away_from_a_file_is_missed_at_the_next_start_too(tmp_path: Path) -> None:
    settings = load_settings(database={"path": tmp_path / "t.sqlite3"}, models={"folder": tmp_path})
    services = build_services(settings, clock=lambda: NOW)
    record(services.store, [made_up(1)])
    checkpoint.path_of(services.store).unlink()
    asyncio.run(note_when_joining(services))
    assert "is missing" in str(verify(services.store).problems)


def test_a_lease_that_ends_while_another_decides_is_not_taken_for_the_others(
    host: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease(host("one"), lambda: NOW, "timetable")
    monkeypatch.setattr(leases_table, "take", lambda *about: False)
    assert lease.take() == LeaseAnswer(LeaseOutcome.ANOTHERS)
