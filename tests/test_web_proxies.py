"""Behind a reverse proxy: who is believed to ask for whom, told by whom the limit for visitors holds back."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from bellwether.access.addresses import in_both_forms, is_local, network
from bellwether.core.listening import bound, url_of
from serving import _how
from tests.support.web import sample_services
from web.app import create_app


@contextmanager
def service(folder: Path, host: str = "127.0.0.1", **web: Any) -> Iterator[str]:
    """The page as `serve` runs it, two requests a minute for each visitor; gives its address."""
    services = sample_services(folder, web={"requests_a_minute": 2, "host": host, **web})
    listening = bound(host, 0)
    server = uvicorn.Server(_how(create_app(services), services.settings.web))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        for _ in range(1000):
            if server.started:
                break
            time.sleep(0.01)
        yield url_of(listening).replace("[::]", "127.0.0.1")
    finally:
        server.should_exit = True
        thread.join(10)
        services.store.close()


def statuses(base: str, *forwarded: str | None, proto: str = "http") -> list[int]:
    """What comes of a request with each of these as X-Forwarded-For; None sends no header of a proxy."""
    answers = []
    with httpx.Client(base_url=base, trust_env=False) as visitor:
        for named in forwarded:
            headers = {} if named is None else {"X-Forwarded-For": named, "X-Forwarded-Proto": proto}
            answers.append(visitor.get("/privacy", headers=headers).status_code)
    return answers


def test_what_nobody_trusted_sends_is_ignored(tmp_path: Path) -> None:
    with service(tmp_path, trusted_proxies=["192.0.2.1"]) as base:
        assert statuses(base, "203.0.113.1", "203.0.113.2", "203.0.113.3") == [200, 200, 429]
        page = httpx.get(f"{base}/sitemap.xml", headers={"X-Forwarded-Proto": "https"})
        assert page.status_code == 429
        assert statuses(base, None) == [200], "this machine itself is not counted"


def test_a_trusted_proxy_is_believed(tmp_path: Path) -> None:
    with service(tmp_path) as base:
        assert statuses(base, *["203.0.113.1"] * 3, "203.0.113.2") == [200, 200, 429, 200]
        for scheme in ("http", "https"):
            told = {"X-Forwarded-For": "203.0.113.3", "X-Forwarded-Proto": scheme, "Host": "bellwether.example"}
            assert f"{scheme}://bellwether.example/" in httpx.get(f"{base}/sitemap.xml", headers=told).text


def test_of_several_hops_the_last_that_is_not_trusted_counts(tmp_path: Path) -> None:
    hops = "203.0.113.1, 10.1.2.3"
    with service(tmp_path, trusted_proxies=["127.0.0.1", "10.0.0.0/8"]) as base:
        assert statuses(base, hops, f"198.51.100.9, {hops}", f"10.9.9.9,127.0.0.1, {hops}") == [200, 200, 429]
        assert statuses(base, "203.0.113.2, 10.1.2.3") == [200]
    with service(tmp_path) as base:  # where only the nearest is trusted, that which it names is the visitor
        assert statuses(base, hops, "198.51.100.9, 10.1.2.3", "10.1.2.3") == [200, 200, 429]


def test_subscribers_of_ipv6_are_counted_by_their_network(tmp_path: Path) -> None:
    with service(tmp_path) as base:
        assert statuses(base, "2001:db8::1", "[2001:db8::2]:4711", "2001:db8:0:0:9::", "2001:db8:1::1") == [
            *[200, 200, 429],
            200,
        ]


@pytest.mark.parametrize(
    "claimed",
    ["127.0.0.1", "::1", "127.0.0.1, 127.0.0.1", "[::1]:80", "::ffff:127.0.0.1", "unknown", "a;b'<script>", "1" * 4000],
)
def test_nobody_passes_for_this_machine_or_for_nobody(tmp_path: Path, claimed: str) -> None:
    """A proxy that hands a visitor's header on as it came: who is named so is counted with all others like it."""
    with service(tmp_path) as base:
        assert statuses(base, claimed, "garbage", "::1") == [200, 200, 429]


@pytest.mark.parametrize("header", ["Via", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto"])
def test_a_proxy_on_this_machine_that_names_nobody_lets_all_count_as_one(tmp_path: Path, header: str) -> None:
    with service(tmp_path) as base:
        answers = [httpx.get(f"{base}/privacy", headers={header: "1.1 proxy"}).status_code for _ in range(3)]
        assert answers == [200, 200, 429]


def test_a_socket_for_both_kinds_of_addresses_tells_them_apart(tmp_path: Path) -> None:
    """It writes 127.0.0.1 as ::ffff:127.0.0.1, which uvicorn alone would not trust, and whose /64 is all of IPv4."""
    try:
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True).close()
    except (OSError, ValueError):
        pytest.skip("this machine has no IPv6")
    with service(tmp_path, host="::") as base:
        assert statuses(base, *["203.0.113.1"] * 3, "203.0.113.2") == [200, 200, 429, 200]
        assert statuses(base, *[None] * 4) == [200] * 4


def test_addresses_are_read_in_both_forms() -> None:
    assert is_local("::ffff:127.0.0.1") and is_local("::1") and is_local(network("::1"))
    assert network("::ffff:203.0.113.7") == network("203.0.113.7") == "203.0.113.7"
    assert network("2001:db8::9") == "2001:db8::/64"
    assert in_both_forms(["10.0.0.0/8", "::1"]) == ["10.0.0.0/8", "::1", "::ffff:10.0.0.0/104"]
