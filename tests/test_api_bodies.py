"""Bodies of requests: no valid one is too long, and none is a fault of ours, whatever it is and however it comes."""

import asyncio
import gzip
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bellwether.core.plans import MOST_ITEMS, PLANS, Plan
from tests.support.api import STRANGER, Api
from tests.support.web import served
from web.api.caller import Caller
from web.api.forecasts import BatchQuestion
from web.api.requests import MOST_BODY
from web.middleware import request_body
from web.middleware.priority import Priority
from web.middleware.request_body import RequestBody
from web.problems import HttpProblem

JSON = {"content-type": "application/json"}
TOKEN = "an-operators-token-of-forty-characters!!"
DESCRIBED = json.loads(Path("docs/openapi.json").read_text(encoding="utf-8"))
WITH_BODY = [
    (path, method)
    for path, operations in DESCRIBED["paths"].items()
    for method, operation in operations.items()
    if "requestBody" in operation
]
CPU = 2.0  #: seconds of work that no body is worth; the worst here takes a tenth of one


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(tmp_path_factory.mktemp("bodies"), api={"limits": False, "admin_token": TOKEN})


@pytest.fixture(scope="module")
def key(api: Api) -> str:
    return api.key()


def escaped(number: int, length: int) -> str:
    """A text that differs by its number, of characters that JSON can write as two halves of six bytes each."""
    return "\N{GRINNING FACE}" * (length - 4) + "".join(chr(0x1F600 + int(digit)) for digit in f"{number:04}")


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("indent", [None, 4], ids=["compact", "for people"])
def test_the_longest_valid_batch_of_every_plan_is_answered(api: Api, plan: str, indent: int | None) -> None:
    symbols = [escaped(number, 100) for number in range(PLANS[plan].batch_size)]
    question = {"symbols": symbols, "horizon": "two weeks", "as_of": "2021-06-30"}
    BatchQuestion.model_validate(question)
    body = json.dumps(question, indent=indent).encode()
    assert len(body) > PLANS[plan].batch_size * 1200
    answer = api.ask("POST", "/forecasts", api.key(plan), content=body, headers=JSON)
    assert (answer.status_code, answer.json()["failed"]) == (207, len(symbols)), (
        "nothing is called that, and it says so"
    )


@pytest.mark.parametrize(("path", "method"), WITH_BODY)
def test_no_body_that_the_description_allows_is_longer_than_the_limit(path: str, method: str) -> None:
    content = DESCRIBED["paths"][path][method]["requestBody"]["content"]["application/json"]
    assert 0 < longest(content["schema"]) <= MOST_BODY
    assert f"{MOST_BODY:,} bytes" in DESCRIBED["paths"][path][method]["responses"]["413"]["description"]


