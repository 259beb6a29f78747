"""Where metrics are and who gets them; and what systemd is told of a service that serves them."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.ports import free_port
from tests.support.service import environment
from tests.support.web import Visitor, sample_services
from web.app import create_app

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "a-token-of-the-test"
PATIENCE = 60


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """In place of systemd: a socket of datagrams, named in the environment."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "100000")
        yield line


def test_they_are_on_the_page_unless_closed_or_moved(tmp_path: Path) -> None:
    for metrics, status in (("open", 200), ("off", 404), (9101, 404)):
        services = sample_services(tmp_path, web={"metrics": metrics})
        assert Visitor(create_app(services)).get("/metrics").status_code == status
        services.store.close()


@pytest.mark.parametrize(
    "sent",
    [None, "", "Bearer", "Bearer wrong-but-as-long", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer a-tokén"],
)
def test_where_a_token_is_set_nobody_else_gets_them(tmp_path: Path, sent: str | None) -> None:
    services = sample_services(tmp_path, web={"metrics_token": TOKEN})
    app = Visitor(create_app(services))
    answer = app.get("/metrics", **({} if sent is None else {"authorization": sent.encode()}))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "BELLWETHER_WEB__METRICS_TOKEN" in answer.text and len(answer.text.splitlines()) == 1
    assert TOKEN not in answer.text
    assert app.get("/metrics", authorization=f"bearer {TOKEN}").status_code == 200
    services.store.close()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="systemd is of Linux")
def test_a_port_of_its_own_starts_and_stops_with_the_service_and_so_does_what_systemd_hears(
    tmp_path: Path, manager: socket.socket
) -> None:
    page, metrics = free_port(), free_port()
    settings = {
        "WEB__PORT": str(page),
        "WEB__METRICS": str(metrics),
        "WEB__METRICS_TOKEN": TOKEN,
        "LOG__LEVEL": "DEBUG",
    }
    log = tmp_path / "log"  # a pipe that nobody empties would hold up a service that says much
    with log.open("w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "bellwether", "serve"],
            cwd=ROOT,
            env=environment(tmp_path, settings),
            stdin=subprocess.DEVNULL,
            stderr=lines,
        )
    try:
        assert manager.recv(100) == b"READY=1"
        assert {manager.recv(100) for _ in range(3)} == {b"WATCHDOG=1"}
        with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE, trust_env=False) as scraper:
            answer = scraper.get(f"http://127.0.0.1:{metrics}/metrics")
            assert answer.status_code == 200 and "bellwether_outbox_messages" in answer.text
            assert httpx.get(f"http://127.0.0.1:{metrics}/metrics").status_code == 401
            assert scraper.get(f"http://127.0.0.1:{metrics}/").status_code == 404
            assert scraper.get(f"http://127.0.0.1:{page}/metrics").status_code == 404
            assert scraper.get(f"http://127.0.0.1:{page}/healthz").status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    assert process.returncode == 0
    heard = manager.recv(100)
    while heard == b"WATCHDOG=1":
        heard = manager.recv(100)
    assert heard == b"STOPPING=1"
    said = log.read_text(encoding="utf-8")
    assert "Metrics" in said and TOKEN not in said and "Traceback" not in said
    socket.create_server(("127.0.0.1", metrics)).close()


def test_a_port_that_is_taken_is_one_sentence_and_the_page_goes_on(tmp_path: Path) -> None:
    page = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "bellwether", "serve"],
            cwd=ROOT,
            env=environment(tmp_path, {"WEB__PORT": str(page), "WEB__METRICS": str(port)}),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            said = ""
            while "Page and API" not in said:
                said += (line := process.stderr.readline())
                assert line, said
            assert httpx.get(f"http://127.0.0.1:{page}/healthz", timeout=PATIENCE).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
    (line,) = [line for line in said.splitlines() if "BELLWETHER_WEB__METRICS" in line]
    assert f"127.0.0.1:{port}" in line and "free port" in line
    assert "Traceback" not in said and process.returncode == 0
