"""Copies of a database: who may read them, what a power cut leaves, and two that are made at once."""

import multiprocessing
import os
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bellwether.core.errors import StoreError
from bellwether.db import backup, copies
from bellwether.db.database import Store
from bellwether.db.rewrite import rewrite
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import chats_table
from tests.support.old_database.parts import KEY

NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)
POSIX = pytest.mark.skipif(os.name != "posix", reason="files have no such modes there")
spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = SqliteStore(tmp_path / "service" / "rows.sqlite3")
    with store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
    store.close()
    return store


@pytest.fixture(params=[0o000, 0o022], ids=["umask 0", "umask 022"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


# ---- who may read


@POSIX
@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "encrypted"])
def test_a_new_database_and_its_log_are_for_the_owner_alone(tmp_path: Path, key: str) -> None:
    store = SqliteStore(tmp_path / "new" / "rows.sqlite3", key)
    with store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
        modes = {file.name: mode(file) for file in store.path.parent.iterdir()}
    assert modes == dict.fromkeys(("rows.sqlite3", "rows.sqlite3-wal", "rows.sqlite3-shm"), 0o600)


@POSIX
@pytest.mark.usefixtures("umask")
def test_what_is_written_beside_a_file_is_for_the_owner_alone_from_the_first_byte(tmp_path: Path) -> None:
    with copies.draft_of(tmp_path / "copy", "") as draft:
        assert (draft.stat().st_size, mode(draft)) == (0, 0o600)


@POSIX
@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("allowed", [0o600, 0o640])
def test_a_database_keeps_its_mode_and_its_copies_have_it_too(store: Store, tmp_path: Path, allowed: int) -> None:
    store.path.chmod(allowed)
    copy = tmp_path / "copy"
    backup.backup(store, copy)
    assert mode(copy) == allowed
    rewrite(store.path, "", KEY)
    assert mode(store.path) == allowed
    rewrite(store.path, KEY, "")
    assert mode(store.path) == allowed
    copy.chmod(0o644)
    aside = backup.put_back(store, copy, NOW, force=True)
    assert aside is not None
    assert (mode(store.path), mode(aside)) == (allowed, allowed)


@POSIX
@pytest.mark.usefixtures("umask")
def test_a_backup_that_everybody_may_read_is_put_back_for_the_owner_alone(store: Store, tmp_path: Path) -> None:
    store.path.chmod(0o644)
    backup.backup(store, tmp_path / "copy")
    other = SqliteStore(tmp_path / "other" / "rows.sqlite3")
    assert backup.put_back(other, tmp_path / "copy", NOW) is None
    assert mode(other.path) == 0o600


# ---- what a power cut leaves


@POSIX
def test_the_name_of_a_copy_is_on_the_disk_too(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def fsync(descriptor: int) -> None:
        real(descriptor)
        status = os.fstat(descriptor)
        synced.append((status.st_ino, stat.S_ISDIR(status.st_mode)))

    real = os.fsync
    monkeypatch.setattr(os, "fsync", fsync)
    copy = tmp_path / "copy"
    backup.backup(store, copy)
    assert synced == [(copy.stat().st_ino, False), (tmp_path.stat().st_ino, True)], "the folder after the rename"


# ---- several at once, and kills


def test_two_backups_to_one_file_at_once_are_both_whole(store: Store, tmp_path: Path) -> None:
    copy, sizes = tmp_path / "copy", []
    with copies.draft_of(copy, "") as draft:
        copies.copy_into(draft, store.path, "")
        another = threading.Thread(target=lambda: sizes.append(backup.backup(store, copy)))
        another.start()
        another.join()
        assert len(sizes) == 1
        backup.check(copy, "")
        copies.put_in_place(draft, copy, like=store.path)
    backup.check(copy, "")
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def begin_a_copy_and_die(target: Path) -> None:
    with copies.draft_of(target, "") as draft:
        draft.with_name(f"{draft.name}-journal").touch()
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="there nobody can ask whether a process runs")
def test_what_a_killed_process_left_is_removed_and_what_others_write_is_not(tmp_path: Path) -> None:
    target = tmp_path / "copy"
    killed = spawn.Process(target=begin_a_copy_and_die, args=(target,))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    of_a_thread_before = tmp_path / f".copy.{os.getpid()}-1.draft"
    of_another_process = tmp_path / f".copy.{os.getppid()}-1.draft"
    of_another_copy = tmp_path / f".copy-2.{killed.pid}-1.draft"
    for draft in (of_a_thread_before, of_another_process, of_another_copy):
        draft.touch()
    with copies.draft_of(target, "") as draft:
        assert set(tmp_path.iterdir()) == {draft, of_another_process, of_another_copy}
    assert set(tmp_path.iterdir()) == {of_another_process, of_another_copy}


def test_what_is_put_aside_takes_the_place_of_nothing(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup.backup(store, copy)
    aside = backup.put_back(store, copy, NOW, force=True)
    assert aside is not None
    first = aside.read_bytes()
    with pytest.raises(StoreError):
        backup.put_back(store, copy, NOW, force=True)  # within the same second
    assert aside.read_bytes() == first
    assert store.path.exists()
