"""The developer API as its callers see it: keys, one call or many at once, and a clock that a test turns."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from bellwether.access import keys
from bellwether.core.config import load_settings
from bellwether.core.plans import Terms
from bellwether.services import Services, build_services
from tests.support.database import new_database
from tests.support.web import NOW
from web.app import create_app

STRANGER = ("203.0.113.7", 1)  #: an address that is not this machine's


class Turned:
    """A clock."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def on(self, **by: float) -> None:
        """Turn it on: `minutes=1`."""
        self.now += timedelta(**by)


class Api:
    """The sample market behind the API, asked in this process."""

    def __init__(self, folder: Path, **settings: dict[str, Any]) -> None:
        """A database of its own in `folder`, unless there is one already."""
        chosen: dict[str, dict[str, Any]] = {
            "market": {"source": "sample"},
            "database": {"path": new_database(folder / "api.db")},
        }
        self.clock = Turned()
        self.services: Services = build_services(load_settings(**(chosen | settings)), clock=self.clock)
        self.app: FastAPI = create_app(self.services)

    def key(
        self, plan: str = "business", owner: str = "Ada", changes: dict[str, Any] | None = None, **more: Any
    ) -> str:
        """A new key as it travels; `changes` are terms of its own."""
        terms = Terms(changes) if changes else None
        made = keys.create(
            self.services.store, self.services.settings.api, owner, plan, self.clock(), terms=terms, **more
        )
        return made.token

    def get(self, address: str, key: str | None = None, **headers: str) -> httpx.Response:
        """One GET under /api/v1."""
        return self.ask("GET", address, key, headers=headers)

    def ask(self, method: str, address: str, key: str | None = None, **more: Any) -> httpx.Response:
        """One call under /api/v1; in header names, _ stands for -."""
        (answer,) = self.ask_all([(method, address, key, more)])
        return answer

    def ask_all(
        self, calls: Sequence[tuple[str, str, str | None, dict[str, Any]]], client: tuple[str, int] = STRANGER
    ) -> list[httpx.Response]:
        """Many calls at once."""
        return asyncio.run(self._all(calls, client))

    async def _all(
        self, calls: Sequence[tuple[str, str, str | None, dict[str, Any]]], client: tuple[str, int]
    ) -> list[httpx.Response]:
        transport = httpx.ASGITransport(self.app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://bellwether.test/api/v1") as http:
            return await asyncio.gather(*(self._one(http, *call) for call in calls))

    async def _one(
        self, http: httpx.AsyncClient, method: str, address: str, key: str | None, more: dict[str, Any]
    ) -> httpx.Response:
        headers = {name.replace("_", "-"): each for name, each in more.pop("headers", {}).items()}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return await http.request(method, address, headers=headers, **more)
