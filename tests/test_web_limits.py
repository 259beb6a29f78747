"""The cache in front of the app, and how much one visitor may ask."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bellwether.access.addresses import MOST_ADDRESSES, RequestRateLimit
from bellwether.access.metering import Meter
from bellwether.core.config import Api
from tests.support.database import store_at
from tests.support.web import NOW, Visitor, sample_services
from web.app import create_app
from web.etag import is_known
from web.middleware.access import Access
from web.middleware.shared_cache import LARGEST, MOST_BYTES, SharedCache
from web.problems import HttpProblem


class Clock:
    """Seconds that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """An app that counts how often it is asked."""

    def __init__(self, body: str = "hello", control: str = "public, s-maxage=30", status: int = 200) -> None:
        self.asked = 0
        self._body, self._control, self._status = body, control, status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One answer, with its number."""
        self.asked += 1
        headers = {"Cache-Control": self._control, "ETag": 'W/"1"'}
        await PlainTextResponse(self._body, self._status, headers)(scope, receive, send)


def ask(app: ASGIApp, path: str = "/", client: str = "203.0.113.7", method: str = "GET", **headers: str) -> Response:
    """One request; what came back, as a response."""
    sent: list[Any] = []
    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    plain, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": plain, "raw_path": plain.encode(), "scheme": "http"} | {
        "query_string": query.encode(), "headers": names, "client": (client, 1), "state": {}
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    response = Response(body, sent[0]["status"])
    response.raw_headers = sent[0]["headers"]
    return response


def test_an_answer_is_given_again_until_its_time_is_over() -> None:
    app, clock = Counted(), Clock()
    cache = SharedCache(app, clock)
    assert [ask(cache).body for _ in range(3)] == [b"hello"] * 3
    assert app.asked == 1
    clock.now = 29.5
    assert ask(cache).headers["age"] == "29"
    clock.now = 30
    ask(cache)
    assert app.asked == 2


@pytest.mark.parametrize(
    "app",
    [
        Counted(control="no-cache"),
        Counted(control="public, max-age=60"),
        Counted(status=404),
        Counted(status=500),
        Counted("x" * (LARGEST + 1)),
    ],
    ids=["not for others", "for browsers only", "not there", "broken", "too large"],
)
def test_nothing_else_is_kept(app: Counted) -> None:
    cache = SharedCache(app)
    ask(cache), ask(cache)
    assert app.asked == 2


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/b"},
        {"path": "/a?x=1"},
        {"host": "other.example"},
        {"accept_encoding": "gzip"},
    ],
    ids=["path", "query", "host", "packing"],
)
def test_answers_to_different_questions_are_not_mixed_up(other: dict[str, str]) -> None:
    app = Counted()
    cache = SharedCache(app)
    ask(cache, "/a", host="one.example")
    ask(cache, **({"path": "/a", "host": "one.example"} | other))
    assert app.asked == 2


def test_those_who_ask_the_same_at_once_share_one_answer() -> None:
    asked = 0
    released = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        await released.wait()
        await PlainTextResponse("hello", headers={"Cache-Control": "s-maxage=30"})(scope, receive, send)

    async def crowd() -> list[bytes]:
        cache, bodies = SharedCache(slow), [b""] * 5
        scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b"", "headers": []}

        async def visit(number: int) -> None:
            async def send(message: Any) -> None:
                bodies[number] += message.get("body", b"")

            await cache(dict(scope), no_body, send)

        visits = [asyncio.create_task(visit(number)) for number in range(5)]
        await asyncio.sleep(0)
        released.set()
        await asyncio.gather(*visits)
        return bodies

    assert asyncio.run(crowd()) == [b"hello"] * 5
    assert asked == 1


@pytest.mark.parametrize(
    ("control", "parts"), [("no-cache", 1), ("s-maxage=30", 1), ("no-cache", 3)], ids=["not kept", "kept", "a stream"]
)
def test_nobody_waits_for_a_visitor_whose_line_is_slow(control: str, parts: int) -> None:
    """The first does not read its answer; the second, who asked the same meanwhile, must be answered nevertheless."""
    made = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await made.wait()
        headers = [(b"cache-control", control.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for left in reversed(range(parts)):
            await send({"type": "http.response.body", "body": b"x", "more_body": left > 0})

    async def two() -> bytes:
        cache, read, got = SharedCache(app), asyncio.Event(), b""
        scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b"", "headers": []}

        async def slow(message: Any) -> None:
            if message["type"] == "http.response.body":
                await read.wait()

        async def quick(message: Any) -> None:
            nonlocal got
            got += message.get("body", b"")

        first = asyncio.create_task(cache(dict(scope), no_body, slow))
        second = asyncio.create_task(cache(dict(scope), no_body, quick))
        await asyncio.sleep(0)
        made.set()
        await asyncio.wait_for(second, 20)
        read.set()
        await first
        return got

    assert asyncio.run(two()) == b"x" * parts


async def no_body() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_a_browser_that_has_the_answer_is_told_so() -> None:
    cache = SharedCache(Counted())
    ask(cache)
    again = ask(cache, if_none_match='W/"1"')
    assert (again.status_code, again.body) == (304, b"")
    assert "content-length" not in again.headers
    assert ask(cache, if_none_match='W/"2"').body == b"hello"


@pytest.mark.parametrize(
    ("named", "known"),
    [
        ('W/"1"', True),
        ('"1"', True),
        ('"0", W/"1" , "2"', True),
        ("*", True),
        ('W/"11"', False),
        ('"1', False),
        ("1", False),
        ("", False),
    ],
)
def test_a_tag_is_found_in_what_a_browser_names(named: str, known: bool) -> None:
    assert is_known('W/"1"', Headers({"If-None-Match": named})) is known
    assert is_known("", Headers({"If-None-Match": named})) is False, "an answer without a tag is always new"


def test_other_methods_pass_through() -> None:
    app = Counted()
    cache = SharedCache(app)
    ask(cache), ask(cache, method="POST")
    assert app.asked == 2


def test_memory_is_bounded_and_the_longest_unused_is_forgotten() -> None:
    app = Counted("x" * 400_000)
    cache = SharedCache(app)
    many = MOST_BYTES // 400_000 + 1
    for number in range(many):
        ask(cache, f"/{number}")
    ask(cache, f"/{many - 1}")
    assert app.asked == many
    ask(cache, "/0")
    assert app.asked == many + 1


def refuse(_: Any, problem: HttpProblem) -> Response:
    return PlainTextResponse(problem.code, problem.kind.status)


def limited(visits: RequestRateLimit) -> Access:
    """An app that counts how often it is asked, behind the limit for visitors."""
    meter = Meter(store_at(Path("never opened")), Api(), lambda: NOW)
    return Access(Counted(), refuse, meter, Api(), visits, lambda: NOW)


def test_too_many_requests_are_refused_with_when_to_go_on() -> None:
    clock = Clock()
    app = limited(RequestRateLimit(60, clock))
    assert [ask(app).status_code for _ in range(61)] == [200] * 60 + [429]
    assert int(ask(app).headers["retry-after"]) in (1, 2)
    assert ask(app, client="203.0.113.8").status_code == 200, "others are not held back"
    clock.now = 1.0
    assert [ask(app).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "127.8.8.8"])
def test_this_machine_itself_is_not_counted(client: str) -> None:
    app = limited(RequestRateLimit(1))
    assert [ask(app, client=client).status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_those_who_watch_are_not_counted(path: str) -> None:
    app = limited(RequestRateLimit(1))
    assert [ask(app, path).status_code for _ in range(5)] == [200] * 5


def test_one_ipv6_subscriber_is_one_visitor() -> None:
    pace = RequestRateLimit(1)
    assert pace.wait("2001:db8:1:2::1") == 0
    assert pace.wait("2001:db8:1:2:ffff::9") > 0
    assert pace.wait("2001:db8:1:3::1") == 0


def test_zero_is_no_limit_and_addresses_are_forgotten() -> None:
    assert {RequestRateLimit(0).wait("203.0.113.7") for _ in range(5)} == {0.0}
    pace = RequestRateLimit(1)
    for number in range(MOST_ADDRESSES + 50):
        pace.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(pace._buckets) == MOST_ADDRESSES


@given(st.lists(st.floats(0, 5), max_size=200), st.integers(1, 120))
def test_no_burst_ever_exceeds_the_pace(pauses: list[float], a_minute: int) -> None:
    clock = Clock()
    pace = RequestRateLimit(a_minute, clock)
    passed = 0
    for pause in pauses:
        clock.now += pause
        passed += pace.wait("203.0.113.7") == 0
    assert passed <= a_minute + clock.now * a_minute / 60 + 1e-6


@pytest.mark.parametrize(
    ("headers", "status"), [({"x_big": "a" * 20_000}, 400), ({"x_big": "a" * 4_000}, 200)], ids=["too many", "many"]
)
def test_headers_are_read_up_to_a_limit(tmp_path: Any, headers: dict[str, str], status: int) -> None:
    answer = ask(create_app(sample_services(tmp_path)), "/privacy", **headers)
    assert answer.status_code == status
    assert status == 200 or b"more headers than we read" in answer.body


def behind_a_proxy(app: Any) -> Any:
    """As uvicorn runs it: who a proxy on this machine names is believed."""
    return ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")


@pytest.mark.parametrize(
    "forwarded",
    ["203.0.113.1", "127.0.0.1, 203.0.113.1", "198.51.100.7, 127.0.0.1, 203.0.113.1"],
    ids=["by the proxy", "with a lie before it", "with two"],
)
def test_behind_a_proxy_the_visitor_is_counted_whatever_it_claims(forwarded: str) -> None:
    app = behind_a_proxy(limited(RequestRateLimit(1)))
    answers = [ask(app, client="127.0.0.1", x_forwarded_for=forwarded).status_code for _ in range(2)]
    assert answers == [200, 429]


def test_nobody_else_is_believed_to_ask_for_another() -> None:
    app = behind_a_proxy(limited(RequestRateLimit(1)))
    answers = [ask(app, client="203.0.113.1", x_forwarded_for=f"198.51.100.{n}").status_code for n in range(2)]
    assert answers == [200, 429]


def test_the_app_refuses_a_visitor_kindly(tmp_path: Any) -> None:
    app = create_app(sample_services(tmp_path, web={"requests_a_minute": 2}))
    answers = [ask(app, "/privacy") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert b"Too many requests" in answers[-1].body
    assert "content-security-policy" in answers[-1].headers


def test_every_page_has_a_strict_policy(tmp_path: Any) -> None:
    visitor = Visitor(create_app(sample_services(tmp_path)))
    for path in ("/", "/stocks/AAPL", "/market", "/nope", "/static/page.js", "/market.csv"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert "unsafe" not in policy and "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
