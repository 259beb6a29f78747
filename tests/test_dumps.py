"""Backups of PostgreSQL: dumps of one moment with their proof beside them, put back into an empty database alone."""

import json
import os
import stat
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bellwether.cli.main import main
from bellwether.db import postgres_dump
from bellwether.db.postgres_store import PostgresStore
from bellwether.delivery import chats_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.verify import verify
from tests.support import postgres
from tests.support.account import made_up
from tests.support.moving import NOW, grow, rows_of


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> postgres.Server:
    """A running server, with the programs of its version on the PATH."""
    try:
        server = postgres.server()
    except postgres.NoServer as problem:
        pytest.skip(str(problem))
    if not (server.programs / "pg_dump").exists():
        pytest.skip("the server of the tests has come without pg_dump")
    monkeypatch.setenv("PATH", f"{server.programs}{os.pathsep}{os.environ['PATH']}")
    return server


@pytest.fixture
def store(server: postgres.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PostgresStore]:
    """The database of the command line, which has everything."""
    name = server.new()
    use(server, name, monkeypatch, tmp_path)
    store = PostgresStore(server.url(name), tmp_path / "host")
    yield store
    store.close()
    server.drop(name)


@pytest.fixture
def empty(server: postgres.Server, tmp_path: Path) -> Iterator[str]:
    """The name of a database without tables."""
    name = server.new()
    yield name
    server.drop(name)


