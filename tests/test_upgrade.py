"""Upgrades: a database newer than the code is left alone, and one that is older is brought up once, after a backup."""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bellwether import __version__
from bellwether.cli.main import main
from bellwether.core.errors import ConfigError, NewerDatabase, UpgradeFailed
from bellwether.db import encryption, sqlite_store, upgrade_backups, versions
from bellwether.db.database import Store
from bellwether.db.rewrite import rewrite
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import chats_table
from bellwether.jobs.doctor import examine_database
from tests.support.data import DATA
from tests.support.old_database import opening
from tests.support.old_database.comparing import dump
from tests.support.old_database.parts import KEY, NAME, unpack
from tests.support.service import environment

OLD = DATA / "old_database"
FORMS = {"plain": "", "encrypted": KEY}
NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)
spawn = multiprocessing.get_context("spawn")


@pytest.fixture(params=FORMS)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A database that has migrations to go through, as the command line would find it; nothing has looked at it yet."""
    path = unpack(OLD / f"{request.param}.zip", tmp_path / "service")
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(path))
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", FORMS[request.param])
    monkeypatch.setenv("BELLWETHER_MARKET__SOURCE", "sample")
    return SqliteStore(path, FORMS[request.param])


def opened(store: Store) -> Store:
    """After its upgrade."""
    with store.reading():
        pass
    store.close()
    return store


def come_from_the_future(store: Store, *, killed: bool = False) -> None:
    """Bellwether 9.3.0 brings it up to its tables; `killed` leaves what it wrote in the log beside the file."""
    script = (
        "import os, sys; from pathlib import Path; from bellwether.db import encryption\n"
        "db = encryption.connect(Path(sys.argv[1]), sys.argv[2], isolation_level=None)\n"
        "db.execute('PRAGMA journal_mode = WAL')\n"
        "db.execute(\"INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('bellwether',"
        " 'weather', '')\")\n"
        "db.execute('PRAGMA user_version = 9003000')\n"
        "os._exit(0) if sys.argv[3] else db.close()\n"
    )
    arguments = [str(store.path), store.key, "killed" if killed else ""]
    subprocess.run([sys.executable, "-c", script, *arguments], check=True, timeout=60)


def as_it_lies(path: Path) -> tuple[bytes, int]:
    return path.read_bytes(), path.stat().st_mtime_ns


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def backups(store: Store) -> list[Path]:
    return upgrade_backups.backups_of(store.path)


def in_a_process(target: Any, *arguments: Any) -> Any:
    process = spawn.Process(target=target, args=arguments)
    process.start()
    return process


# ---- versions


@pytest.mark.parametrize(
    ("version", "number"), [("0.2.0", 2000), ("1.12.3", 1012003), ("0.3.0rc1", 3000), ("0.4", 4000)]
)
def test_a_version_is_stored_as_a_number(version: str, number: int) -> None:
    assert versions.number_of(version) == number


def test_numbers_of_versions_are_in_their_order_and_can_be_read_back() -> None:
    names = ["0.1.0", "0.1.10", "0.2.0", "0.10.0", "1.0.0"]
    numbers = [versions.number_of(name) for name in names]
    assert sorted(numbers) == numbers
    assert [versions.text_of(number) for number in numbers] == names


def test_a_database_notes_the_newest_version_that_had_it_open(store: Store) -> None:
    old = versions.state_in(store.path, store.key)
    assert old is not None and (old.number, old.version, old.due) == (0, "0.1.0", True)
    new = versions.state_in(opened(store).path, store.key)
    assert new is not None and (new.version, new.due) == (__version__, False)


def test_the_version_outlives_encryption_and_backup(tmp_path: Path) -> None:
    store = opened(SqliteStore(tmp_path / "rows.sqlite3"))
    rewrite(store.path, "", KEY)
    state = versions.state_in(store.path, KEY)
    assert state is not None and state.number == versions.THIS_VERSION


# ---- a database newer than the code


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "with a log beside it"])
def test_a_newer_database_is_refused_and_left_as_it_is(store: Store, killed: bool) -> None:
    opened(store)
    come_from_the_future(store, killed=killed)
    before = as_it_lies(store.path)
    old = SqliteStore(store.path, store.key)
    for begin in (old.reading, old.transaction):
        with pytest.raises(NewerDatabase) as refusal, begin():
            raise AssertionError("nobody gets here")
        text = refusal.value.for_operator
        assert f"is of Bellwether 9.3.0 or newer; this is {__version__}" in text
        assert "install that version, or go back to the backup" in text
        assert f"restore --force {backups(store)[0]}" in text, "the one that the upgrade to this version made"
        assert str(store.path) not in str(refusal.value), "where files lie is the operator's business"
    old.close()
    assert as_it_lies(store.path) == before


def test_where_no_backup_lies_beside_it_the_refusal_says_what_to_look_for(tmp_path: Path) -> None:
    store = opened(SqliteStore(tmp_path / "rows.sqlite3"))
    come_from_the_future(store)
    with pytest.raises(NewerDatabase) as refusal, SqliteStore(store.path).reading():
        pass
    assert "a backup that was made before the upgrade, `python -m bellwether restore --force FILE`" in (
        refusal.value.for_operator
    )


# what is of processes and of the disk is the same for both forms
plain = pytest.mark.parametrize("store", ["plain"], indirect=True)
encrypted = pytest.mark.parametrize("store", ["encrypted"], indirect=True)


@pytest.mark.parametrize(
    ("store", "words"),
    [
        *(("plain", words) for words in ("ledger verify", "ledger rebuild", "outbox list", "outbox retry 1")),
        *(("plain", words) for words in ("keys list", "keys create --owner Ada", "feedback", "alerts tick")),
        *(("plain", words) for words in ("backup elsewhere", "database upgrade", "database encrypt")),
        *(("encrypted", words) for words in ("backup elsewhere", "database decrypt", "database rekey")),
    ],
    indirect=["store"],
)
def test_every_command_refuses_a_newer_database_and_leaves_it_as_it_is(
    store: Store, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_from_the_future(opened(store))
    before = as_it_lies(store.path)
    if words == "database encrypt":
        monkeypatch.setenv("BELLWETHER_DATABASE__KEY", KEY)
    done = CliRunner().invoke(main, words.split(), input=f"{encryption.new_key()}\n")
    assert done.exit_code == 1, done.output
    assert "is of Bellwether 9.3.0 or newer" in done.output
    assert "Traceback" not in done.output and isinstance(done.exception, SystemExit)
    assert as_it_lies(store.path) == before
    assert not Path("elsewhere").exists()


@plain
def test_doctor_fails_for_a_newer_database(store: Store) -> None:
    come_from_the_future(opened(store))
    (check,) = examine_database(SqliteStore(store.path, store.key), NOW)
    assert (check.name, check.ok, check.advice) == ("Database", False, "The service does not start with it.")
    assert "9.3.0 or newer" in check.detail


@plain
def test_a_forecast_goes_on_without_a_newer_database(store: Store) -> None:
    come_from_the_future(opened(store))
    before = as_it_lies(store.path)
    assert run("forecast", "AAPL").exit_code == 0
    assert as_it_lies(store.path) == before


@plain
def test_the_service_does_not_start_with_a_newer_database(store: Store) -> None:
    come_from_the_future(opened(store))
    before = as_it_lies(store.path)
    done = subprocess.run(
        [sys.executable, "-m", "bellwether", "serve"],
        env=environment(store.path.parent, {"DATABASE__PATH": str(store.path), "DATABASE__KEY": store.key}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 78, "nobody need start it again"
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("Error: "))
    assert "is of Bellwether 9.3.0 or newer" in error and "Traceback" not in done.stderr
    assert as_it_lies(store.path) == before


def test_a_service_that_runs_writes_nothing_into_a_database_that_a_newer_version_took_over(store: Store) -> None:
    with store.transaction():
        pass
    come_from_the_future(store)
    with pytest.raises(NewerDatabase), store.transaction() as db:
        chats_table.join(db, 70, "en", NOW)


def test_a_newer_version_without_new_tables_may_be_taken_back(store: Store) -> None:
    opened(store)
    with closing(encryption.connect(store.path, store.key, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 9003000")
    with store.transaction():
        pass
    state = versions.state_in(store.path, store.key)
    assert state is not None and state.version == "9.3.0", "and it is remembered"


def test_the_way_back_that_the_refusal_names_works(store: Store) -> None:
    opened(store)
    issued = dump(store)["ledger"]
    store.close()
    come_from_the_future(store)
    done = run("restore", "--force", backups(store)[0])
    assert done.exit_code == 0, done.output
    assert f"It was of Bellwether 0.1.0 and is brought up to {__version__}." in done.output
    assert "The ledger proves itself" in done.output
    assert len(backups(store)) == 1, "what was put back is the backup before that upgrade"
    assert dump(SqliteStore(store.path, store.key))["ledger"] == issued


def test_a_newer_backup_is_not_put_back(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert "of Bellwether 0.1.0," in run("backup", copy).output, "a backup brings nothing up"
    come_from_the_future(SqliteStore(copy, store.key))
    done = run("restore", "--force", copy)
    assert done.exit_code == 1
    assert f"is of Bellwether 9.3.0 or newer; this is {__version__}: please install that version first" in done.output


# ---- the backup before an upgrade


def test_before_an_upgrade_a_whole_backup_is_made_beside_it_and_logged(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    old = versions.state_in(store.path, store.key)
    store.path.chmod(0o600)
    with caplog.at_level(logging.INFO):
        opened(store)
    (backup,) = backups(store)
    assert backup.name.startswith(f"{NAME}.before-{__version__}-20")
    assert versions.state_in(backup, store.key) == old
    assert backup.stat().st_mode & 0o777 == 0o600
    assert backup.read_bytes().startswith(b"SQLite format 3") == (not store.key)
    (logged,) = (record.getMessage() for record in caplog.records if "backup" in record.getMessage())
    assert logged.startswith(f"Before the database is brought from Bellwether 0.1.0 up to {__version__} ")
    assert str(backup) in logged
    shown = {check.name: check.detail for check in examine_database(store, NOW)}
    assert f"can be read and written; it is of Bellwether {__version__}" in shown["Database"]
    assert f"{backup} was made before the last upgrade" in shown["Backup"]
    assert [file.name for file in backup.parent.iterdir() if file.name.startswith(".")] == []


def test_a_new_database_and_one_without_pending_migrations_have_no_backup(tmp_path: Path) -> None:
    store = opened(SqliteStore(tmp_path / "rows.sqlite3"))
    opened(SqliteStore(store.path))
    assert backups(store) == []
    assert "Backup" not in [check.name for check in examine_database(store, NOW)]


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files cannot be limited there")
@encrypted
def test_where_no_backup_can_be_made_nothing_is_migrated_until_there_is_room(store: Store, tmp_path: Path) -> None:
    old = versions.state_in(store.path, store.key)
    script = (
        "import sys; from pathlib import Path; from tests.support.old_database import opening\n"
        "opening.open_with_small_files_only(Path(sys.argv[1]), sys.argv[2])"
    )
    arguments = [sys.executable, "-c", script, str(store.path), store.key]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    refusal = done.stderr.strip()
    assert f"was not brought up to Bellwether {__version__} and is as it was, of 0.1.0, because the backup" in refusal
    assert refusal.endswith("`python -m bellwether database upgrade --backup FILE`.")
    assert "\n" not in refusal
    assert versions.state_in(store.path, store.key) == old
    assert backups(store) == []
    assert not any(file.name.startswith(".") for file in store.path.parent.iterdir())
    elsewhere = tmp_path / "elsewhere"
    done_now = run("database", "upgrade", "--backup", elsewhere)
    assert done_now.exit_code == 0, done_now.output
    assert f"was of Bellwether 0.1.0 and is of {__version__} now." in done_now.output
    assert versions.state_in(elsewhere, store.key) == old
    assert backups(store) == []


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files cannot be limited there")
@encrypted
def test_where_the_disk_is_full_only_at_the_end_the_service_does_not_start(store: Store) -> None:
    old = versions.state_in(store.path, store.key)
    script = (
        "import sys; from pathlib import Path; from tests.support.old_database import opening\n"
        "opening.prepare_where_nothing_can_be_committed(Path(sys.argv[1]), sys.argv[2])"
    )
    arguments = [sys.executable, "-c", script, str(store.path), store.key]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    (backup,) = backups(store)
    refusal = done.stderr.strip()
    assert f"could not be brought up to Bellwether {__version__} and is as it was, of 0.1.0: " in refusal
    assert refusal.endswith(f"The backup {backup} is whole.")
    assert versions.state_in(store.path, store.key) == old
    store.prepare()
    assert backups(store) != [], "and with room it starts"


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such modes there")
def test_where_the_folder_of_the_backup_cannot_be_written_to_nothing_is_migrated() -> None:
    with tempfile.TemporaryDirectory() as folder:  # others may look into it, unlike those of pytest
        path, elsewhere = unpack(OLD / "plain.zip", Path(folder, "service")), Path(folder, "elsewhere")
        elsewhere.mkdir(mode=0o555)
        for file in (path, path.parent):
            file.chmod(0o777)
        Path(folder).chmod(0o755)
        old = versions.state_in(path, "")
        upgrading = in_a_process(opening.upgrade_without_rights, path, elsewhere / "backup")
        upgrading.join(60)
        if upgrading.exitcode == opening.NO_TRY:
            pytest.skip("this process cannot give up root's rights, or has no folder for others")
        assert upgrading.exitcode == 0
        assert list(elsewhere.iterdir()) == []
        assert versions.state_in(path, "") == old


@pytest.mark.parametrize("again", [False, True], ids=["upgrading", "upgraded"])
def test_a_start_opens_the_file_once_and_for_a_backup_twice_more(
    store: Store, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    if again:
        opened(store)
    paths = []

    def connect(path: Path, *arguments: Any, **options: Any) -> Any:
        paths.append(path)
        return real(path, *arguments, **options)

    real = encryption.connect
    monkeypatch.setattr(encryption, "connect", connect)
    SqliteStore(store.path, store.key).prepare()
    assert paths.count(store.path) == (1 if again else 2), "its own, and one that the backup is read by"


def test_an_upgrade_that_failed_is_not_tried_again_by_the_same_process(store: Store) -> None:
    tries = []

    def make_backup(path: Path, key: str, state: versions.State) -> None:
        tries.append(path)
        raise OSError("no room")

    store = SqliteStore(store.path, store.key, make_backup)
    for _ in range(2):
        with pytest.raises(UpgradeFailed), store.reading():
            pass
    assert len(tries) == 1


def test_the_start_of_the_service_upgrades_or_says_why_not(store: Store) -> None:
    def make_backup(path: Path, key: str, state: versions.State) -> None:
        raise OSError("no room")

    with pytest.raises(ConfigError, match="the backup before it failed: no room"):
        SqliteStore(store.path, store.key, make_backup).prepare()
    store.prepare()
    assert len(backups(store)) == 1
    come_from_the_future(store)
    with pytest.raises(ConfigError, match=r"9\.3\.0 or newer"):
        SqliteStore(store.path, store.key).prepare()


def test_with_other_troubles_of_the_file_the_service_starts(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "missing.sqlite3").prepare()
    assert not list(tmp_path.iterdir()), "it makes none before it is needed"
    (tmp_path / "folder.sqlite3").mkdir()
    SqliteStore(tmp_path / "folder.sqlite3").prepare()


def test_upgrade_goes_on_without_a_backup_where_that_is_said(store: Store) -> None:
    assert run("database", "upgrade", "--no-backup").exit_code == 0
    assert backups(store) == []
    assert "needs no upgrade" in run("database", "upgrade").output


# ---- several processes, and kills


@plain
def test_of_several_processes_that_start_at_once_one_upgrades(store: Store, tmp_path: Path) -> None:
    begin, count = spawn.Barrier(3), 3
    processes = [in_a_process(opening.open_at_once, begin, store.path, store.key) for _ in range(count)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * count
    assert len(backups(store)) == 1
    check_it_is_whole(store, tmp_path)


@plain
def test_another_that_takes_long_over_the_upgrade_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Longer than for other writers: a large database takes minutes."""
    monkeypatch.setattr(sqlite_store, "BUSY_TIMEOUT", 0.05)
    with (
        caplog.at_level(logging.INFO),
        closing(encryption.connect(store.path, "", isolation_level=None, check_same_thread=False)) as other,
    ):
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.5, other.execute, ("ROLLBACK",)).start()
        opened(store)
    assert "Another process has the database" in caplog.text
    assert len(backups(store)) == 1


