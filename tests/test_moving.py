"""From a file of SQLite to PostgreSQL and back: nothing is lost, nothing is added, and what is killed goes on."""

import multiprocessing
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bellwether.cli.main import main
from bellwether.core.config import Database
from bellwether.core.errors import ConfigError, StoreError
from bellwether.db import sqlite_snapshot
from bellwether.db.opening import open_store
from bellwether.db.postgres_store import PostgresStore
from bellwether.db.sqlite_store import SqliteStore
from bellwether.db.unfinished_import import Begun, why_anew
from bellwether.delivery import chats_table, feedback_table, outbox_admin_table
from bellwether.delivery.sender_lease import SenderLease
from bellwether.hosts import hosts_table
from bellwether.hosts.hosts_table import ServingProcess
from bellwether.hosts.lease import OURS
from bellwether.hosts.parts import ServicePart
from bellwether.hosts.process_name import ProcessName
from bellwether.track_record.ledger import checkpoint
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.verify import verify
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from bellwether.track_record.to_json import record_json
from tests.support import postgres
from tests.support.account import made_up
from tests.support.data import DATA
from tests.support.killed_import import import_and_die
from tests.support.moving import NOW, grow, grown_file, rows_of
from tests.support.old_database.comparing import same
from tests.support.old_database.parts import KEY, unpack

OLD = DATA / "old_database"


@pytest.fixture
def server() -> postgres.Server:
    """A running server; without one there is nothing to move to."""
    try:
        return postgres.server()
    except postgres.NoServer as problem:
        pytest.skip(str(problem))