def use(server: postgres.Server, name: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the command line use a database."""
    monkeypatch.setenv("BELLWETHER_DATABASE__URL", server.url(name).replace("bellwether@", "bellwether:hunter2@"))
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(folder / "host" / "bellwether.sqlite3"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_dump_is_put_back_into_an_empty_database_with_its_proof(
    store: PostgresStore, server: postgres.Server, empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    grow(store)
    dump = tmp_path / "kept" / "one.dump"
    done = run("backup", dump)
    assert done.exit_code == 0, done.output
    assert str(verify(store).ledger) in done.output
    assert sorted(file.name for file in dump.parent.iterdir()) == ["one.dump", "one.dump.proof.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in dump.parent.iterdir()} == {0o600}
    proof = json.loads((tmp_path / "kept" / "one.dump.proof.json").read_text(encoding="utf-8"))
    assert proof["rows"]["ledger"] == 300
    assert proof["ends"]["ledger"] == str(verify(store).ledger)

    use(server, empty, monkeypatch, tmp_path / "other")
    done = run("restore", dump)
    assert done.exit_code == 0, done.output
    assert "FAIL" not in done.output
    assert "that its proof names" in done.output
    restored = PostgresStore(server.url(empty), tmp_path / "other" / "host")
    assert rows_of(restored) == rows_of(store)
    assert verify(restored).problems == ()
    restored.close()


def test_a_dump_taken_while_others_write_is_of_the_moment_of_its_proof(
    store: PostgresStore, server: postgres.Server, empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record(store, [made_up(number) for number in range(50)])
    stop = threading.Event()

    def write() -> None:
        number = 1000
        while not stop.is_set():
            record(store, [made_up(number)])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert run("backup", tmp_path / "one.dump").exit_code == 0
    finally:
        stop.set()
        writer.join()
    use(server, empty, monkeypatch, tmp_path / "other")
    done = run("restore", tmp_path / "one.dump")
    assert done.exit_code == 0, done.output
    assert "that its proof names" in done.output


def test_what_is_issued_after_the_dump_is_told_as_missing(
    store: PostgresStore, server: postgres.Server, empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record(store, [made_up(1)])
    assert run("backup", tmp_path / "one.dump").exit_code == 0
    record(store, [made_up(2), made_up(3)])
    monkeypatch.setattr(PostgresStore, "beside", lambda self, name: tmp_path / name)  # a host that had the old one
    record(store, [made_up(4)])
    use(server, empty, monkeypatch, tmp_path)
    assert "3 forecasts that were issued after it are not in it" in run("restore", tmp_path / "one.dump").output


def test_nothing_is_put_back_over_tables(store: PostgresStore, tmp_path: Path) -> None:
    with store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
    assert run("backup", tmp_path / "one.dump").exit_code == 0
    done = run("restore", "--force", tmp_path / "one.dump")
    assert done.exit_code == 1
    assert "into an empty database" in done.output
    assert "not databases" in done.output


@pytest.mark.parametrize("harm", ["damaged", "another's proof", "no dump", "of SQLite", "newer", "torn proof"])
def test_a_dump_that_is_not_what_its_proof_says_is_refused_before_anything_is_done(
    store: PostgresStore,
    server: postgres.Server,
    empty: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    harm: str,
) -> None:
    record(store, [made_up(1)])
    dump, proof = tmp_path / "one.dump", tmp_path / "one.dump.proof.json"
    assert run("backup", dump).exit_code == 0
    words = "is not the dump"
    if harm == "damaged":
        dump.write_bytes(dump.read_bytes()[:-10])
    elif harm == "another's proof":
        proof.write_text(proof.read_text().replace('"sha256": "', '"sha256": "0'))
    elif harm == "no dump":
        dump.write_bytes(b"-- PostgreSQL database dump")
        words = "no dump of PostgreSQL in the custom format"
    elif harm == "of SQLite":
        dump.write_bytes(b"SQLite format 3\0")
        words = "import-sqlite"
    elif harm == "newer":
        proof.write_text(proof.read_text().replace('"migrations": [', '"migrations": ["of_tomorrow",'))
        words = "newer"
    else:
        proof.write_text("{")
        words = "cannot be read"
    use(server, empty, monkeypatch, tmp_path / "other")
    done = run("restore", dump)
    assert done.exit_code == 1
    assert words in done.output
    with PostgresStore(server.url(empty), tmp_path).apart() as conn:
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_dump_without_its_proof_is_put_back_and_that_is_told(
    store: PostgresStore, server: postgres.Server, empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record(store, [made_up(1)])
    assert run("backup", tmp_path / "one.dump").exit_code == 0
    (tmp_path / "one.dump.proof.json").unlink()
    use(server, empty, monkeypatch, tmp_path / "other")
    done = run("restore", tmp_path / "one.dump")
    assert done.exit_code == 0, done.output
    assert "cannot be told" in done.output
    assert "ok   The ledger proves itself." in done.output


def test_another_file_is_not_replaced_by_a_dump_but_an_older_one_is(store: PostgresStore, tmp_path: Path) -> None:
    record(store, [made_up(1)])
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear")
    assert "no dump" in run("backup", letter).output
    assert letter.read_text() == "Dear"
    for _ in range(2):
        assert run("backup", tmp_path / "one.dump").exit_code == 0


def test_a_database_without_tables_is_no_backup(store: PostgresStore, tmp_path: Path) -> None:
    assert "nothing to back up" in run("backup", tmp_path / "one.dump").output


def test_the_password_is_on_no_command_line_and_in_no_message(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record(store, [made_up(1)])
    script(tmp_path / "pg_dump", 'printf "%s\\n" "$@" > "$0.seen"; echo "no: $PGPASSWORD" >&2; exit 1')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    done = run("backup", tmp_path / "one.dump")
    assert done.exit_code == 1
    assert "no: ***" in done.output
    assert "hunter2" not in done.output
    seen = (tmp_path / "pg_dump.seen").read_text()
    assert "--dbname=dbname=" in seen
    assert "hunter2" not in seen
    assert list(tmp_path.glob("*.dump*")) == []


@pytest.mark.parametrize("name", ["sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"])
def test_a_secret_that_could_only_stand_on_a_command_line_is_refused(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    record(store, [made_up(1)])
    secret = b64encode(b"hunter2 and what a key of SCRAM is").decode()[:43]  # libpq asks for the length of one
    address = os.environ["BELLWETHER_DATABASE__URL"]
    monkeypatch.setenv("BELLWETHER_DATABASE__URL", f"{address}&{name}={secret}%3D")
    done = run("backup", tmp_path / "one.dump")
    assert done.exit_code == 1
    assert f"DATABASE__URL has {name}" in done.output
    assert secret not in done.output


def test_programs_that_are_missing_or_too_old_are_told(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record(store, [made_up(1)])
    script(tmp_path / "pg_dump", "exit 1", version="9.6.24")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "older than the server's PostgreSQL" in run("backup", tmp_path / "one.dump").output
    (tmp_path / "pg_dump").unlink()
    assert "pg_dump is not on the PATH" in run("backup", tmp_path / "one.dump").output


def test_programs_that_are_too_new_for_the_server_are_told(
    store: PostgresStore, server: postgres.Server, empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record(store, [made_up(1)])
    assert run("backup", tmp_path / "one.dump").exit_code == 0
    said = 'pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "to_come"'
    script(tmp_path / "pg_restore", f"echo '{said}' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    use(server, empty, monkeypatch, tmp_path / "other")
    assert "newer than the server" in run("restore", tmp_path / "one.dump").output


@pytest.mark.parametrize(
    "told", ["pg_dump (PostgreSQL) 99.3", "pg_dump (PostgreSQL) 99.3 (Debian 99.3-1)", "pg_dump (PostgreSQL) 99beta1"]
)
def test_every_way_of_telling_a_version_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str) -> None:
    script(tmp_path / "pg_dump", "exit 1", version=told.removeprefix("pg_dump (PostgreSQL) "))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert postgres_dump.program("pg_dump", 990_000) == str(tmp_path / "pg_dump")


def script(file: Path, does: str, version: str = "99.1") -> None:
    """A program in place of pg_dump."""
    asked = f'[ "$1" = --version ] && {{ echo "pg_dump (PostgreSQL) {version}"; exit 0; }}'
    file.write_text(f"#!/bin/sh\n{asked}\n{does}\n")
    file.chmod(0o755)
