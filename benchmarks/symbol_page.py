"""A symbol's page: one that is kept, against the smallest page FastAPI can make of a template; and many under load."""

import asyncio
import http.client
import itertools
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment
from starlette.responses import HTMLResponse

from bellwether.core.config import load_settings
from bellwether.services import build_services
from benchmarks.demo_service import demo_service
from benchmarks.timing import Comparison, compare
from web.app import create_app

LIMIT = 3.0  #: times the smallest page
LOAD_LIMIT = 5.0  #: milliseconds a page under load: 200 pages a second
_SYMBOLS = ("AAPL", "MSFT", "NVDA", "KO", "TSLA", "JPM", "%5EGSPC", "GOOGL")
_HORIZONS = (1, 5, 10, 21, 63)
_VISITORS = 8  #: at the same time, each with one connection
_SECONDS = 5.0


def measure() -> Comparison:
    """Server time of one kept page and of the smallest one, turn by turn, in one process and without a network."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(market={"source": "sample"}, database={"path": Path(folder) / "bench.sqlite3"})
        ours, theirs = create_app(build_services(settings)), hello()
        loop = asyncio.new_event_loop()
        try:
            return compare(_asking(loop, ours, "/stocks/AAPL"), _asking(loop, theirs, "/"), rounds=200, repeats=5)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def under_load() -> float:
    """Milliseconds a page, while visitors ask for 40 different ones as fast as they can.

    Load and server share the machine. Each page was asked for once before; those whose time is over are made again.
    """
    with demo_service() as service:
        return _load(service.port)


def hello() -> FastAPI:
    """The smallest page of a template."""
    app, template = FastAPI(), Environment(autoescape=True).from_string("<!doctype html><h1>Hello {{ name }}</h1>")

    @app.get("/")
    def page(name: str = "you") -> HTMLResponse:
        return HTMLResponse(template.render(name=name))

    return app


def _asking(loop: asyncio.AbstractEventLoop, app: FastAPI, path: str) -> Callable[[], None]:
    """One request, as a browser sends it."""
    headers = [(b"host", b"127.0.0.1"), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"} | {
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise SystemExit(f"{path} answered {message['status']}")

    def ask() -> None:
        loop.run_until_complete(app(dict(scope), receive, send))

    return ask


def _load(port: int) -> float:
    paths = [f"/stocks/{symbol}?horizon={horizon}" for symbol in _SYMBOLS for horizon in _HORIZONS]
    for path in paths:
        _once(port, path)
    counts = [0] * _VISITORS
    failed: list[str] = []
    end = time.monotonic() + _SECONDS

    def visit(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for path in itertools.islice(itertools.cycle(paths), number, None):
            if time.monotonic() > end:
                return
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failed.append(f"{path} answered {answer.status}")
                return
            counts[number] += 1

    start = time.monotonic()
    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(_VISITORS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    if failed or not all(counts):
        raise SystemExit("; ".join(failed) or "a visitor got no answer")
    return 1000 * (time.monotonic() - start) / sum(counts)


def _once(port: int, path: str) -> None:
    wanted = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(wanted, timeout=30) as answer:
        answer.read()
