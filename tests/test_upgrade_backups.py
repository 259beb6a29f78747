"""The backups that upgrades make: which of them stay, and for how long."""

import signal
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether import __version__
from bellwether.db import encryption, versions
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.db.upgrade_backups import INSTANT, MAX_AGE, MOST_BACKUPS, backups_of, delete_old, unencrypted
from tests.support.data import DATA
from tests.support.old_database import opening
from tests.support.old_database.parts import KEY, NAME, unpack
from tests.test_upgrade import in_a_process, opened

NOW = datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.fixture(params=["plain", "encrypted"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A database that has migrations to go through."""
    path = unpack(DATA / "old_database" / f"{request.param}.zip", tmp_path / "service")
    return SqliteStore(path, KEY if request.param == "encrypted" else "")


def backup_of(store: Store, instant: str, version: str = __version__) -> Path:
    """The name of a backup."""
    return store.path.with_name(f"{NAME}.before-{version}-{instant}")


def outwait(backup: Path) -> None:
    """Let the second go by in which it was made: the next has another name."""
    while f"{datetime.now(UTC):{INSTANT}}" in backup.name:
        time.sleep(0.02)


def test_the_newest_three_stay(store: Store) -> None:
    for version, instant in (
        ("0.0.1", "20240101T000000Z"),
        ("0.0.3", "20240301T000000Z"),
        ("0.0.2", "20240201T000000Z"),
    ):
        backup_of(store, instant, version).touch()
    mine = store.path.with_name(f"{NAME}.before-my-holidays")
    mine.touch()
    opened(store)
    newest, *others = backups_of(store.path)
    assert newest.name.startswith(f"{NAME}.before-{__version__}-")
    assert others == [backup_of(store, "20240301T000000Z", "0.0.3"), backup_of(store, "20240201T000000Z", "0.0.2")]
    assert mine.exists()


def test_an_upgrade_that_is_tried_again_and_again_leaves_the_backups_of_others(store: Store) -> None:
    others = [backup_of(store, f"2024010{day}T000000Z", "0.0.1") for day in range(1, MOST_BACKUPS)]
    for backup in others:
        backup.touch()
    for _ in range(2):
        killed = in_a_process(opening.open_and_die, store.path, store.key, 1)
        killed.join(60)
        assert killed.exitcode == -signal.SIGKILL
        (of_the_killed,) = (file for file in backups_of(store.path) if file not in others)
        outwait(of_the_killed)
    opened(store)
    assert len(backups_of(store.path)) == MOST_BACKUPS
    assert set(others) < set(backups_of(store.path))
    assert not of_the_killed.exists()
    assert not any(file.name.startswith(".") for file in store.path.parent.iterdir())


def test_whoever_goes_back_and_upgrades_again_has_both_backups(store: Store) -> None:
    old = store.path.read_bytes()
    opened(store)
    (first,) = backups_of(store.path)
    outwait(first)
    store.path.write_bytes(old)
    with closing(encryption.connect(store.path, store.key, isolation_level=None)) as connection:
        connection.execute("DELETE FROM chats")
    opened(SqliteStore(store.path, store.key))
    second, *others = backups_of(store.path)
    assert others == [first]
    with closing(encryption.connect(second, store.key)) as connection:
        assert connection.execute("SELECT count(*) FROM chats").fetchone() == (0,)
    assert versions.state_in(first, store.key) == versions.state_in(second, store.key)


def test_a_backup_is_deleted_when_it_is_a_month_old(store: Store) -> None:
    old = backup_of(store, f"{NOW - MAX_AGE:{INSTANT}}")
    young = backup_of(store, f"{NOW - MAX_AGE + timedelta(seconds=1):{INSTANT}}")
    ahead, odd = backup_of(store, "20990101T000000Z"), backup_of(store, "99999999T999999Z")
    aside = store.path.with_name(f"{NAME}.replaced-20240101T000000Z")
    for file in (old, young, ahead, odd, aside):
        file.touch()
    assert delete_old(store.path, NOW) == [old]
    assert [file.exists() for file in (old, young, ahead, odd, aside)] == [False, True, True, True, True]
    assert backups_of(store.path) == [ahead, young]


def test_what_lies_in_the_clear_beside_a_database_is_known(store: Store) -> None:
    opened(store)
    (backup,) = backups_of(store.path)
    assert unencrypted(store.path) == ([] if store.key else [backup])
    aside = store.path.with_name(f"{NAME}.replaced-20240101T000000Z")
    aside.write_bytes(b"SQLite format 3\0 and what people told")
    assert unencrypted(store.path) == [aside] if store.key else [backup, aside]