def longest(schema: dict[str, Any]) -> int:
    """Bytes of the longest JSON that a schema allows, every character written as two halves."""
    if "$ref" in schema:
        return longest(DESCRIBED["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return max(longest(one) for one in schema["anyOf"])
    if "enum" in schema:
        return max(len(json.dumps(one)) for one in schema["enum"])
    match schema["type"]:
        case "string":
            return int(schema["maxLength"]) * 12 + 2 if "format" not in schema else 40
        case "array":
            return int(schema["maxItems"]) * (longest(schema["items"]) + 32)
        case "object" if schema.get("additionalProperties") is True:
            plan = Plan.model_json_schema()  # the terms of a key's own
            return longest(plan)
        case "object":
            return sum(len(name) + 32 + longest(one) for name, one in schema["properties"].items())
        case "integer" | "number" | "boolean" | "null":
            return 40
    raise AssertionError(schema)


def test_a_thousand_symbols_of_a_plan_can_be_given_to_a_key(api: Api) -> None:
    changes = {"symbols": [escaped(number, 30) for number in range(1000)]}
    body = json.dumps({"owner": "Ada", "own_terms": {"changes": changes}}).encode()
    answer = api.ask("POST", "/admin/keys", TOKEN, content=body, headers=JSON)
    assert answer.status_code == 201 and answer.json()["about"]["in_force"]["symbols"] == changes["symbols"]


@pytest.mark.parametrize("address", ["/forecasts", "/rules", "/webhooks"])
def test_an_oversized_body_is_refused_before_it_is_read(api: Api, key: str, address: str) -> None:
    answer = api.ask("POST", address, key, content=b" " * (MOST_BODY + 1), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert f"{MOST_BODY:,} bytes" in answer.json()["detail"] and answer.headers["connection"] == "close"


def test_nobody_but_the_operator_has_a_body_read_for_the_operators_address(api: Api, key: str) -> None:
    too_long = b" " * (MOST_BODY + 1)
    for sent, status in ((None, 401), (key, 401), (TOKEN, 413)):
        assert api.ask("POST", "/admin/keys", sent, content=too_long, headers=JSON).status_code == status


def filled(before: bytes, unit: bytes, after: bytes) -> bytes:
    """As long as a body may be."""
    return before + unit * ((MOST_BODY - 60 - len(before) - len(after)) // len(unit)) + after


def half(before: bytes, opening: bytes, closing: bytes, after: bytes) -> bytes:
    """The same, of what is opened and closed as often."""
    times = (MOST_BODY - 60) // (len(opening) + len(closing)) - 10
    return before + opening * times + closing * times + after


DIGITS = b"9" * 600_000
HOSTILE = {
    "deep": b"[" * (MOST_BODY - 60),
    "deep within": half(b'{"symbols":', b"[", b"]", b"}"),
    "deep objects": half(b"", b'{"a":', b"}", b"")[:-1],
    "often deep": filled(b'{"symbols":[', b"[" * 900 + b"]" * 900 + b",", b"0]}"),
    "lists": filled(b'{"symbols":[', b"[],", b"0]}"),
    "objects": filled(b'{"symbols":[', b"{},", b"0]}"),
    "numbers": filled(b'{"symbols":[', b"1,", b"0]}"),
    "a long number": b'{"symbols":["AAPL"],"horizon":' + DIGITS + b"}",
    "a long number below zero": b'{"symbols":["AAPL"],"horizon":-' + DIGITS + b"}",
    "a long power": b'{"symbols":["AAPL"],"horizon":1e' + DIGITS + b"}",
    "a long fraction": b'{"symbols":["AAPL"],"horizon":0.5' + DIGITS + b"}",
    "long numbers": filled(b'{"symbols":[', b"9" * 4300 + b",", b"0]}"),
    "infinity": b'{"symbols":["AAPL"],"horizon":1e999}',
    "no number": b'{"symbols":["AAPL"],"horizon":NaN}',
    "names without end": ("{" + ",".join(f'"{number:x}":0' for number in range(60_000)) + "}").encode(),
    "a name without end": filled(b'{"symbols":["AAPL"],"', b"k", b'":1}'),
    "one name again and again": filled(b"{", b'"symbols":[7],', b'"symbols":[7]}'),
    "too many symbols": filled(b'{"symbols":[', b'"a",', b'"a"]}'),
    "a symbol without end": filled(b'{"symbols":["', b"a", b'"]}'),
    "half a letter": b'{"symbols":["\\ud800"]}',
    "half letters": filled(b'{"symbols":[', b'"\\ud800",', b'"\\udfff"]}'),
    "half letters in one": filled(b'{"symbols":["', b"\\ud800", b'"]}'),
    "half a letter in a name": b'{"symbols":["AAPL"],"\\ud800":1}',
    "UTF-16": '{"symbols":[]}'.encode("utf-16"),
    "no UTF-8": b'{"symbols":["\xff"]}',
    "a mark in front": b'\xef\xbb\xbf{"symbols":[]}',
    "cut off": b'{"symbols":["AAPL"',
    "nothing": b"",
    "null": b"null",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("address", ["/forecasts", "/rules", "/webhooks", "/admin/keys", "terms"])
def test_no_body_is_a_fault_of_ours_or_much_work(api: Api, key: str, address: str, body: bytes) -> None:
    token = key
    if address in {"/admin/keys", "terms"}:
        token = TOKEN
    if address == "terms":
        address, body = "/admin/keys", b'{"owner":"Ada","own_terms":{"changes":' + body + b"}}"
    body = body.replace(b'["AAPL"],"horizon"', b'7,"threshold"') if address == "/rules" else body
    assert len(body) <= MOST_BODY
    before = time.process_time()
    answer = api.ask("POST", address, token, content=body, headers=JSON)
    assert time.process_time() - before < CPU
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"].startswith("bad_") and 20 < len(problem["detail"]) < 400, problem
    assert len(answer.content) < 2000


def test_of_a_name_that_comes_twice_the_last_one_counts(api: Api, key: str) -> None:
    body = b'{"symbols": ["MSFT"], "symbols": ["AAPL"]}'
    answer = api.ask("POST", "/forecasts", key, content=body, headers=JSON)
    assert [one["asked"] for one in answer.json()["items"]] == ["AAPL"]


def test_half_a_letter_in_a_symbol_of_ones_own_terms_is_refused(api: Api) -> None:
    body = b'{"owner":"Ada","own_terms":{"changes":{"symbols":["\\ud800"]}}}'
    answer = api.ask("POST", "/admin/keys", TOKEN, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_terms")


@cache
def bomb() -> bytes:
    """A hundred megabytes, packed into a body that is small enough."""
    packed = gzip.compress(b'{"symbols": ["' + b"A" * 100_000_000 + b'"]}')
    assert len(packed) < MOST_BODY
    return packed


@pytest.mark.parametrize("packing", ["gzip", "br", "deflate", "zstd", "gzip, gzip"])
def test_a_packed_body_is_never_unpacked(api: Api, key: str, packing: str) -> None:
    answer = api.ask("POST", "/forecasts", key, content=bomb(), headers=JSON | {"content-encoding": packing})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_body")


Parts = AsyncIterator[bytes]


async def ask(
    app: ASGIApp, parts: Parts, who: str = STRANGER[0], key: str = "", leaves: bool = False, operator: bool = False
) -> Response:
    """One POST whose body comes in parts, of nobody knows what length; `leaves` goes before its end."""
    headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    headers += [(b"authorization", f"Bearer {key}".encode())] if key else []
    scope = {"type": "http", "method": "POST", "path": "/api/v1/forecasts", "raw_path": b"/api/v1/forecasts"} | {
        "query_string": b"", "headers": headers, "client": (who, 1), "server": ("x", 80), "scheme": "http",
        "state": {}, "caller": Caller(Plan(), is_operator=True) if operator else None,
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Message:
        try:
            return {"type": "http.request", "body": await anext(parts), "more_body": True}
        except StopAsyncIteration:
            return {"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    answer = Response(b"".join(one.get("body", b"") for one in sent[1:]), sent[0]["status"])
    answer.raw_headers = sent[0]["headers"]
    return answer


async def endless(size: int = 10_000, pause: Callable[[], Any] = lambda: asyncio.sleep(0)) -> Parts:
    """A body that goes on for ever."""
    while True:
        await pause()
        yield b" " * size


async def whole(body: bytes, until: asyncio.Event | None = None) -> Parts:
    """A body, whose last byte waits for something."""
    yield body[:-1]
    if until is not None:
        await until.wait()
    yield body[-1:]


def test_a_body_that_goes_on_for_ever_is_not_followed(api: Api, key: str) -> None:
    given = 0

    async def counted() -> Parts:
        nonlocal given
        async for part in endless():
            given += len(part)
            yield part

    answer = asyncio.run(ask(api.app, counted(), key=key))
    assert given <= MOST_BODY + 10_000
    assert answer.status_code == 413 and json.loads(answer.body)["code"] == "too_large"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_body_that_drips_is_given_up(api: Api, key: str) -> None:
    answer = asyncio.run(ask(api.app, endless(1, lambda: asyncio.sleep(0.01)), key=key))
    problem = json.loads(answer.body)
    assert (answer.status_code, problem["code"]) == (408, "too_slow") and "seconds" in problem["detail"]


@pytest.mark.usefixtures("impatient")
def test_a_connection_that_drips_is_closed(api: Api, key: str) -> None:
    head = f"POST /api/v1/forecasts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 99\r\n\r\n"
    with served(api.app) as base:
        place = urlsplit(base)
        with socket.create_connection((place.hostname, place.port), timeout=30) as line:
            line.sendall(head.encode() + b"{")
            heard = b"".join(iter(lambda: line.recv(65_536), b""))
    assert heard.startswith(b"HTTP/1.1 408 ") and b"too_slow" in heard


def test_a_body_that_breaks_off_is_free(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 1})
    answer = asyncio.run(ask(api.app, whole(b'{"symbols"'), key=key, leaves=True))
    assert (answer.status_code, json.loads(answer.body)["code"]) == (400, "bad_request")
    assert api.ask("POST", "/forecasts", key, json={"symbols": ["AAPL"]}).status_code == 200


def respond(request: Request, problem: HttpProblem) -> Response:
    return JSONResponse({"code": problem.code}, problem.kind.status)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that says how much it has read."""
    await PlainTextResponse(str(len(await Request(scope, receive).body())))(scope, receive, send)


def test_whoever_sends_slowly_holds_up_nobody() -> None:
    async def run() -> list[str]:
        app, done, answered = RequestBody(Priority(echo, at_once=1), respond), asyncio.Event(), []

        async def one(name: str, parts: Parts) -> None:
            assert (await ask(app, parts)).status_code == 200
            answered.append(name)

        slow = [asyncio.create_task(one("slow", whole(b"12", done))) for _ in range(9)]
        await asyncio.sleep(0)
        await one("quick", whole(b"12"))
        done.set()
        await asyncio.gather(*slow)
        return answered

    assert asyncio.run(run()) == ["quick", *["slow"] * 9]


def test_all_bodies_together_take_no_more_memory_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the largest bodies at once one address may send so many, all together so many, and then room is again."""
    monkeypatch.setattr(request_body, "MOST_OF_ONE", 3 * MOST_BODY)
    monkeypatch.setattr(request_body, "MOST_HELD", 10 * MOST_BODY)  # of which strangers may take half
    largest = b" " * MOST_BODY

    async def run() -> list[list[int]]:
        app = RequestBody(echo, respond)

        async def flood(senders: list[str]) -> list[int]:
            done = asyncio.Event()
            tasks = [asyncio.create_task(ask(app, whole(largest, done), who)) for who in senders]
            for _ in range(20):
                await asyncio.sleep(0)
            held = app._held.total()
            assert held <= request_body.MOST_HELD // 2
            operators = await ask(app, whole(largest), "203.0.113.9", operator=True)
            assert operators.status_code == 200, "there is room for whoever has a key"
            done.set()
            statuses = [answer.status_code for answer in await asyncio.gather(*tasks)]
            assert not app._held, "nothing is held when all have gone"
            return statuses

        one, two, local = "203.0.113.7", "203.0.113.8", "127.0.0.1"
        return [await flood([one] * 5), await flood([one] * 3 + [two] * 3), await flood([local] * 6)]

    by_one, by_two, by_local = asyncio.run(run())
    assert by_one == [200] * 3 + [429] * 2
    assert by_two == [200] * 5 + [429]
    assert by_local == [200] * 5 + [429], "a proxy here may speak for many, but memory is memory"


def test_the_sizes_fit_each_other() -> None:
    assert MOST_ITEMS * 100 * 12 < MOST_BODY < request_body.MOST_OF_ONE < request_body.MOST_HELD
