"""Encryption at rest: what people tell the bot cannot be read from the files, and nothing is lost on the way there."""

import logging
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bellwether.alerts import watchlist
from bellwether.cli.main import main
from bellwether.core.config import load_settings
from bellwether.core.errors import ConfigError, StoreError
from bellwether.core.sealing import Sealer
from bellwether.db import encryption
from bellwether.db.backup import backup
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import chats
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import TargetKind
from bellwether.jobs.doctor import examine
from bellwether.services import Services
from serving import warn_unless_encrypted

KEY, OTHER = "00112233445566778899aabbccddeeff" * 2, "ff" * 32
SECRET, CHAT = "The chart is upside down, says Zebulon", 7_314_159_265
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def services(services: Services) -> Services:
    """The same, with no database yet: it is made with a key or without one."""
    services.store.path.unlink()
    return services


@pytest.fixture
def plain(services: Services) -> Services:
    fill(services)
    return services


def fill(services: Services) -> None:
    """What a chat leaves behind."""
    watchlist.watch(services, CHAT, "AAPL", "en")
    chats.say_to_operator(services.store, services.clock, services.settings.telegram.admin_chat, CHAT, SECRET)
    with services.store.transaction() as db:
        db.conn.execute(
            "INSERT INTO inbox (update_id, body, received_at, attempts) VALUES (1, ?, '2026-01-01', 0)",
            (f'{{"first_name": "Zebulon", "chat": {CHAT}}}',),
        )


def with_key(services: Services, key: str) -> Services:
    return replace(services, store=SqliteStore(services.store.path, key))


def files_of(services: Services) -> bytes:
    """All bytes of the database, its log included."""
    return b"".join(file.read_bytes() for file in services.store.path.parent.glob("*.sqlite3*"))


def run(monkeypatch: pytest.MonkeyPatch, services: Services, key: str, *arguments: str, said: str = "") -> Result:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(services.store.path))
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", key)
    return CliRunner().invoke(main, ["database", *arguments], input=said)


def what_was_kept(services: Services) -> tuple[list[str], list[str]]:
    said = [one.text for one in chats.newest_feedback(services.store)]
    return said, [one.symbol for one in watchlist.watchlist(services.store, CHAT)]


def test_without_a_key_the_words_lie_in_the_file_and_with_one_they_do_not(services: Services) -> None:
    fill(services)
    assert SECRET.encode() in files_of(services)
    sealed = replace(services, store=SqliteStore(services.store.path.with_name("sealed.sqlite3"), KEY))
    fill(sealed)
    stored = b"".join(file.read_bytes() for file in sealed.store.path.parent.glob("sealed.sqlite3*"))
    assert len(stored) > 50_000
    for word in (SECRET.encode(), b"Zebulon", str(CHAT).encode(), CHAT.to_bytes(5, "big"), b"AAPL", b"CREATE TABLE"):
        assert word not in stored
    assert not stored.startswith(b"SQLite format 3")
    assert what_was_kept(sealed) == ([SECRET], ["AAPL"])


