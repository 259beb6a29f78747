"""What tests of webhooks do: a key with a webhook, an alert that fires, a round of sending, time that passes."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bellwether.alerts.tick import tick
from bellwether.delivery.deliver import DeliveryRun
from bellwether.delivery.webhooks.sending import WebhookSender
from tests.support.account import live_services, set_clock
from tests.support.api import Api
from tests.support.deliveries import deliver_to_webhooks
from web.app import create_app

PRIVATE = {"private_webhooks": True, "limits": False}
RULE = {"symbol": "AAPL", "kind": "move", "threshold": 0.0001}


def live_api(tmp_path: Path, **more: Any) -> Api:
    """A live market of the past, whose clock is the test's; `more` are settings of the API."""
    one = Api(tmp_path, api=PRIVATE | more)
    live = live_services(tmp_path, date(2021, 6, 30))
    one.services = replace(live, settings=one.services.settings)
    one.clock = live.clock  # type: ignore[assignment]
    one.app = create_app(one.services)
    return one


def send(api: Api, sender: WebhookSender | None = None) -> DeliveryRun:
    return asyncio.run(deliver_to_webhooks(api.services, sender or WebhookSender(private=True)))


def hook(api: Api, key: str, url: str) -> dict[str, Any]:
    answer = api.ask("POST", "/webhooks", key, json={"url": url})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def fire(api: Api, session: date = date(2021, 7, 1)) -> None:
    """A session closes, and the rules are looked at."""
    set_clock(api.services, session)
    tick(api.services, api.services.clock())


def later(api: Api, by: timedelta) -> None:
    api.services.clock.now += by  # type: ignore[attr-defined]
