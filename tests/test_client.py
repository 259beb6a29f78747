"""The Python client, against a real server process. Every example of its manual runs in test_api_manual."""

import ast
import asyncio
import inspect
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx
import pandas as pd
import pytest

import bellwether
from bellwether import client
from bellwether.ask import forecasts
from bellwether.client import (
    ApiError,
    AsyncClient,
    AsyncOperator,
    Client,
    NoAnswer,
    Operator,
    TooManyRequests,
    frame,
)
from bellwether.client.answers.alerts import Kind, RuleAnswer
from bellwether.client.answers.wire import LEVELS, LONGEST_HORIZON
from bellwether.client.calls import Call, delete, get, post
from bellwether.client.protocol import VERSION, pause
from bellwether.core import types
from bellwether.core.alert_types import Direction, Repeat, RuleKind
from bellwether.forecasting.to_json import forecast_json
from tests.support.service import command, service
from tests.support.synchronous_client import MADE, synchronous
from tests.support.talk import Talk
from tests.support.web import sample_services
from tests.support.webhook_server import Receiver, receiving

NEEDED = {"httpx", "pydantic", "pydantic_core", "typing_extensions"}  #: the last two come with pydantic
EXTRAS = {"pandas", "httpx_sse"}  #: for frames and streams
ADMIN = "the-operators-own-token-of-40-characters"


@dataclass
class Running:
    """A service, a key of it, and a receiver of webhooks."""

    base: str
    key: str
    receiver: Receiver


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    settings = {"API__BARS": "true", "API__PRIVATE_WEBHOOKS": "true", "API__ADMIN_TOKEN": ADMIN}
    key = command(folder, "keys", "create", "--owner", "Ada", "--plan", "business").strip()
    with receiving() as receiver, service(folder, **settings) as base:
        yield Running(base, key, receiver)


@pytest.fixture
def api(running: Running) -> Iterator[Client]:
    with Client(running.base, running.key) as one:
        yield one


