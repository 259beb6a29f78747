"""What the commands about a database, and the doctor, say where it is of PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bellwether.cli.main import main
from bellwether.core.types import Check
from bellwether.db import postgres_versions
from bellwether.db.postgres_store import PostgresStore
from bellwether.jobs import doctor_database
from bellwether.jobs.doctor import examine_database
from bellwether.services import Services
from tests.support import postgres
from tests.support.moving import NOW


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PostgresStore]:
    """A new database, without tables yet, which the command line uses."""
    try:
        server = postgres.server()
    except postgres.NoServer as problem:
        pytest.skip(str(problem))
    name = server.new()
    monkeypatch.setenv("BELLWETHER_DATABASE__URL", server.url(name))
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "host" / "bellwether.sqlite3"))
    monkeypatch.setenv("PATH", str(server.programs))
    store = PostgresStore(server.url(name), tmp_path / "host")
    yield store
    store.close()
    server.drop(name)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def checks(store: PostgresStore, services: Services) -> dict[str, Check]:
    both = [*examine_database(store, NOW), *doctor_database.encryption(services.settings, store, opened=True)]
    return {check.name: check for check in both}


@pytest.mark.parametrize("command", ["encrypt", "decrypt", "rekey"])
def test_the_key_of_a_file_is_nothing_to_a_server(store: PostgresStore, command: str) -> None:
    done = run("database", command)
    assert done.exit_code == 1
    assert "Whoever runs the server encrypts what PostgreSQL keeps" in done.output


def test_an_upgrade_is_told_and_makes_a_dump_where_one_is_asked_for(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = run("database", "upgrade")
    assert done.exit_code == 1
    assert "no tables of Bellwether" in done.output
    with store.reading():
        pass
    assert "needs no upgrade" in run("database", "upgrade").output
    with store.apart() as conn:
        conn.execute("CREATE TABLE marks_of_tomorrow (at TEXT)")
    monkeypatch.setattr(postgres_versions, "ON_BOTH", {"days_that_come": lambda: ["DROP TABLE marks_of_tomorrow"]})
    monkeypatch.setattr("bellwether.db.versions._KNOWN", frozenset({*known(store), "days_that_come"}))
    done = run("database", "upgrade", "--backup", str(tmp_path / "before.dump"))
    assert done.exit_code == 0, done.output
    assert "was of Bellwether" in done.output
    assert (tmp_path / "before.dump.proof.json").exists()
    with store.reading() as db:
        assert "marks_of_tomorrow" not in db.columns()


def known(store: PostgresStore) -> frozenset[str]:
    with store.apart() as conn:
        return postgres_versions.state_of(conn).names


def test_the_doctor_knows_what_is_the_servers(
    store: PostgresStore, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = checks(store, services)
    assert told["Database"].ok
    assert store.name in told["Database"].detail
    assert "does not leave this machine" in told["Encryption"].detail
    assert "by pg_dump" in told["Backup"].detail
    monkeypatch.setenv("PATH", "")
    assert "pg_dump is not on the PATH" in checks(store, services)["Backup"].advice


def test_the_doctor_names_a_move_that_did_not_end(store: PostgresStore, services: Services) -> None:
    with store.reading():
        pass
    left = store.beside("import.sqlite3")
    left.touch()
    assert str(left) in checks(store, services)["Working copy"].detail
    with store.apart() as conn:
        conn.execute(
            "CREATE TABLE bellwether_import (source TEXT, began_at TEXT, token TEXT, version TEXT, state TEXT)"
        )
        conn.execute("INSERT INTO bellwether_import VALUES ('/a/b.sqlite3', '', '', '', '')")
    store.close()
    (check,) = examine_database(store, NOW)
    assert not check.ok
    assert "only a part of /a/b.sqlite3" in check.detail


def test_a_way_through_a_network_in_the_clear_is_told(
    store: PostgresStore, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from psycopg import ConnectionInfo

    monkeypatch.setattr(ConnectionInfo, "host", property(lambda info: "db.example"))
    assert "sslmode=verify-full" in checks(store, services)["Encryption"].advice
