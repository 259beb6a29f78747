"""Several hosts on one database of PostgreSQL: who holds which lease, and what each tells of itself."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bellwether.db.postgres_store import PostgresStore
from bellwether.hosts.lease import Lease
from tests.support import postgres

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
    assert first.take() is None
    for _ in range(2):
        assert second.take() is not None, "the lock in its own folder is free, and says nothing of the other"
    first.release()
    assert second.take() is None
    second.release()


def test_a_lease_taken_from_one_that_hangs_does_not_fall_with_it(host: Open) -> None:
    seconds = [0.0]
    hung, heir, third = (Lease(host("one"), lambda: NOW, "timetable", lambda: seconds[0]) for _ in range(3))
    assert hung.take() is None
    assert heir.take() is not None
    seconds[0] = 1000
    assert heir.take() is None, "its beats stayed away"
    hung._lock.release()  # its process ends
    assert third.take() is not None, "the lock was not the heir's, so that it is free says nothing of the heir"
    heir.release()
