"""Server-sent events: what is new comes, in order, once, and goes on where an earlier stream ended."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import pytest

from bellwether.access import keys
from bellwether.alerts.tick import tick
from bellwether.ask import forecasts
from bellwether.client import Client
from tests.support.account import live_services, set_clock
from tests.support.api import Api
from tests.support.web import served
from web.api import stream
from web.app import create_app

PATIENCE = 20  #: seconds


@dataclass
class Listening:
    """A live market of the past behind a real server, and a key with a rule about AAPL."""

    api: Api
    base: str
    key: str

    def listen(self, **more: Any) -> "Queue[Any]":
        """Events as they come; None at the end. Returns once the stream stands."""
        heard: Queue[Any] = Queue()

        def follow() -> None:
            with Client(self.base, self.key) as client:
                for event in client.stream(**more):
                    heard.put(event)
            heard.put(None)

        before = stream._open.total()
        threading.Thread(target=follow, daemon=True).start()
        until = threading.Event()
        for _ in range(PATIENCE * 100):
            if stream._open.total() > before:
                return heard
            until.wait(0.01)
        raise AssertionError("the stream did not begin")


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    monkeypatch.setattr(stream, "LOOK_EVERY", 0.05)
    api = Api(tmp_path, api={"limits": False})
    live = live_services(tmp_path, date(2021, 6, 30))
    api.services = replace(live, settings=api.services.settings)
    api.clock = live.clock  # type: ignore[assignment]
    api.app = create_app(api.services)
    key = api.key()
    assert api.ask("POST", "/rules", key, json={"symbol": "AAPL", "kind": "move", "threshold": 0.0001}).is_success
    with served(api.app) as base:
        yield Listening(api, base, key)
        keys.revoke(api.services.store, 1, api.services.clock())  # ends the streams that are still open


def test_alerts_and_forecasts_come_as_they_are_made(listening: Listening) -> None:
    services = listening.api.services
    forecasts.answer(services, "AAPL", 5)  # before anybody listens
    heard = listening.listen()
    set_clock(services, date(2021, 7, 1))
    tick(services, services.clock())
    alert = heard.get(timeout=PATIENCE)
    assert (alert["type"], alert["data"]["symbol"], alert["data"]["session"]) == ("alert", "AAPL", "2021-07-01")
    made = forecasts.answer(services, "AAPL", 10).forecast
    forecasts.answer(services, "MSFT", 10)
    forecast = heard.get(timeout=PATIENCE)
    assert (forecast["type"], forecast["data"]["forecast_id"]) == ("forecast", made.forecast_id)
    assert heard.empty(), "MSFT is in no rule"


def test_a_stream_goes_on_where_an_earlier_one_ended(listening: Listening) -> None:
    services = listening.api.services
    for symbol in ("AAPL", "MSFT", "KO"):
        forecasts.answer(services, symbol, 10)
    heard = listening.listen(symbols=["AAPL", "MSFT", "KO"], last_event_id="a0-f0")
    events = [heard.get(timeout=PATIENCE) for _ in range(3)]
    assert [event["data"]["symbol"] for event in events] == ["AAPL", "MSFT", "KO"]
    again = listening.listen(symbols=["AAPL", "MSFT", "KO"], last_event_id=events[1]["id"])
    assert again.get(timeout=PATIENCE) == events[2]


def test_a_stream_ends_when_its_key_is_revoked(listening: Listening) -> None:
    heard = listening.listen()
    keys.revoke(listening.api.services.store, 1, listening.api.services.clock())
    assert heard.get(timeout=PATIENCE) is None


def test_a_stream_holds_up_no_other_call(listening: Listening) -> None:
    for _ in range(3):
        listening.listen()
    with Client(listening.base, listening.key) as client:
        assert client.forecast("AAPL")["symbol"] == "AAPL"


def test_symbols_beyond_the_plan_are_refused(listening: Listening) -> None:
    key = listening.api.key(changes={"symbols": ["AAPL"]})
    for symbols, code in (("MSFT", "not_in_plan"), (",", "bad_request"), ("NOPE-NOPE", "unknown_symbol")):
        assert listening.api.get(f"/stream?symbols={symbols}", key).json()["code"] == code


def test_a_stream_ends_with_the_last_secret_of_its_key(listening: Listening) -> None:
    heard = listening.listen()
    keys.rotate(listening.api.services.store, 1, listening.api.services.clock(), timedelta(minutes=1))
    with listening.api.services.store.transaction() as db:  # the new secret is thrown away
        db.execute("DELETE FROM api_secrets WHERE expires_at IS NULL")
    assert heard.empty()
    listening.api.services.clock.now += timedelta(minutes=1)  # type: ignore[attr-defined]
    assert heard.get(timeout=PATIENCE) is None


def test_no_more_streams_are_open_than_there_may_be_however_fast_they_are_asked_for(listening: Listening) -> None:
    statuses: Queue[int] = Queue()
    answered = threading.Barrier(13)

    def open_one() -> None:
        with httpx.stream(
            "GET",
            f"{listening.base}/api/v1/stream?symbols=AAPL",
            headers={"Authorization": f"Bearer {listening.key}"},
            timeout=PATIENCE,
        ) as answer:
            statuses.put(answer.status_code)
            answered.wait(PATIENCE)

    for _ in range(12):
        threading.Thread(target=open_one, daemon=True).start()
    answered.wait(PATIENCE)
    got = sorted(statuses.get(timeout=PATIENCE) for _ in range(12))
    assert got == [200] * stream.MOST_STREAMS + [409] * (12 - stream.MOST_STREAMS)
