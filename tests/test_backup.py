"""Backup and restore: whole copies of a running database, and never anything lost by putting one back."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bellwether.cli.main import main
from bellwether.db import encryption
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import chats_table
from bellwether.track_record.ledger import checkpoint, ledger_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.verify import verify
from tests.support.account import made_up

NOW = datetime(2026, 11, 23, 22, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The database of the command line, with ten forecasts and a chat."""
    path = tmp_path / "service" / "bellwether.sqlite3"
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(path))
    store = SqliteStore(path)
    record(store, [made_up(number) for number in range(10)])
    with store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
    return store


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def rows_of(path: Path) -> int:
    store = SqliteStore(path)
    with store.reading() as db:
        rows = ledger_table.CHAIN.head(db).rows
    store.close()
    return rows


def test_a_backup_of_a_running_database_is_whole(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "kept" / "one.sqlite3"
    done = run("backup", target)  # the store's connection stays open
    assert done.exit_code == 0, done.output
    with store.reading() as db:
        assert str(ledger_table.CHAIN.head(db)) in done.output
    assert [file.name for file in target.parent.iterdir()] == ["one.sqlite3"], "one file, nothing beside it"
    with closing(sqlite3.connect(target)) as db, db:
        assert db.execute("SELECT count(*) FROM ledger").fetchone() == (10,)
        assert db.execute("SELECT chat_id FROM chats").fetchall() == [(7,)]
    db.close()


def test_a_backup_taken_while_others_write_is_of_one_moment(store: Store, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 100
        while not stop.is_set():
            record(store, [made_up(number)])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            assert run("backup", tmp_path / f"{number}.sqlite3").exit_code == 0
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        copy = SqliteStore(tmp_path / f"{number}.sqlite3")
        found = verify(copy)
        assert [problem for problem in found.problems if "note" not in problem.lower()] == []
        assert found.ledger.rows >= 10
        copy.close()


def test_a_newer_backup_takes_the_place_of_an_older_one(store: Store, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "nightly").exit_code == 0
    record(store, [made_up(50)])
    assert run("backup", tmp_path / "nightly").exit_code == 0
    assert rows_of(tmp_path / "nightly") == 11


@pytest.mark.parametrize("what", ["folder", "another file", "another database", "itself", "nowhere"])
def test_a_backup_overwrites_nothing_else(store: Store, tmp_path: Path, what: str) -> None:
    target = tmp_path / "target"
    if what == "folder":
        target.mkdir()
    elif what == "another file":
        target.write_text("dear diary")
    elif what == "another database":
        with closing(sqlite3.connect(target)) as db, db:
            db.execute("CREATE TABLE letters (text)")
        db.close()
    elif what == "itself":
        target = store.path
    else:
        (tmp_path / "file").write_text("")
        target = tmp_path / "file" / "target"
    before = target.read_bytes() if target.is_file() else None
    refused = run("backup", target)
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ") and "Traceback" not in refused.output
    assert (target.read_bytes() if target.is_file() else None) == before


def test_without_a_database_there_is_nothing_to_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "none.sqlite3"))
    refused = run("backup", tmp_path / "copy")
    assert (refused.exit_code, "no database" in refused.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_lost_database_comes_back(store: Store, tmp_path: Path) -> None:
    run("backup", tmp_path / "copy")
    store.close()
    for file in store.path.parent.iterdir():
        file.unlink()
    done = run("restore", tmp_path / "copy")
    assert done.exit_code == 0, done.output
    assert "ok   The ledger proves itself." in done.output
    assert "cannot be told" in done.output, "the note was lost too"
    assert rows_of(store.path) == 10
    assert verify(store).problems == ()
    record(store, [made_up(60)])
    assert verify(store).problems == ()


def test_an_older_backup_says_what_is_not_in_it_and_keeps_what_it_replaces(store: Store, tmp_path: Path) -> None:
    run("backup", tmp_path / "copy")
    record(store, [made_up(70), made_up(71)])
    store.close()
    refused = run("restore", tmp_path / "copy")
    assert (refused.exit_code, "--force" in refused.output) == (1, True)
    assert rows_of(store.path) == 12
    done = run("restore", tmp_path / "copy", "--force")
    assert done.exit_code == 0, done.output
    assert "2 forecasts that were issued after it are not in it" in done.output
    assert rows_of(store.path) == 10
    assert verify(store).problems == ()
    (aside,) = (file for file in store.path.parent.iterdir() if file.name.endswith("Z"))
    kept = SqliteStore(aside)
    found = verify(kept)
    assert (found.ledger.rows, found.problems) == (12, ()), "with its own note beside it"
    kept.close()


def test_while_the_service_runs_nothing_is_put_back(store: Store, tmp_path: Path) -> None:
    run("backup", tmp_path / "copy")
    record(store, [made_up(80)])
    refused = run("restore", tmp_path / "copy", "--force")  # the store's connection is open
    assert (refused.exit_code, "stop the service first" in refused.output) == (1, True)
    record(store, [made_up(81)])
    assert verify(store).problems == ()
    assert verify(store).ledger.rows == 12
    assert not any(file.name.startswith(".") for file in store.path.parent.iterdir())


@pytest.mark.parametrize(
    "what", ["missing", "text", "cut short", "scribbled over", "broken index", "from the future", "itself"]
)
def test_what_is_no_whole_backup_is_not_put_back(store: Store, tmp_path: Path, what: str) -> None:
    copy = tmp_path / "copy"
    run("backup", copy)
    store.close()
    content = copy.read_bytes()
    if what == "missing":
        copy.unlink()
    elif what == "text":
        copy.write_text("dear diary")
    elif what == "cut short":
        copy.write_bytes(content[: len(content) // 2])
    elif what == "scribbled over":
        copy.write_bytes(content[:9000] + b"\x99" * 12000 + content[21000:])
    elif what == "broken index":  # every row can be read
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute(
                "UPDATE sqlite_master SET sql = replace(sql, '(\"forecast_id\")', '(\"symbol\")')"
                " WHERE name = 'idx_ledger_forecast_id'"
            )
            assert db.execute("SELECT changes()").fetchone() == (1,)
        db.close()
    elif what == "from the future":
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('bellwether', 'in_2031', '')"
            )
        db.close()
    else:
        copy = store.path
    before = {file.name: file.read_bytes() for file in store.path.parent.iterdir()}
    refused = run("restore", copy, "--force")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ") and "Traceback" not in refused.output
    assert {file.name: file.read_bytes() for file in store.path.parent.iterdir()} == before, "nothing was changed"
    assert checkpoint.path_of(store).exists()


def test_a_database_that_is_damaged_can_be_replaced(store: Store, tmp_path: Path) -> None:
    run("backup", tmp_path / "copy")
    store.close()
    store.path.write_bytes(b"no database at all" * 1000)
    done = run("restore", tmp_path / "copy", "--force")
    assert done.exit_code == 0, done.output
    assert "No forecast is missing that was noted" in done.output
    assert rows_of(store.path) == 10


def test_an_encrypted_database_has_encrypted_backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, other = encryption.new_key(), encryption.new_key()
    path, copy = tmp_path / "secret.sqlite3", tmp_path / "copy"
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(path))
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", key)
    store = SqliteStore(path, key)
    record(store, [made_up(number) for number in range(3)])
    done = run("backup", copy)
    assert done.exit_code == 0, done.output
    assert not copy.read_bytes().startswith(b"SQLite format 3")
    assert run("backup", copy).exit_code == 0, "and knows its own backup again"
    record(store, [made_up(9)])
    store.close()
    path.unlink()
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", other)
    assert "key does not fit" in run("restore", copy).output
    monkeypatch.delenv("BELLWETHER_DATABASE__KEY")
    assert "BELLWETHER_DATABASE__KEY" in run("restore", copy).output
    assert not path.exists()
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", key)
    back = run("restore", copy)
    assert back.exit_code == 0, back.output
    assert "1 forecasts that were issued after it are not in it" in back.output
    assert verify(store).ledger.rows == 3
    store.close()


def test_a_backup_from_before_the_encryption_is_encrypted_on_its_way_back(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", tmp_path / "plain")
    store.close()
    key = encryption.new_key()
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", key)
    assert run("database", "encrypt").exit_code == 0
    done = run("restore", tmp_path / "plain", "--force")
    assert done.exit_code == 0, done.output
    assert "encrypted with the key that is set; the backup itself still lies there in the clear" in done.output
    assert "ok   The ledger proves itself." in done.output
    assert not encryption.is_plain(store.path) and encryption.is_plain(tmp_path / "plain")
    again = SqliteStore(store.path, key)
    with again.reading() as db:
        assert ledger_table.CHAIN.head(db).rows == 10
    again.close()
    assert sorted(file.name for file in store.path.parent.iterdir() if "draft" in file.name) == []


def test_an_empty_ledger_is_said_to_be_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "new.sqlite3"))
    store = SqliteStore(tmp_path / "new.sqlite3")
    with store.reading():
        pass
    store.close()
    assert "whole. Its ledger is empty. Secrets" in run("backup", tmp_path / "copy").output
    assert "Its ledger is empty." in run("restore", tmp_path / "copy", "--force").output


def test_another_ledger_is_told_from_this_one(store: Store, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "other.sqlite3")
    record(other, [made_up(number, symbol="ELSE") for number in range(12)])
    other.close()
    store.close()
    done = run("restore", other.path, "--force")
    assert done.exit_code == 0, done.output
    assert "It is not the ledger that was here" in done.output
