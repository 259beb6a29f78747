"""Proxies and certificates that cannot be used: one sentence, and everything else goes on."""

import asyncio
import logging
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwether.core.config import load_settings
from bellwether.core.connections import Part, faults, faults_for, naming_the_fault
from bellwether.core.errors import ConfigError
from bellwether.core.logs import _Discreet, secrets_of
from bellwether.delivery.channels.webhook import WebhookChannel
from bellwether.delivery.webhooks import webhook_outbox_table
from bellwether.jobs.doctor import examine
from bellwether.services import Services
from bellwether.webhooks.events import event_of
from bot.telegram.client import make_bot
from bot.telegram.one_shot import check_token
from scheduler import Timetable
from tests.support.ports import free_port
from tests.test_command_line import ROOT, _eventually, environment, run

TOKEN = "123456789:only-a-token-for-tests-which-nobody-knows"
_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_FILES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSLKEYLOGFILE")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxies and certificates but those that a test names."""
    for name in (*_VARIABLES, *_FILES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("variable", "value", "parts"),
    [
        ("NO_PROXY", "localhost,fd07::/64", "Telegram"),
        ("NO_PROXY", "[::1]", "Telegram"),
        ("no_proxy", "[fd07::1]:443", "Telegram"),
        ("NO_PROXY", "::1/128,10.0.0.1", "Telegram"),
        ("NO_PROXY", "host:port", "Telegram"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080", "Telegram"),
        ("all_proxy", "socks5h://127.0.0.1:1080", "Telegram"),
        (
            "HTTPS_PROXY",
            "http://me:s3cret@proxy:port",
            "Telegram, The heartbeat, The time stamp authority, Yahoo Finance",
        ),
        (
            "HTTPS_PROXY",
            "http://me:s3 cret@proxy:3128",
            "Telegram, The heartbeat, The time stamp authority, Yahoo Finance",
        ),
        ("HTTPS_PROXY", "http://[::1", "Telegram, The heartbeat, The time stamp authority, Yahoo Finance"),
        ("HTTP_PROXY", "http://", "Telegram, The heartbeat, The time stamp authority, Yahoo Finance"),
        ("https_proxy", "ftp://proxy:21", "Telegram, The heartbeat, The time stamp authority, Yahoo Finance"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "Telegram, The heartbeat, The time stamp authority"),
        ("SSL_CERT_FILE", str(ROOT), "Telegram, The heartbeat, The time stamp authority, Yahoo Finance"),
        ("SSL_CERT_FILE", str(ROOT / "LICENSE"), "Telegram, The heartbeat, The time stamp authority, Yahoo Finance"),
        ("SSL_CERT_DIR", "/nowhere", "Telegram"),
        ("REQUESTS_CA_BUNDLE", "/nowhere", "Yahoo Finance"),
        ("CURL_CA_BUNDLE", "/nowhere", "Yahoo Finance"),
        ("SSLKEYLOGFILE", "/nowhere/keys", "Telegram, The heartbeat, The time stamp authority, Webhooks"),
        ("NO_PROXY", "localhost,127.0.0.1,::1,10.0.0.0/8,.corp,*.corp,host:80,*, ,http://x", ""),
        ("HTTPS_PROXY", "localhost:3128", ""),
        ("HTTPS_PROXY", "http://me:s3%20cret@[::1]:3128", ""),
        ("SSL_CERT_DIR", str(ROOT), ""),
    ],
)
def test_a_variable_that_nobody_can_connect_by_is_named(variable: str, value: str, parts: str) -> None:
    wrong = faults({variable: value})
    assert ", ".join(sorted(part.value for fault in wrong for part in fault.parts)) == parts
    for fault in wrong:
        assert str(fault).startswith(f"The environment variable {variable} ")
        assert str(fault).endswith(" and start again.")
        assert "s3" not in str(fault)
        assert "\n" not in str(fault)


@settings(deadline=None, max_examples=200)
@given(st.text("abc:/[]@.*0123456789 ,%-", max_size=24), st.sampled_from(_VARIABLES))
@example("0: ", "HTTP_PROXY")
@example("81]%@[::", "HTTP_PROXY")
def test_whatever_stops_the_library_is_found_before(value: str, variable: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in (*_VARIABLES, *_FILES):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        patch.setenv(variable, value)
        try:
            httpx.Client(verify=False).close()  # nobody is asked; authorities take long to read
        except Exception:  # whatever it is, a person needs the variable's name
            assert [fault.variable for fault in faults({variable: value})] == [variable]


@pytest.mark.parametrize(("variable", "value"), [("NO_PROXY", "[::1]"), ("SSL_CERT_FILE", str(ROOT / "LICENSE"))])
def test_the_bot_that_cannot_connect_says_why(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=f"^Telegram is out: the environment variable {variable} "):
        make_bot(load_settings(telegram={"token": TOKEN}).telegram)


def test_what_no_variable_explains_is_one_sentence_too(caplog: pytest.LogCaptureFixture) -> None:
    @naming_the_fault(Part.WEBHOOKS)
    def make() -> None:
        raise ImportError("http://me:s3cret@proxy")

    with pytest.raises(
        ConfigError, match=r"^Webhooks is out: no connection can be set up \(ImportError\); look at"
    ) as told:
        make()
    assert "s3cret" not in str(told.value)
    assert told.value.__cause__ is None
    assert "ImportError" in caplog.text


@pytest.mark.parametrize("raised", [TypeError, AttributeError, KeyError])
def test_a_fault_of_our_own_blames_no_variable_and_is_logged_with_its_place(
    raised: type[Exception], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NO_PROXY", "[::1]")
    address = "http://me:s3cret@proxy"

    @naming_the_fault(Part.TELEGRAM)
    def make() -> None:
        raise raised(address)

    with pytest.raises(ConfigError) as told:
        make()
    assert str(told.value).startswith(f"Telegram is out: it cannot be set up ({raised.__name__})")
    assert "PROXY" not in str(told.value)
    assert raised.__name__ in caplog.text
    assert "in make" in caplog.text
    assert "s3cret" not in caplog.text


def test_passwords_of_proxies_never_reach_the_log() -> None:
    told = {"HTTPS_PROXY": "http://me:s3%40cret@proxy:1", "all_proxy": "me:other@proxy", "HTTP_PROXY": "http://proxy:1"}
    assert set(secrets_of(told)) == {"s3%40cret", "s3@cret", "other"}
    line = logging.LogRecord("x", logging.INFO, "", 0, "no way to http://me:s3%40cret@proxy:1", None, None)
    written = _Discreet("", secrets_of(told)).format(line)
    assert written.endswith("no way to http://me:(password)@proxy:1")


@pytest.mark.parametrize("fallbacks", [[], ["sample"]])
def test_only_what_is_used_counts(fallbacks: list[str]) -> None:
    wrong = {"NO_PROXY": "[::1]", "REQUESTS_CA_BUNDLE": "/nowhere"}
    sample = load_settings(market={"source": "sample", "fallbacks": fallbacks})
    assert faults_for(sample, wrong) == ()
    yahoo = load_settings(market={"source": "yahoo", "fallbacks": fallbacks}, telegram={"token": TOKEN})
    assert [fault.variable for fault in faults_for(yahoo, wrong)] == ["NO_PROXY", "REQUESTS_CA_BUNDLE"]


def test_doctor_and_readiness_tell_of_it(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    from web.pages.health import readyz

    with_token = services.settings.telegram.model_copy(
        update={"token": load_settings(telegram={"token": TOKEN}).telegram.token}
    )
    services = replace(services, settings=services.settings.model_copy(update={"telegram": with_token}))
    monkeypatch.setattr("bellwether.jobs.doctor.calendars", tuple)
    assert {one.name: one for one in examine(services)}["Connections"].ok
    monkeypatch.setenv("NO_PROXY", "fd07::/64")
    told = {one.name: one for one in examine(services)}["Connections"]
    assert not told.ok
    assert "NO_PROXY holds 'fd07::/64'" in told.detail
    telegram = asyncio.run(check_token(services))
    assert not telegram.ok
    assert "NO_PROXY" in telegram.detail
    assert "NO_PROXY" not in bytes(readyz(services).body).decode(), "the parts were started without it"
    services = replace(services, faults=faults_for(services.settings))
    with monkeypatch.context() as patch:
        patch.setattr("bellwether.core.connections._unreadable", lambda path: pytest.fail("read for each probe"))
        patch.setenv("SSL_CERT_FILE", "/nowhere")
        body = bytes(readyz(services).body).decode()
    assert '"status":"degraded"' in body
    assert "NO_PROXY" in body
    assert "fd07" not in body


def test_webhooks_that_cannot_be_sent_are_told_once_and_kept(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys")
    with services.store.transaction() as db:
        webhook_outbox_table.enqueue(db, 1, "evt_1", "{}", services.clock())

    async def twice() -> None:
        timetable, channel = (
            Timetable(services),
            WebhookChannel(services.store, services.clock, event_of, private=False),
        )
        for _ in range(2):
            await timetable._deliver(channel)

    asyncio.run(twice())
    (told,) = [record.message for record in caplog.records if "SSLKEYLOGFILE" in record.message]
    assert told.startswith("Webhooks is out: the environment variable SSLKEYLOGFILE names the file /nowhere/keys")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        ("HTTPS_PROXY", "http://me:s3cret@proxy:port"),
    ],
)
def test_the_real_service_goes_on_without_telegram(tmp_path: Path, variable: str, value: str) -> None:
    port = free_port()
    told = environment(
        tmp_path, WEB__PORT=str(port), TELEGRAM__TOKEN=TOKEN, TELEGRAM__BASE_URL="https://127.0.0.1:9/bot"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "bellwether", "serve"],
        cwd=ROOT,
        env=told | {variable: value},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(urllib.request, "urlopen", opener.open)
            assert "Apple" in _eventually(f"http://127.0.0.1:{port}/")
            assert '"symbol":"AAPL"' in _eventually(f"http://127.0.0.1:{port}/api/v1/forecasts/AAPL")
            assert "degraded" in _eventually(f"http://127.0.0.1:{port}/readyz")
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "s3cret" not in errors
    (line,) = [line for line in errors.splitlines() if variable in line]
    assert "ERROR Telegram is out: the environment variable" in line


def test_where_neither_the_bot_nor_the_page_can_run_the_service_ends_with_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "[::1]")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(tmp_path, "serve", WEB__PORT=str(taken.getsockname()[1]), TELEGRAM__TOKEN=TOKEN)
    assert done.returncode == 78
    assert "Error: Telegram is out: the environment variable NO_PROXY" in done.stderr
    assert "Traceback" not in done.stderr
