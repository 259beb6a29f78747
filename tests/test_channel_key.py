"""The key that a service makes for the addresses of other apps, where the operator has set none."""

import logging
import os
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bellwether.delivery.targets import ask, kept_key
from bellwether.delivery.targets.kept_key import NAME, KeySource, key_of, make_if_missing
from bellwether.jobs.doctor_channels import examine_channels, warn_of_key
from bellwether.services import Services
from tests.test_targets import ANN, KEY, made

NTFY = "ntfy://127.0.0.1:9/alerts-8f2k"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return made(tmp_path, key="")


def make(services: Services) -> bool:
    return make_if_missing(services.settings, services.store)


def test_one_is_made_once_for_its_owner_alone_and_switches_all_of_it_on(
    services: Services, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask.offered(services) == []
    with caplog.at_level(logging.INFO):
        assert make(services)
    secret = (tmp_path / NAME).read_text().strip()
    assert re.fullmatch("[0-9a-f]{64}", secret)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert secret not in caplog.text
    assert ask.offered(services)
    assert ask.add(services, ANN, NTFY, "en").shown == "…8f2k"
    assert not make(services)
    assert key_of(services.settings) == (KeySource.FILE, secret)
    assert [path.name for path in tmp_path.glob(f".{NAME}*")] == []


@pytest.mark.sqlite
def test_of_processes_that_begin_at_once_one_makes_it(services: Services, tmp_path: Path) -> None:
    made_by = list[bool]()
    threads = [threading.Thread(target=lambda: made_by.append(make(services))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made_by) == [False, False, False, True]


@pytest.mark.parametrize(
    ("channels", "database"),
    [({"key": KEY}, {}), ({"key": "", "limit": 0}, {}), ({"key": ""}, {"url": "postgresql://127.0.0.1:9/none"})],
    ids=["a key is set", "nothing is wanted", "hosts may share the rows"],
)
def test_none_is_made_where_it_would_be_of_no_use(
    tmp_path: Path, channels: dict[str, object], database: dict[str, str]
) -> None:
    services = made(tmp_path, **channels)
    settings = services.settings
    shared = settings.database.model_validate({**settings.database.model_dump(), **database})
    assert not make_if_missing(settings.model_copy(update={"database": shared}), services.store)
    assert not (tmp_path / NAME).exists()


def test_none_is_made_over_rows_that_a_lost_key_sealed(services: Services, tmp_path: Path) -> None:
    with_key = made_at(services, key=KEY)
    ask.add(with_key, ANN, NTFY, "en")
    assert not make(services)
    (check,) = examine_channels(services.settings, services.store)
    assert not check.ok
    assert NAME in check.advice


def test_the_file_goes_before_the_key_of_the_database_and_after_the_setting(services: Services, tmp_path: Path) -> None:
    database = services.settings.database.model_copy(update={"key": SecretStr("ab" * 32)})
    settings = services.settings.model_copy(update={"database": database})
    assert key_of(settings)[0] is KeySource.DATABASE
    make(services)
    assert key_of(settings)[0] is KeySource.FILE
    assert key_of(made_at(services, key=KEY).settings) == (KeySource.SETTING, KEY)


@pytest.mark.parametrize("of_file", ["", "7f" * 32], ids=["no file", "a file from before"])
@pytest.mark.parametrize("set_now", ["", KEY, "ab" * 32], ids=["no key", "the key", "another key"])
def test_hosts_that_share_rows_read_the_setting_alone_and_the_start_says_where_addresses_do_not_open(
    services: Services, tmp_path: Path, caplog: pytest.LogCaptureFixture, of_file: str, set_now: str
) -> None:
    ask.add(made_at(services, key=KEY), ANN, NTFY, "en")
    if of_file:
        (tmp_path / NAME).write_text(f"{of_file}\n")
    database = services.settings.database.model_copy(
        update={"url": SecretStr("postgresql://127.0.0.1:9/none"), "key": SecretStr("cd" * 32)}
    )
    settings = made_at(services, key=set_now).settings.model_copy(update={"database": database})
    assert key_of(settings) == ((KeySource.SETTING, set_now) if set_now else (KeySource.NONE, ""))
    (check,) = examine_channels(settings, services.store)
    warn_of_key(settings, services.store)
    assert check.ok == (set_now == KEY) == (not caplog.records)
    assert check.ok or all("CHANNELS__KEY on every host" in told for told in (check.advice, caplog.text))
    assert check.ok or (f"{tmp_path / NAME}, which is not read" in caplog.text) == bool(of_file)


def test_where_the_file_is_lost_and_the_key_of_the_database_takes_its_place_the_start_says_so(
    services: Services, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(services)
    ask.add(services, ANN, NTFY, "en")
    caplog.clear()  # that a key was made is told where an earlier test has asked for such news
    database = services.settings.database.model_copy(update={"key": SecretStr("ab" * 32)})
    settings = services.settings.model_copy(update={"database": database})
    warn_of_key(settings, services.store)
    assert not caplog.records, "the file goes first"
    (tmp_path / NAME).unlink()
    warn_of_key(settings, services.store)
    assert "1 of 1 were set up with another key" in caplog.text
    assert f"the file {tmp_path / NAME}" in caplog.text


@pytest.mark.parametrize("content", [b"", b"abc\n", b"\xff" * 64])
def test_a_damaged_file_is_named_and_no_other_key_is_taken(services: Services, tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert key_of(services.settings) == (KeySource.UNREADABLE, "")
    assert not make(services)
    assert ask.offered(services) == []
    (check,) = examine_channels(services.settings, services.store)
    assert not check.ok
    assert str(tmp_path / NAME) in check.detail


@pytest.mark.skipif(os.name != "posix", reason="modes say nothing there")
def test_a_file_that_others_may_read_is_told_of(services: Services, tmp_path: Path) -> None:
    make(services)
    (check,) = examine_channels(services.settings, services.store)
    assert (check.ok, "no backup has" in check.detail) == (True, True)
    (tmp_path / NAME).chmod(0o644)
    (check,) = examine_channels(services.settings, services.store)
    assert (check.ok, check.advice) == (False, f"chmod 600 {tmp_path / NAME}")


def test_where_it_cannot_be_kept_the_service_runs_without(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(file: Path, secret: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_key, "_write", full)
    assert not make(services)
    assert "No space left on device" in caplog.text
    assert not (tmp_path / NAME).exists()


def made_at(services: Services, **channels: object) -> Services:
    """The same database with other settings."""
    kept = {name: SecretStr(value) if name == "key" else value for name, value in channels.items()}  # type: ignore[arg-type]
    section = services.settings.channels.model_copy(update=kept)
    return replace(services, settings=services.settings.model_copy(update={"channels": section}))