def test_a_plain_database_is_encrypted_re_keyed_and_decrypted_without_losing_a_row(
    plain: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.store.close()
    done = run(monkeypatch, plain, KEY, "encrypt")
    assert done.exit_code == 0, done.output
    assert "is encrypted now, with all its" in done.output
    assert SECRET.encode() not in files_of(plain)
    sealed = with_key(plain, KEY)
    assert what_was_kept(sealed) == ([SECRET], ["AAPL"])
    watchlist.watch(sealed, CHAT, "MSFT", "en")
    sealed.store.close()

    done = run(monkeypatch, plain, KEY, "rekey", said=f"{OTHER}\n")
    assert done.exit_code == 0, done.output
    assert OTHER not in done.output
    with pytest.raises(ConfigError, match="The key does not fit"):
        with_key(plain, KEY).store.check()
    assert what_was_kept(with_key(plain, OTHER)) == ([SECRET], ["AAPL", "MSFT"])

    again = with_key(plain, OTHER)
    with again.store.transaction() as db:
        assert db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    again.store.close()
    done = run(monkeypatch, plain, OTHER, "decrypt")
    assert done.exit_code == 0, done.output
    assert what_was_kept(plain) == ([SECRET], ["AAPL", "MSFT"])


def test_the_key_that_addresses_are_sealed_by_is_taken_away_only_once_the_channels_have_it(
    plain: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.store.close()
    assert run(monkeypatch, plain, KEY, "encrypt").exit_code == 0
    sealed = with_key(plain, KEY)
    with sealed.store.transaction() as db:
        address = Sealer(KEY).seal("ann@mail.example")
        targets_table.add(db, CHAT, TargetKind.MAIL, address, "a…@mail.example", "mark", sealed.clock())
    sealed.store.close()
    for command in ("rekey", "decrypt"):
        refused = run(monkeypatch, plain, KEY, command, said=f"{OTHER}\n")
        assert refused.exit_code == 1 and "Set BELLWETHER_CHANNELS__KEY to the key that is set now" in refused.output
        assert KEY not in refused.output
    assert what_was_kept(sealed) == ([SECRET], ["AAPL"]), "under the key it had"
    sealed.store.close()
    monkeypatch.setenv("BELLWETHER_CHANNELS__KEY", KEY)
    assert run(monkeypatch, plain, KEY, "rekey", said=f"{OTHER}\n").exit_code == 0


def test_copies_that_stay_in_the_clear_are_named_until_they_are_deleted(
    plain: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = plain.store.path
    in_the_clear = [
        path.with_name(f"{path.name}.{end}") for end in ("before-0.2.0-20261130T101500Z", "replaced-20261130T101500Z")
    ]
    for file in in_the_clear:
        backup(plain.store, file)
    plain.store.close()
    done = run(monkeypatch, plain, KEY, "encrypt")
    assert done.exit_code == 0, done.output
    assert f"To delete them: rm {in_the_clear[0]} {in_the_clear[1]}\n" in done.output
    sealed = replace(with_key(plain, KEY), settings=load_settings(database={"path": path, "key": KEY}))
    told = {one.name: one for one in examine(sealed)}["Encryption"]
    assert (told.ok, told.advice) == (False, f"To delete them: rm {in_the_clear[0]} {in_the_clear[1]}")
    for file in in_the_clear:
        file.unlink()
    assert {one.name: one.ok for one in examine(sealed)}["Encryption"]


def test_what_is_encrypted_already_is_said_to_be(plain: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    plain.store.close()
    assert run(monkeypatch, plain, KEY, "encrypt").exit_code == 0
    again = run(monkeypatch, plain, KEY, "encrypt")
    assert again.exit_code == 1
    assert "is encrypted already" in again.output
    assert what_was_kept(with_key(plain, KEY)) == ([SECRET], ["AAPL"])


def test_a_backup_with_a_wrong_key_says_that_it_is_the_key(services: Services, tmp_path: Path) -> None:
    sealed = with_key(services, KEY)
    fill(sealed)
    sealed.store.close()
    with pytest.raises(ConfigError, match="The key does not fit"):
        backup(with_key(services, OTHER).store, tmp_path / "copy.sqlite3")


def test_a_database_in_use_is_left_as_it_is(plain: Services) -> None:
    environment = {"BELLWETHER_DATABASE__PATH": str(plain.store.path), "BELLWETHER_DATABASE__KEY": KEY}
    done = subprocess.run(
        [sys.executable, "-m", "bellwether", "database", "encrypt"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "stop the service first" in done.stderr
    assert what_was_kept(plain) == ([SECRET], ["AAPL"])
    assert [file.name for file in plain.store.path.parent.glob(".*")] == []


@pytest.mark.parametrize(
    ("sealed_with", "opened_with", "said"),
    [
        pytest.param("", KEY, "is not encrypted, but a key is set", id="a key for a plain database"),
        pytest.param(KEY, "", "set BELLWETHER_DATABASE__KEY to its key", id="no key for an encrypted one"),
        pytest.param(KEY, OTHER, "The key does not fit the database", id="another key"),
    ],
)
def test_a_key_that_does_not_fit_is_said_in_one_line(
    services: Services, sealed_with: str, opened_with: str, said: str
) -> None:
    first = with_key(services, sealed_with)
    fill(first)
    first.store.close()
    wrong = with_key(services, opened_with)
    with pytest.raises(ConfigError, match=said) as told:
        wrong.store.check()
    assert "\n" not in str(told.value)
    assert KEY not in str(told.value)
    with pytest.raises(StoreError) as trouble:
        fill(wrong)
    assert said in trouble.value.for_operator
    assert what_was_kept(first) == ([SECRET], ["AAPL"])


def test_the_service_does_not_start_with_a_wrong_key(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = with_key(services, KEY)
    fill(first)
    first.store.close()
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(services.store.path))
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", OTHER)
    monkeypatch.setenv("BELLWETHER_WEB__PORT", "0")
    done = subprocess.run(
        [sys.executable, "-m", "bellwether", "serve"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 78
    assert "Error: The key does not fit the database" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("wrong", ["short", "g" * 64, "ab" * 31])
def test_a_key_that_is_none_is_refused_without_showing_it(wrong: str) -> None:
    with pytest.raises(ConfigError, match="64 hexadecimal digits") as told:
        load_settings(database={"key": wrong})
    assert wrong not in str(told.value)


def test_a_key_in_the_settings_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text(f"database:\n  key: {KEY}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"database\.key must not stand in config\.yaml") as told:
        load_settings()
    assert KEY not in str(told.value)


def test_new_keys_differ_and_are_taken() -> None:
    first, second = encryption.new_key(), encryption.new_key()
    assert first != second
    assert load_settings(database={"key": first}).database.key.get_secret_value() == first


def test_a_bot_without_a_key_is_warned_of_at_the_start_and_by_the_doctor(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with_token = load_settings(telegram={"token": "1:TEST"})
    with caplog.at_level(logging.WARNING):
        warn_unless_encrypted(with_token)
    assert "KEPT UNENCRYPTED" in caplog.text
    told = {one.name: one for one in examine(replace(services, settings=with_token))}
    assert told["Encryption"].detail.startswith("NONE")
    caplog.clear()
    warn_unless_encrypted(services.settings)
    warn_unless_encrypted(load_settings(telegram={"token": "1:TEST"}, database={"key": KEY}))
    assert caplog.text == ""


def test_a_backup_is_encrypted_as_the_database_is_and_can_be_put_back(services: Services, tmp_path: Path) -> None:
    from bellwether.track_record.ledger.backup_report import make, put_back

    sealed = with_key(services, KEY)
    fill(sealed)
    target = tmp_path / "copy.backup"
    make(sealed.store, target)
    assert SECRET.encode() not in target.read_bytes()
    chats.erase(sealed.store, sealed.clock, CHAT)
    assert what_was_kept(sealed) == ([], [])
    put_back(sealed.store, target, services.clock(), force=True)
    assert what_was_kept(sealed) == ([SECRET], ["AAPL"])


def test_erasing_a_chat_works_in_an_encrypted_file_too(services: Services) -> None:
    sealed = with_key(services, KEY)
    fill(sealed)
    assert chats.erase(sealed.store, sealed.clock, CHAT) > 0
    assert what_was_kept(sealed) == ([], [])


def test_where_another_sqlite_took_its_place_nothing_is_written_in_plain(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encryption, "driver", lambda key: sqlite3)
    with pytest.raises(StoreError) as told:
        fill(with_key(services, KEY))
    assert "nothing would be encrypted" in told.value.for_operator
    assert not files_of(services)
