"""docs/api.md, run: every example against a real server process, and none left out.

Each operation of docs/openapi.json must be asked for by an example with curl and by one in Python.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
import standardwebhooks

from bellwether.access import keys
from bellwether.access.keys import PREFIX
from bellwether.ask import forecasts
from bellwether.client import Client
from bellwether.client.answers.forecast import ProblemAnswer
from bellwether.core.plans import MOST_SYMBOLS, PLANS
from bellwether.core.types import MAX_HORIZON
from bellwether.services import Services
from bellwether.track_record.ledger import issue as issuing
from tests.support.service import environment, service
from tests.support.shapes import check_shape
from tests.support.web import sample_services
from tests.support.webhook_server import Receiver, receiving
from web.api.requests import MOST_BODY
from web.middleware import request_body

MANUAL = Path("docs/api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)
DESCRIBED = json.loads(Path("docs/openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {(method.upper(), path) for path, operations in DESCRIBED["paths"].items() for method in operations}
ADMIN = "the-operators-own-token-of-40-characters"
SETTINGS = {"API__BARS": "true", "API__PRIVATE_WEBHOOKS": "true", "API__ADMIN_TOKEN": ADMIN}
WRITTEN_BASE = "http://127.0.0.1:8000"
PATIENCE = 60  #: seconds
CURLRC = f"""
silent
show-error
fail-with-body
max-time = {PATIENCE}
write-out = "%{{stderr}}%{{method}} %{{url_effective}}\\n"
"""


def of(language: str) -> list[str]:
    """The blocks in one language."""
    return [text for found, text in BLOCKS if found == language]


def commands() -> list[str]:
    """What is to be typed, a line each."""
    return [line for block in of("sh") for line in block.replace("\\\n", " ").splitlines()]


def operation(method: str, url: str) -> tuple[str, str]:
    """What an address is called in the description; the address itself where it is none of it."""
    path = unquote(urlsplit(url).path)
    for known, template in OPERATIONS:
        if known == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return known, template
    return method, path


def comes_true(what: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether something does within a while."""
    deadline = time.monotonic() + seconds
    while not (true := what()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return true


@dataclass
class Running:
    """A service on the sample market in a process of its own, and a receiver of its webhooks."""

    folder: Path
    base: str
    key: str
    receiver: Receiver
    horizons: Iterator[int] = field(default_factory=lambda: iter(range(11, MAX_HORIZON + 1)))

    @contextmanager
    def beside(self) -> Iterator[Services]:
        """Services on the same database, as those of a command."""
        services = sample_services(self.folder, database={"path": self.folder / "service.sqlite3"})
        try:
            yield services
        finally:
            services.store.close()

    def new_key(self, plan: str = "business") -> str:
        """One more key."""
        with self.beside() as services:
            return keys.create(services.store, services.settings.api, "Ada", plan, datetime.now(UTC)).token

    def end(self, key: str) -> None:
        """Revoke a key: its streams end."""
        with self.beside() as services:
            keys.revoke(services.store, keys.number_of(services.store, key), datetime.now(UTC))

    def issue(self, horizon: int) -> str:
        """Enter a forecast of AAPL into the ledger of the service, as that of a living market would; its id."""
        with self.beside() as services:
            made = forecasts.answer(services, "AAPL", horizon)
            issuing.record(services.store, [issuing.row_of(made.outlook, made.forecast)])
        return made.forecast.forecast_id

    @contextmanager
    def something_happening(self, key: str, heard: Callable[[], bool]) -> Iterator[None]:
        """Forecasts are issued until one was heard of; then the key ends, and with it the stream."""

        def happen() -> None:
            try:
                for horizon in self.horizons:
                    self.issue(horizon)
                    if comes_true(heard, 2):
                        break
            finally:
                self.end(key)

        thread = threading.Thread(target=happen, daemon=True)
        thread.start()
        yield
        thread.join(PATIENCE)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service of all tests of this file, with a forecast in its ledger."""
    folder = tmp_path_factory.mktemp("service")
    with receiving() as receiver, service(folder, **SETTINGS) as base:
        one = Running(folder, base, "", receiver)
        one.issue(10)
        yield one


@pytest.fixture
def running(started: Running) -> Iterator[Running]:
    """The service as somebody knows it whose key and receiver are new."""
    with receiving() as receiver:
        yield replace(started, key=started.new_key(), receiver=receiver)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_command_of_the_manual_runs_and_every_operation_is_asked_for_with_curl(running: Running) -> None:
    (running.folder / ".curlrc").write_text(CURLRC)
    given = {"KEY": running.key, "ADMIN": ADMIN, "HOOK": running.receiver.url, "CURL_HOME": str(running.folder)}
    given["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = environment(running.folder, SETTINGS) | given | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    asked = set()
    for line in commands():
        assert line.startswith(("curl ", "python -m bellwether ")), f"not known how to run: {line}"
        if "/attempts" in line:  # the manual's reader is slower than this test
            assert comes_true(lambda: _attempts(running))
        ours = line.replace(WRITTEN_BASE, running.base)
        done = _follow(running, ours, given) if "/stream" in line else _run(ours, given, running.folder)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if line.startswith("curl "):
            method, _, url = done.stderr.strip().partition(" ")
            asked.add(operation(method, url))
    assert asked == OPERATIONS


def _run(line: str, given: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in a folder of the test's: some write files."""
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=given, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def _attempts(running: Running) -> bool:
    with Client(running.base, running.key) as api:
        return next(api.attempts(1), None) is not None


def _follow(running: Running, line: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run what reads a stream: it must begin, tell of a forecast, and end with its key."""
    key = running.new_key()
    with subprocess.Popen(
        ["sh", "-c", line], env=given | {"KEY": key}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None and reader.stderr is not None
        said = reader.stdout.readline()
        assert said.startswith(": "), said + reader.stderr.read()
        forecast_id = running.issue(next(running.horizons))
        while "data: " not in said and (more := reader.stdout.readline()):
            said += more
        running.end(key)
        said += reader.stdout.read()
        assert "event: forecast\n" in said and forecast_id in said, said
        return subprocess.CompletedProcess(line, reader.wait(PATIENCE), said, reader.stderr.read())


def test_every_python_example_of_the_manual_runs_and_every_operation_is_asked_for(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, said = _asked(monkeypatch), list[str]()
    known: dict[str, Any] = {"BASE": running.base, "KEY": running.key, "HOOK": running.receiver.url, "ADMIN": ADMIN}
    known["print"] = lambda *words: said.append(" ".join(words))
    clients = []
    for example in of("python"):
        code = compile(example, "docs/api.md", "exec")
        if ".stream(" not in example:
            exec(code, known)
            clients.append(known["api"])
            continue
        said.clear()
        key = running.new_key()
        with Client(running.base, key) as api, running.something_happening(key, lambda: bool(said)):
            exec(code, known | {"KEY": key, "api": api})
        assert set(said) == {"forecast AAPL"}
    for client in clients:
        client.close()
    assert asked == OPERATIONS
    _is_right(known, running)


def _asked(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """What is asked for from here on by httpx."""
    asked = set()
    for kind in (httpx.Client, httpx.AsyncClient):

        def send(self: Any, request: httpx.Request, *more: Any, _send: Any = kind.send, **named: Any) -> Any:
            asked.add(operation(request.method, str(request.url)))
            return _send(self, request, *more, **named)

        monkeypatch.setattr(kind, "send", send)
    return asked


def _is_right(known: dict[str, Any], running: Running) -> None:
    """What the examples came to."""
    assert known["forecast"]["symbol"] == "AAPL" and known["then"]["cutoff"] == "2021-06-30"
    assert known["failed"] == [] and list(known["table"]["symbol"]) == ["AAPL", "MSFT", "KO"]
    assert (known["meant"], known["candidates"][0]["symbol"]) == (None, "MSFT")
    assert set(known["revenue"]) == {1, 4} and known["smallest"] < known["largest"]
    assert known["card"]["model_id"] == known["model_id"] and known["proof"] and len(known["closes"]) == 5
    assert known["armed"] and "MSFT" in known["words"][0] and known["fired"] == []
    assert known["mine"] == [running.receiver.url] and known["working"] and known["newer"] != known["secret"]
    assert known["again"] == known["event_id"]
    assert all(0 < chance < 1 for chance in known["chances"])
    came = running.receiver.requests[0]
    assert came.headers["webhook-id"] == known["event_id"]
    assert known["receive"](came.body, came.headers)["type"] == "webhook.test"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        known["receive"](came.body.replace(b"test", b"tost"), came.headers)


def test_every_answer_in_the_manual_is_the_real_one(running: Running) -> None:
    with httpx.Client(base_url=running.base) as http:
        forecast = http.get("/api/v1/forecasts/AAPL?horizon=10").json()
        unknown = http.get("/api/v1/forecasts/APPL").json()
        ready = http.get("/readyz").json()
    with Client(running.base, running.key) as api:
        api.test_webhook(api.add_webhook(running.receiver.url)["id"])
    assert comes_true(lambda: bool(running.receiver.requests))
    came = json.loads(running.receiver.requests[0].body)
    shown, event, problem, ambiguous, stands = (json.loads(text) for text in of("json"))
    assert rounded(shown) == rounded(forecast | {"made_at": shown["made_at"]})
    assert event == came | {"timestamp": event["timestamp"]}
    assert problem == unknown | {"request_id": problem["request_id"]}
    for shown_problem in (problem, ambiguous):
        check_shape(ProblemAnswer, shown_problem)
    assert len(ambiguous["candidates"]) > 1, "the sample market has none of that kind"
    assert stands == ready


def rounded(value: Any) -> Any:
    """An answer as the manual shows it."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


def test_every_address_and_header_in_the_manual_is_a_real_one(running: Running) -> None:
    free = running.new_key("free")
    with httpx.Client(base_url=running.base, timeout=PATIENCE) as http:
        given = http.get("/api/v1/forecasts/AAPL", headers={"Authorization": f"Bearer {free}"}).headers
        listed = []
        for line in "".join(of("http")).splitlines():
            method, _, path = line.partition(" ")
            if path.startswith("/api/"):
                listed.append((method, path))
            elif path.startswith("/"):
                assert http.request(method, path.replace("{symbol}", "AAPL")).is_success, line
            else:
                assert_header(line, given)
    assert sorted(listed) == sorted(OPERATIONS), "each once"


def assert_header(line: str, given: httpx.Headers) -> None:
    """A header of an answer is like that of a real one; that of a request has a key."""
    name, _, value = line.partition(": ")
    if name == "Authorization":
        assert re.fullmatch(rf"Bearer {PREFIX}[0-9a-f]{{12}}_\.\.\.", value)
        return
    numbers = r"(?<=[rt]=)\d+"  # what is left just then
    assert re.sub(numbers, "", given[name]) == re.sub(numbers, "", value)


def test_the_plans_in_the_manual_are_those_that_there_are() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", MANUAL, re.MULTILINE
    )
    shown = {name: tuple(int(each.replace(",", "")) for each in numbers) for name, *numbers in rows}
    terms = ("requests_a_minute", "requests_a_day", "batch_size", "rules", "webhooks")
    assert shown == {name: tuple(getattr(plan, term) for term in terms) for name, plan in PLANS.items()}
    assert f"at most {MOST_SYMBOLS:,} symbols" in MANUAL


def test_nothing_in_the_manual_that_could_be_run_is_left_out() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "python", "http", "json"}
    assert MANUAL.count("```") == 2 * len(BLOCKS)
    prose = re.sub(r"^```(\w*)\n(.*?)^```$", "", MANUAL, flags=re.DOTALL | re.MULTILINE)
    assert not re.findall(r"^(?:    |\t).*", prose, re.MULTILINE), "indented text looks like an example: fence it"


def test_the_limits_of_a_body_are_in_the_manual() -> None:
    assert MANUAL.count(f"{MOST_BODY:,} bytes") == MANUAL.count(f"within {request_body.SECONDS:.0f} seconds") == 2
