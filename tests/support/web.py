"""The web app over the sample market and a database of its own: in this process, or behind a real server."""

import asyncio
import html
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from bellwether.core.config import load_settings
from bellwether.services import Services, build_services
from tests.support.database import new_database
from tests.support.sample import SAMPLE_NEXT_MORNING

NOW = SAMPLE_NEXT_MORNING
_START_SECONDS = 10.0


def sample_services(folder: Path, **settings: dict[str, Any]) -> Services:
    """Everything real, with the sample market and a new database in `folder`; `settings` go on top."""
    chosen: dict[str, dict[str, Any]] = {
        "market": {"source": "sample"},
        "database": {"path": new_database(folder / "web.sqlite3")},
    }
    return build_services(load_settings(**(chosen | settings)), clock=lambda: NOW)


class Visitor:
    """Asks the app for pages, one after the other, without following redirects."""

    def __init__(self, app: FastAPI, address: str = "127.0.0.1") -> None:
        """The app is called directly: no port, no server. `address` is the visitor's."""
        self._app, self._address = app, address

    def get(self, address: str, **headers: str) -> httpx.Response:
        """One GET."""
        return self.ask("GET", address, **headers)

    def ask(self, method: str, address: str, **headers: str) -> httpx.Response:
        """One request; in header names, _ stands for -."""
        return asyncio.run(self._ask(method, address, {name.replace("_", "-"): each for name, each in headers.items()}))

    def post(self, address: str, body: bytes, kind: str) -> httpx.Response:
        """One POST with a body of this Content-Type."""
        return asyncio.run(self._ask("POST", address, {"Content-Type": kind}, body))

    async def _ask(
        self, method: str, address: str, headers: dict[str, str], body: bytes | None = None
    ) -> httpx.Response:
        transport = httpx.ASGITransport(
            self._app, client=(self._address, 123)
        )  # an exception that leaves the app fails the test
        async with httpx.AsyncClient(transport=transport, base_url="http://bellwether.test") as client:
            return await client.request(method, address, content=body, headers=headers)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app behind uvicorn on a free port; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, name="test-web-server", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the web server did not start")
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)


def plain_text(page: str) -> str:
    """What a visitor reads; a space that may not break stays one."""
    return re.sub(r"[ \t\r\n]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()
