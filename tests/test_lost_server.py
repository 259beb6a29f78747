"""The service while its PostgreSQL is away, refuses it or hangs: forecasts go on, say what they lack, and recover."""

import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.core.errors import StoreError
from bellwether.db import postgres_patience
from bellwether.db.postgres_store import PostgresStore
from bellwether.forecasting.kept_widths import KeptWidths
from bellwether.track_record.ledger import ledger_table
from bellwether.track_record.ledger.issue import UNRECORDED
from tests.support import postgres
from tests.support.account import live_services
from tests.support.hosts import ServingHost
from tests.support.ports import free_port
from tests.support.waiting import wait_until

SESSION = date(2021, 6, 30)


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server of these tests' own, for it is stopped and frozen."""
    try:
        server = postgres.Server(free_port())
    except postgres.NoServer as problem:
        pytest.skip(str(problem))
    yield server
    server.remove()


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code


def comes_to(url: str, code: int) -> None:
    wait_until(lambda: status(url) == code, threading.Condition(), 30, lambda: f"{url} does not come to {code}")


def test_a_service_starts_without_its_server_forecasts_and_comes_to_itself_once_that_is_there(
    server: postgres.Server, tmp_path: Path
) -> None:
    url = server.url(server.new())
    server.stop()
    host = ServingHost(tmp_path, {"DATABASE__URL": url}, "web,jobs")
    try:
        host.wait_for("Page and API")
        assert "Until that is mended forecasts are answered, but not entered or kept." in host.said
        page = host.said.partition("Page and API: ")[2].split()[0]
        asked, ready = f"{page}/api/v1/forecasts/AAPL?horizon=5", f"{page}/readyz"
        assert (status(ready), status(asked)) == (503, 200)
        server.start()
        comes_to(ready, 200)
        server.stop()
        assert (status(ready), status(asked)) == (503, 200)
        server.start()
        comes_to(ready, 200)
        host.stop()
        comes_to(ready, 503)  # the load balancer is told, and people are still answered
        assert status(asked) == 200
        assert host.end() == 0
        assert "Traceback" not in host.said
    finally:
        host.remove()


def test_a_forecast_says_that_it_could_not_be_entered_and_is_entered_once_the_server_is_back(
    server: postgres.Server, tmp_path: Path
) -> None:
    store = PostgresStore(server.url(server.new()), tmp_path)
    services = replace(live_services(tmp_path, SESSION), store=store, widths=KeptWidths(store))
    assert UNRECORDED not in forecasts.answer(services, "AAPL", 10).forecast.caveats
    server.stop()
    assert forecasts.answer(services, "MSFT", 10).forecast.caveats[-1] == UNRECORDED
    server.start()
    store.close()  # what was missed a moment ago is looked for anew
    assert UNRECORDED not in forecasts.answer(services, "MSFT", 10).forecast.caveats
    with store.reading() as db:
        assert ledger_table.CHAIN.head(db).rows == 2
    store.close()


def test_a_server_that_hangs_is_given_up_and_used_again_when_it_goes_on(
    server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_patience, "PATIENCE", 0.2)
    store = PostgresStore(f"{server.url(server.new())}?connect_timeout=2", tmp_path)
    with store.reading():
        pass
    processes = server.processes()
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(StoreError) as trouble, store.reading():
            pass
        assert "answer" in trouble.value.for_operator, "it does not"
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    store.close()
    with store.reading():
        pass
    store.close()


def test_a_busy_server_is_waited_for(server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_patience, "PATIENCE", 0.1)
    store = PostgresStore(server.url(server.new()), tmp_path)
    with store.transaction() as db:
        assert db.execute("SELECT 1 FROM pg_sleep(0.5)").fetchone() == (1,)
    store.close()


def test_a_busy_server_that_lets_nobody_else_in_is_waited_for(
    server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_patience, "PATIENCE", 0.1)
    name = server.new()
    store = PostgresStore(server.url(name), tmp_path)
    with store.transaction() as db:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")  # as when all connections are in use
        assert db.execute("SELECT 1 FROM pg_sleep(0.5)").fetchone() == (1,)
    store.close()


def test_a_user_without_rights_or_with_another_password_is_told_in_a_sentence_that_has_no_password(
    server: postgres.Server, tmp_path: Path
) -> None:
    server.execute("CREATE ROLE ann LOGIN PASSWORD 'hunter2'")
    server.execute("CREATE ROLE weak LOGIN")
    rules = server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"host all ann 127.0.0.1/32 scram-sha-256\n{before}")
    server.execute("SELECT pg_reload_conf()")
    name, told = server.new(), {}
    for user in ("ann:secret9", "ann", "weak"):
        store = PostgresStore(server.url(name).replace("bellwether@", f"{user}@"), tmp_path)
        with pytest.raises(StoreError) as trouble, store.reading():
            pass
        told[user] = trouble.value.for_operator
    rules.write_text(before)
    assert "refuses the password: check DATABASE__URL." in told["ann:secret9"]
    assert "secret9" not in told["ann:secret9"]
    assert "asks for a password: put it into DATABASE__URL." in told["ann"]
    assert "lacks a right for its user: let that user own the database." in told["weak"]