def test_chat_page_command_line_and_api_give_the_same_numbers(api: Client, running: Running, tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    from_the_api = api.forecast("AAPL", "2w")
    from_here = forecast_json(forecasts.answer(services, "AAPL", 10).forecast)
    from_the_command_line = json.loads(command(tmp_path, "forecast", "AAPL", "--horizon", "2w", "--json"))
    for other in (from_here, from_the_command_line):
        assert from_the_api == other | {"made_at": from_the_api["made_at"]}
    low, high = (f"${from_the_api['quantiles'][level]:.2f}" for level in ("0.1", "0.9"))
    for said in (httpx.get(f"{running.base}/stocks/AAPL?horizon=10").text, Talk(services).say("AAPL 2w")):
        assert low in said and high in said


def test_symbols_are_sent_as_they_are(api: Client) -> None:
    assert api.forecast("^GSPC")["symbol"] == "^GSPC"
    for odd in ("../status", "AAPL/../../status", "AAPL?x=1", "AAPL#x", "%2e%2e", "A\nB"):
        with pytest.raises(ApiError) as refused:
            api.forecast(odd)
        assert refused.value.status in {400, 404}


def test_a_problem_says_what_to_do(api: Client) -> None:
    with pytest.raises(ApiError, match="APPL") as refused:
        api.forecast("APPL")
    assert (refused.value.code, refused.value.suggestions) == ("unknown_symbol", ["AAPL"])
    assert refused.value.request_id in str(refused.value)


def test_a_frame_has_the_numbers_and_real_days(api: Client) -> None:
    items = api.forecasts(["AAPL", "NOPE-NOPE", "MSFT"])
    table = frame(items)
    assert list(table["symbol"]) == ["AAPL", "MSFT"]
    first = items[0]["forecast"]
    assert first is not None and table["quantiles.0.9"][0] == first["quantiles"]["0.9"]
    assert table["target_session"][0] == pd.Timestamp(first["target_session"])
    assert frame([]).empty


def test_an_operator_makes_changes_and_ends_keys_by_either_client(running: Running) -> None:
    async def by_the_other() -> list[Any]:
        async with AsyncOperator(running.base, ADMIN) as operator:
            number = (await operator.add_key("Bob", "trader", scopes=["read"]))["about"]["id"]
            changed = await operator.change_key(number, own_terms={"changes": {"batch_size": 7}})
            again = await operator.rotate_key(number, overlap_days=0)
            ended = await operator.revoke_key(number)
            owners = [one["owner"] for one in await operator.keys()]
            return [changed["in_force"]["batch_size"], again["about"]["scopes"], bool(ended["revoked_at"]), owners[-1]]  # type: ignore[index]

    assert asyncio.run(by_the_other()) == [7, ["read"], True, "Bob"]
    with Operator(running.base, ADMIN) as operator:
        made = operator.add_key("Eve", expires_at="2099-01-01T00:00:00Z")
        number = made["about"]["id"]
        with Client(running.base, made["key"]) as api:
            assert api.usage()["plan"] == "free"
            operator.change_key(number, plan="trader")
            assert api.usage()["plan"] == "trader"
            newer = operator.rotate_key(number, overlap_days=0)["key"]
            with pytest.raises(ApiError, match="expired_key"):
                api.usage()
        assert operator.revoke_key(number)["revoked_at"] and newer != made["key"]
    with Operator(running.base, running.key) as nobody, pytest.raises(ApiError, match="bad_key"):
        nobody.keys()


def test_lists_are_read_page_by_page(api: Client) -> None:
    assert len(list(api.universe())) == api.status()["symbols"]


def test_the_asynchronous_client_answers_the_same(api: Client, running: Running) -> None:
    async def ask() -> tuple[Any, ...]:
        async with AsyncClient(running.base, running.key) as other:
            return (
                await other.forecast("AAPL"),
                [instrument async for instrument in other.universe()],
                await other.models(),
                await other.forecasts(["AAPL"]),
            )

    assert asyncio.run(ask())[:3] == (api.forecast("AAPL"), list(api.universe()), api.models())


@pytest.mark.parametrize(
    ("kind", "asynchronous", "least"), [(Client, AsyncClient, 25), (Operator, AsyncOperator, 30)], ids=["all", "keys"]
)
def test_both_clients_have_the_same_methods(kind: type, asynchronous: type, least: int) -> None:
    def methods(kind: type) -> dict[str, str]:
        found = inspect.getmembers(kind, inspect.isfunction)
        return {name: str(inspect.signature(one).parameters) for name, one in found if not name.startswith("_")}

    ours, theirs = methods(kind), methods(asynchronous)
    theirs["close"] = theirs.pop("aclose")
    assert ours == theirs and len(ours) >= least


def test_the_synchronous_client_is_what_the_asynchronous_one_makes() -> None:
    assert MADE.read_text(encoding="utf-8") == synchronous(), "run: make client"
    assert MADE.read_text(encoding="utf-8").startswith("# Generated with unasync")


def test_what_the_client_must_know_of_the_service_is_the_services() -> None:
    assert tuple(str(level) for level in types.LEVELS) == LEVELS and types.MAX_HORIZON == LONGEST_HORIZON
    assert bellwether.__version__ == VERSION
    rule = get_type_hints(RuleAnswer)
    for literal, kind in ((Kind, RuleKind), (rule["direction"], Direction), (rule["repeat"], Repeat)):
        assert get_args(literal) == tuple(one.value for one in kind)


def answered(status: int, retry_after: float | None = None) -> ApiError:
    kind = TooManyRequests if status == 429 else ApiError
    return kind({"code": "x"}, status, retry_after)


ASK, CHANGE, REMOVE = get("status"), post("rules", json={}), delete("rules", 1)


@pytest.mark.parametrize(
    ("call", "tried", "error", "again"),
    [
        (ASK, 1, httpx.ReadTimeout(""), True),
        (ASK, 4, httpx.ReadTimeout(""), False),
        (CHANGE, 1, httpx.ReadTimeout(""), False),
        (REMOVE, 1, httpx.ReadTimeout(""), False),
        (CHANGE, 1, httpx.ConnectError(""), True),
        (ASK, 1, answered(503), True),
        (CHANGE, 1, answered(503), False),
        (ASK, 1, answered(500), False),
        (ASK, 1, answered(404), False),
        (ASK, 1, answered(401), False),
        (ASK, 1, answered(429, 3), True),
        (CHANGE, 1, answered(429, 3), True),
        (ASK, 1, answered(429, 3600), False),
        (ASK, 1, answered(429), False),
    ],
)
def test_only_what_is_safe_is_asked_again(call: Call, tried: int, error: Any, again: bool) -> None:
    wait = pause(call, tried, error)
    assert (wait is not None) == again
    assert not isinstance(error, TooManyRequests) or not again or wait == 3


def test_a_moment_of_trouble_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("bellwether.client.synchronous.time.sleep", waits.append)
    left = [httpx.Response(503), httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={"a": 1})]
    with Client("http://nowhere.invalid") as api:
        api._http = httpx.Client(
            base_url="http://nowhere.invalid", transport=httpx.MockTransport(lambda _: left.pop(0))
        )
        assert api.status() == {"a": 1}
    assert len(waits) == 2 and waits[1] == 7