@plain
def test_when_the_one_that_upgrades_is_killed_another_goes_on(store: Store, tmp_path: Path) -> None:
    stopped, begin = tmp_path / "stopped", spawn.Barrier(3)
    killed = in_a_process(opening.open_and_stop, store.path, store.key, stopped)
    for _ in range(600):
        if stopped.exists():
            break
        time.sleep(0.05)
    assert stopped.exists(), "it is in the middle of its migration"
    others = [in_a_process(opening.open_at_once, begin, store.path, store.key) for _ in range(2)]
    begin.wait(30)
    time.sleep(0.5)  # the others ask for the lock meanwhile
    os.kill(killed.pid, signal.SIGKILL)
    for process in (killed, *others):
        process.join(60)
    assert [process.exitcode for process in (killed, *others)] == [-signal.SIGKILL, 0, 0]
    assert len(backups(store)) == 1, "that of the one that went on"
    check_it_is_whole(store, tmp_path)


def test_a_kill_in_the_middle_of_the_backup_leaves_everything_as_it_was(store: Store, tmp_path: Path) -> None:
    old = versions.state_in(store.path, store.key)
    killed = in_a_process(opening.open_and_die_in_the_backup, store.path, store.key)
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert any(file.name.startswith(f".{NAME}.before-") for file in store.path.parent.iterdir()), "it had begun"
    assert backups(store) == []
    assert versions.state_in(store.path, store.key) == old
    opened(store)
    assert not any(file.name.startswith(".") for file in store.path.parent.iterdir()), "what was begun is gone"
    check_it_is_whole(store, tmp_path)


def check_it_is_whole(store: Store, tmp_path: Path) -> None:
    """As one process alone would have left it, with a backup of what it was."""
    form = "encrypted" if store.key else "plain"
    alone = SqliteStore(unpack(OLD / f"{form}.zip", tmp_path / "alone"), store.key)
    (backup,) = backups(store)
    before = versions.state_in(backup, store.key)
    assert before is not None and (before.version, before.due) == ("0.1.0", True)
    assert without_instants(dump(store)) == without_instants(dump(alone))


def without_instants(dumped: dict[str, Any]) -> dict[str, Any]:
    names = [name for _, _, name, *_ in dumped["_sqlite_migrations"]]
    assert len(names) == len(set(names)), "each migration once"
    return dumped | {"_sqlite_migrations": names}
