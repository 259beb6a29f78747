"""Two real hosts on one PostgreSQL: one ends, the other goes on, and everybody is answered."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bellwether.db.postgres_store import PostgresStore
from bellwether.hosts import leases_table
from tests.support import postgres
from tests.support.bot_api_server.server import TelegramServer
from tests.support.hosts import Questions, ServingHost, settings_of, twice_without_reason
from tests.support.ports import free_port
from tests.support.waiting import wait_until

LAPSE = 3.0  #: seconds, in place of the half a minute that nobody would wait for here


@pytest.fixture
def database() -> Iterator[str]:
    """The address, by TCP, of a new database."""
    try:
        server = postgres.Server(free_port())
    except postgres.NoServer as problem:
        pytest.skip(str(problem))
    yield server.url(server.new())
    server.remove()


def test_whichever_host_is_killed_or_stopped_the_other_goes_on_and_everybody_is_answered(
    database: str, tmp_path: Path
) -> None:
    store = PostgresStore(database, tmp_path)
    with TelegramServer(flood_limits=True) as telegram:
        settings, hosts = settings_of(telegram, database), []
        try:
            hosts.append(ServingHost(tmp_path / "one", settings, "bot,jobs", LAPSE))
            hosts[0].wait_for("connected as")
            hosts.append(ServingHost(tmp_path / "two", settings, "bot,jobs", LAPSE))
            for lease in ("talks to Telegram", "runs the timetable"):
                hosts[1].wait_for(lease)
            questions = Questions(telegram)
            with questions.being_asked():
                telegram.wait_for(lambda _: len(questions.answered()) > 10)
                killed_at = time.time()
                hosts[0].kill()
                hosts[1].wait_for("connected as")
                taken_over_at = time.time()
                before = len(questions.answered())
                telegram.wait_for(lambda _: len(questions.answered()) > before + 10)
            answers = questions.wait_for_answers()
            assert not twice_without_reason(answers, killed_at, taken_over_at), "only what was in flight"
            hosts.append(ServingHost(tmp_path / "one", settings, "bot,jobs", LAPSE))
            hosts[2].wait_for("talks to Telegram", times=1)
            holds(store, "timetable", hosts[1])

            with questions.being_asked():
                asked = len(questions.asked)
                telegram.wait_for(lambda _: len(questions.asked) > asked + 10)
                stopped_at = time.time()
                hosts[1].stop()
                hosts[2].wait_for("connected as", times=2)  # the second is its own; the first is in the same log
                taken_over_at = time.time()
                before = len(questions.answered())
                telegram.wait_for(lambda _: len(questions.answered()) > before + 10)
            assert hosts[1].end() == 0
            later = {word: times for word, times in questions.wait_for_answers().items() if word not in answers}
            assert not twice_without_reason(later, stopped_at, taken_over_at), "only what was in flight"
            holds(store, "timetable", hosts[2])
        finally:
            for host in hosts:
                host.remove()
            store.close()
        assert telegram.violations == []
        assert telegram.flood_hits == 0


def holds(store: PostgresStore, lease: str, host: ServingHost) -> None:
    """It becomes the host that holds a lease."""

    def holder() -> bool:
        with store.reading() as db:
            held = leases_table.seen(db, lease)
        return held is not None and held.holder.startswith(f"process {host.number} ")

    wait_until(holder, threading.Condition(), 20, lambda: lease)