@pytest.fixture
def address(server: postgres.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The address of a new database, which the command line uses."""
    name = server.new()
    monkeypatch.setenv("BELLWETHER_DATABASE__URL", server.url(name))
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "host" / "bellwether.sqlite3"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def target(address: str, tmp_path: Path) -> Iterator[PostgresStore]:
    """That database."""
    store = PostgresStore(address, tmp_path / "host")
    yield store
    store.close()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def moved(*arguments: str | Path) -> str:
    done = run("database", *arguments)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*arguments: str | Path) -> str:
    done = run("database", *arguments)
    assert done.exit_code == 1, done.output
    assert "Traceback" not in done.output
    return done.output


@pytest.mark.parametrize("form", ["plain", "encrypted"])
def test_everything_is_the_same_there_and_after_the_way_back(
    target: PostgresStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    key = KEY if form == "encrypted" else ""
    file = unpack(OLD / "encrypted.zip" if key else OLD / "newest" / "plain.zip", tmp_path / "old")
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", key)
    if not key:
        grow(SqliteStore(file))
    before = file.read_bytes()
    told = moved("import-sqlite", file)
    assert file.read_bytes() == before, "the file is as it was, of whatever version"
    reference = tmp_path / "reference.sqlite3"
    shutil.copyfile(file, reference)
    shutil.copyfile(file.with_name(f"{file.name}.ledger-head"), tmp_path / "reference.sqlite3.ledger-head")
    source = SqliteStore(reference, key)
    assert rows_of(target) == rows_of(source)
    assert verify(target) == verify(source)
    assert verify(target).problems == ()
    assert str(verify(target).ledger) in told
    shown, shown_there = (record_json(live_record(store, RecordFilter())) for store in (source, target))
    assert same(shown_there, shown) == shown, "but for the last digits: each adds in an order of its own"
    with target.reading() as there, source.reading() as here:
        assert outbox_admin_table.counts(there) == outbox_admin_table.counts(here)
    assert [left.name for left in (tmp_path / "host").iterdir()] == [checkpoint.path_of(target).name]
    assert ("character NUL" in told) == (not key)

    back = tmp_path / "back.sqlite3"
    assert ("encrypted" in moved("export-sqlite", back)) == bool(key)
    returned = SqliteStore(back, key)
    assert rows_of(returned) == rows_of(source)
    assert verify(returned) == verify(source)


def test_numbers_go_on_after_the_highest(target: PostgresStore, tmp_path: Path) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    moved("import-sqlite", file)
    with target.transaction() as db:
        feedback_table.add(db, 7, "later", NOW)
        assert [said.id for said in feedback_table.newest(db, 9)] == [3, 2, 1]
    record(target, [made_up(1000)])
    assert verify(target).problems == ()
    moved("export-sqlite", tmp_path / "b.sqlite3")
    back = SqliteStore(tmp_path / "b.sqlite3")
    record(back, [made_up(1001)])
    with back.transaction() as db:
        feedback_table.add(db, 7, "later still", NOW)
        assert [said.id for said in feedback_table.newest(db, 9)] == [4, 3, 2, 1]
    assert verify(back).problems == ()
    assert verify(back).ledger.rows == 302


def killed_after(portions: int, address: str, file: Path, folder: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=import_and_die, args=(address, file, folder, portions)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -9


def test_a_copy_that_was_killed_goes_on_where_it_stopped_and_no_service_uses_it_meanwhile(
    target: PostgresStore, address: str, tmp_path: Path
) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    killed_after(9, address, file, tmp_path / "host")
    service = open_store(Database(path=tmp_path / "host" / "x", url=address))  # type: ignore[arg-type]
    with pytest.raises(StoreError) as trouble, service.reading():
        pass
    assert "import-sqlite" in trouble.value.for_operator
    with pytest.raises(ConfigError, match="only a part"):
        service.check()
    told = moved("import-sqlite", file)
    assert "goes on where it stopped" in told
    assert rows_of(target) == rows_of(SqliteStore(file))
    assert verify(target).problems == ()


def test_a_copy_that_was_killed_begins_anew_when_the_file_was_written_to(
    target: PostgresStore, address: str, tmp_path: Path
) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    killed_after(9, address, file, tmp_path / "host")
    store = SqliteStore(file)
    record(store, [made_up(1000)])
    store.close()
    told = moved("import-sqlite", file)
    assert "begun anew" in told
    assert "was written to since" in told
    assert rows_of(target) == rows_of(store)
    assert verify(target).ledger.rows == 301


HALF = Begun("/a/b.sqlite3", "2026-11-23", "token", "0.2.0", "4096 12")


@pytest.mark.parametrize(
    ("change", "in_use", "why"),
    [
        ({}, False, ""),
        ({"state": "4096 13"}, True, ""),
        ({"state": "4096 13"}, False, "written to"),
        ({"source": "/c"}, True, "was a copy of /a/b.sqlite3"),
        ({"token": ""}, True, "working copy"),
        ({"version": "0.3.0"}, True, "0.2.0"),
    ],
)
def test_what_was_begun_goes_on_only_as_a_copy_of_the_same(change: dict[str, str], in_use: bool, why: str) -> None:
    told = why_anew(HALF, replace(HALF, **change), source_in_use=in_use)
    assert (why in told) if why else (told == "")


def test_a_file_that_somebody_wrote_to_while_it_was_read_is_never_gone_on_with() -> None:
    torn = replace(HALF, state="")
    assert "written to" in why_anew(torn, torn, source_in_use=False)


def test_a_copy_of_a_file_that_others_write_to_is_of_one_moment(target: PostgresStore, tmp_path: Path) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    store, stop = SqliteStore(file), threading.Event()

    def write() -> None:
        number = 1000
        while not stop.is_set():
            record(store, [made_up(number)])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        moved("import-sqlite", file)
    finally:
        stop.set()
        writer.join()
    assert verify(target).problems == ()
    assert 300 < verify(target).ledger.rows < verify(store).ledger.rows


def test_a_service_that_still_runs_is_told_and_the_copy_is_called_a_rehearsal(
    target: PostgresStore, tmp_path: Path
) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    lease = SenderLease(SqliteStore(file), lambda: datetime.now(UTC), "7:token")
    assert lease.take() == OURS
    told = moved("import-sqlite", file)
    assert f"A service runs on {file}" in told
    assert "rehearsal" in told
    with target.reading() as db:
        assert db.rows("SELECT * FROM leases") == [], "who starts here takes its own at once"
    lease.release()
    there = SenderLease(target, lambda: datetime.now(UTC), "7:token")
    assert there.take() == OURS
    assert "rehearsal" in moved("export-sqlite", tmp_path / "b.sqlite3")
    there.release()


def test_a_service_without_a_lease_is_told_too(target: PostgresStore, tmp_path: Path) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    store = SqliteStore(file)
    web = ServingProcess(
        ProcessName("process 7 on web-2, ab"), frozenset({ServicePart.WEB}), "0.2.0", {}, {}, datetime.now(UTC)
    )
    with store.transaction() as db:
        hosts_table.tell(db, web)
    store.close()
    assert "process 7 on web-2" in moved("import-sqlite", file)
    with target.reading() as db:
        assert hosts_table.serving(db) == []


def test_a_file_in_the_clear_is_copied_although_a_key_is_set(
    target: PostgresStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", KEY)
    file = grown_file(tmp_path / "a.sqlite3")
    told = moved("import-sqlite", file)
    assert told.endswith(f"So that none does: mv {file} {file}.moved\n")
    assert rows_of(target) == rows_of(SqliteStore(file))


def of_another_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", "f" * 64)
    shutil.copyfile(unpack(OLD / "encrypted.zip", file.parent / "old"), file)


def of_tomorrow(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown_file(file)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('bellwether', 'of_tomorrow')")


def of_somebody(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE songs (name TEXT)")


def with_a_word_for_a_number(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown_file(file)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE outbox SET attempts = 'many' WHERE id = 77")


def with_bytes_for_a_text(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown_file(file)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE feedback SET text = x'6162' WHERE id = 2")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file, monkeypatch: None, "no file"),
        (of_another_key, "key does not fit"),
        (of_tomorrow, "newer Bellwether"),
        (of_somebody, "no database of Bellwether"),
        (with_bytes_for_a_text, "feedback one of the rows 1 to 2 holds what its column cannot: text and bytes"),
        (with_a_word_for_a_number, "outbox one of the rows 1 to 250 holds what its column cannot"),
    ],
)
def test_a_file_that_cannot_be_copied_is_refused_in_a_sentence(
    target: PostgresStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path, pytest.MonkeyPatch], None],
    words: str,
) -> None:
    make(tmp_path / "a.sqlite3", monkeypatch)
    assert words in refused("import-sqlite", tmp_path / "a.sqlite3")


def test_a_database_with_rows_of_its_own_is_refused_and_left_as_it_was(target: PostgresStore, tmp_path: Path) -> None:
    with target.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
    told = refused("import-sqlite", grown_file(tmp_path / "a.sqlite3"))
    assert "has rows of its own (1 in chats)" in told
    assert "createdb" in told
    with target.reading() as db:
        assert chats_table.get(db, 7) is not None


def test_a_newer_database_is_refused_by_both_ways(target: PostgresStore, tmp_path: Path) -> None:
    with target.transaction() as db:
        db.execute("INSERT INTO bellwether_migrations (name) VALUES ('of_tomorrow')")
    assert "newer" in refused("import-sqlite", grown_file(tmp_path / "a.sqlite3"))
    assert "newer" in refused("export-sqlite", tmp_path / "b.sqlite3")


def test_of_two_that_copy_into_one_database_one_is_told(target: PostgresStore, tmp_path: Path) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    with target.apart() as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (0x62656C6C00000001,))
        assert "Another process is copying" in refused("import-sqlite", file)


def test_without_an_address_there_is_nowhere_to_copy_to(tmp_path: Path) -> None:
    assert "DATABASE__URL is not set" in refused("import-sqlite", grown_file(tmp_path / "a.sqlite3"))


def test_an_export_replaces_no_file(target: PostgresStore, tmp_path: Path) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    assert "exists" in refused("export-sqlite", file)


def test_a_ledger_that_does_not_prove_itself_is_copied_as_it_is_and_told(target: PostgresStore, tmp_path: Path) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("DROP TRIGGER ledger_no_update")
        db.execute("UPDATE ledger SET symbol = 'XXXX' WHERE seq = 200")
        db.execute(
            "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'never changed'); END"
        )
    told = moved("import-sqlite", file)
    assert "FAIL on both sides: Forecast 200" in told
    assert verify(target).problems != ()


def test_the_working_copy_knows_whether_the_file_was_quiet(tmp_path: Path) -> None:
    file = grown_file(tmp_path / "a.sqlite3")
    token, state = sqlite_snapshot.take(file, tmp_path / "w.sqlite3", "")
    assert state == sqlite_snapshot.state_of(file)
    assert sqlite_snapshot.token_of(tmp_path / "w.sqlite3", "") == token