def test_a_service_that_is_not_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bellwether.client.synchronous.time.sleep", lambda _: None)
    with Client("http://127.0.0.1:9") as api, pytest.raises(NoAnswer):
        api.status()


def test_webhooks_arrive_from_the_running_service(api: Client, running: Running) -> None:
    hook = api.add_webhook(f"{running.receiver.url}/running")
    event_id = api.test_webhook(hook["id"])
    deadline = time.monotonic() + 30
    while not any(request.headers.get("webhook-id") == event_id for request in running.receiver.requests):
        assert time.monotonic() < deadline, "no webhook came"
        time.sleep(0.05)
    while not (tried := list(api.attempts(hook["id"]))):
        assert time.monotonic() < deadline
    assert (tried[0]["event_id"], tried[0]["status"]) == (event_id, 200)
    api.remove_webhook(hook["id"])


def test_a_stream_begins_ends_with_the_key_and_takes_no_more_than_it_can(running: Running, tmp_path: Path) -> None:
    with Client(running.base, running.key) as api:
        streams = [httpx.Client(base_url=running.base, headers={"Authorization": f"Bearer {running.key}"})] * 5
        opened = [
            stream.send(stream.build_request("GET", "/api/v1/stream?symbols=AAPL"), stream=True)
            for stream in streams[:5]
        ]
        assert [one.status_code for one in opened] == [200] * 5
        with pytest.raises(ApiError) as refused:
            next(api.stream())
        assert refused.value.code == "limit_reached"
        for one in opened:
            one.close()
        with pytest.raises(ApiError) as wrong:
            next(api.stream(last_event_id="nonsense"))
        assert wrong.value.code == "bad_request"


def streamed(monkeypatch: pytest.MonkeyPatch, content: bytes, kind: str = "text/event-stream") -> list[Any]:
    """The events that a client makes of these bytes."""
    answer = httpx.Response(200, headers={"Content-Type": kind}, content=content)
    with Client("http://nowhere.invalid") as api:
        transport = httpx.MockTransport(lambda _: answer)
        monkeypatch.setattr(api, "_http", httpx.Client(base_url="http://nowhere.invalid", transport=transport))
        return list(api.stream())


def test_the_lines_of_a_stream_become_events(monkeypatch: pytest.MonkeyPatch) -> None:
    text = ': alive\n\nevent: alert\nid: a7-f9\ndata: {"name":"A\u2028\x85B"}\n\n: alive\n\ndata: {}\n\ndata: {"cut'
    assert streamed(monkeypatch, text.encode()) == [
        {"type": "alert", "id": "a7-f9", "data": {"name": "A\u2028\x85B"}},
        {"type": "message", "id": "a7-f9", "data": {}},  # by the standard an id holds until the next
    ]


def test_a_page_of_a_proxy_is_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoAnswer):
        streamed(monkeypatch, b"<html>", "text/html")


def test_whoever_lacks_a_library_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in EXTRAS:
        monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, "bellwether.client.sse", raising=False)
    with pytest.raises(ModuleNotFoundError, match="not installed: please run `pip install pandas`"):
        frame([])
    with Client("http://nowhere.invalid") as api:
        for _ in range(2):
            with pytest.raises(ModuleNotFoundError, match="not installed: please run `pip install httpx-sse`"):
                next(api.stream())


def test_the_client_loads_nothing_of_the_service() -> None:
    code = "import bellwether.client, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "numpy", "onnxruntime", "fastapi", "sqlite_utils", "httpx_sse"} & set(loaded)
    ours = {name for name in loaded if name.startswith("bellwether")}
    assert {name for name in ours if not name.startswith("bellwether.client")} == {"bellwether"}


def test_the_client_works_away_from_the_service(tmp_path: Path) -> None:
    shutil.copytree(Path(client.__file__).parent, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("__pycache__"))
    code = f"""if True:
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from pydantic import TypeAdapter
        from elsewhere.answers.forecast import ForecastAnswer
        print(TypeAdapter(ForecastAnswer).json_schema()["title"], "bellwether" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stdout == "ForecastAnswer False\n", done.stderr


def test_the_client_names_only_itself_and_the_two_libraries_it_needs() -> None:
    for path in Path(client.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                first = name.partition(".")[0]
                assert first in sys.stdlib_module_names | NEEDED | EXTRAS, f"{path.name} imports {name}"


def test_the_client_exports_what_the_manual_names() -> None:
    assert set(client.__all__) >= {"Client", "AsyncClient", "Operator", "AsyncOperator", "frame"}
