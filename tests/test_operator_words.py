"""What whoever runs the service reads when something is not as it should be: one plain sentence, said once."""

import asyncio
import socket
import threading
from pathlib import Path
from weakref import WeakSet

import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.cli.main import main
from bellwether.client import AsyncClient, Client, NoAnswer
from bellwether.core import listening, pools
from bellwether.core.config import Web
from bellwether.core.errors import AddressUnavailable
from bellwether.core.types import Check
from bellwether.db.encryption import new_key
from bellwether.db.sqlite_store import SqliteStore
from bellwether.jobs.doctor import written
from bellwether.track_record.scores import sentences
from bot.telegram.token_form import is_no_token, odd_form
from tests.conftest import MODELS
from tests.support.web import sample_services

LETTERS = "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"


def test_the_doctor_says_each_thing_once_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bellwether.jobs.doctor.calendars", tuple)  # building all of them takes long and says nothing
    plain = SqliteStore(tmp_path / "plain.sqlite3")
    with plain.reading():  # which makes it
        pass
    plain.close()
    chosen = {
        "DATABASE__PATH": str(plain.path),
        "DATABASE__KEY": new_key(),
        "MODELS__FOLDER": str(MODELS),
        "MODELS__SERVE": "foo",
        "TELEGRAM__TOKEN": "hello",
        "TELEGRAM__BASE_URL": "http://127.0.0.1:1/bot",
        "MARKET__SOURCE": "yahoo",
        "MARKET__YAHOO_BASE_URL": "http://127.0.0.1:1",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(f"BELLWETHER_{name}", value)
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1 and done.stderr == "" and capfd.readouterr().err == ""
    lines = {line[5:].partition(":")[0]: line for line in done.stdout.splitlines()}
    assert "is not encrypted, but a key is set" in lines["Database"]
    assert (
        lines["Encryption"] == "FAIL Encryption: a key is set, but the database cannot be used with it. See Database."
    )
    assert f"Looked in {MODELS.absolute()}, which has " in lines["Model"]
    assert "daily-range-3-2024" in lines["Model"] and "revenue" not in lines["Model"]
    assert "none. " in lines["Kept prices"]
    assert "FAIL Telegram: Telegram cannot be reached" in lines["Telegram"]
    assert "BELLWETHER_TELEGRAM__TOKEN is no bot's token" in lines["Telegram"] and "hello" not in lines["Telegram"]


@pytest.mark.parametrize(
    ("check", "line"),
    [
        (Check("A", True, "all is well"), "ok   A: all is well"),
        (Check("A", False, "it is not", "Mend it."), "FAIL A: it is not. Mend it."),
        (Check("A", False, "It is not.", "Mend it."), "FAIL A: It is not. Mend it."),
    ],
)
def test_what_was_found_and_what_to_do_are_two_sentences(check: Check, line: str) -> None:
    assert written(check) == line


@pytest.mark.parametrize(
    ("token", "none", "odd"),
    [
        (f"110201543:{LETTERS}", False, False),
        ("123:ABC", False, True),
        ("hello", True, True),
        (f":{LETTERS}", True, True),
        ("bot110201543", True, True),
    ],
)
def test_what_is_no_token_is_told_from_one_without_showing_it(token: str, none: bool, odd: bool) -> None:
    assert is_no_token(token) is none
    assert bool(odd_form(token)) is odd
    assert token not in odd_form(token)


@pytest.mark.parametrize("host", ["foo.invalid", "192.0.2.1"])
def test_an_address_that_is_not_of_this_machine_is_named_and_not_the_port(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AddressUnavailable) as told:
        listening.listen(Web(host=host, port=0), needed=True)
    assert listening.listen_for_metrics(Web(host=host, metrics=9101)) is None
    for text in (str(told.value), caplog.messages[-1]):
        assert host in text and "BELLWETHER_WEB__HOST" in text and "0.0.0.0" in text
        assert "another program" not in text


def test_a_port_that_another_program_has_is_still_told_as_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AddressUnavailable) as told:
        listening.listen(Web(port=taken.getsockname()[1]), needed=True)
    assert "is another program using it? Set BELLWETHER_WEB__PORT to a free port" in str(told.value)


def test_a_thread_that_waits_for_work_ends_with_the_service_and_looks_like_no_question_still_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "_pools", WeakSet())  # those of other tests go on
    idle, busy, go_on = pools.pool(1, "idle-of-a-test"), pools.pool(1, "busy-of-a-test"), threading.Event()
    idle.submit(int).result()
    under_way, waiting = busy.submit(go_on.wait), busy.submit(int)
    (thread,) = [thread for thread in threading.enumerate() if thread.name.startswith("idle-of-a-test")]
    pools.shut_down()
    thread.join(60)
    assert not thread.is_alive()
    assert waiting.cancelled() and not under_way.done()
    go_on.set()
    assert under_way.result(60)


def test_a_miss_of_one_day_is_of_1_day(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    told = "\n".join(sentences.lines(forecasts.track_record(services)))
    assert ", 1 day: " in told and " 1 days" not in told
    services.store.close()


def test_an_address_without_a_scheme_is_told_as_that() -> None:
    with Client("127.0.0.1:27100") as api, pytest.raises(NoAnswer, match=r"begin with http:// or https://"):
        api.status()
    with pytest.raises(NoAnswer, match=r"begin with http:// or https://"):
        asyncio.run(AsyncClient("127.0.0.1:27100").status())
