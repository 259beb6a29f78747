"""What somebody may try against the API who means no good.

SSRF is in test_webhooks, guessing in test_api_limits, and what can be done with a body in test_api_bodies.
"""

import csv
import io
import json
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bellwether.access.addresses import RequestRateLimit
from bellwether.core.types import Instrument
from bellwether.market.sample import SampleProvider
from tests.support.api import Api
from tests.support.models import SERVED
from web.app import create_app
from web.rows import flat

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(tmp_path_factory.mktemp("attacks"), api={"limits": False})


@pytest.fixture(scope="module")
def key(api: Api) -> str:
    return api.key()


def test_a_body_of_another_kind_is_refused(api: Api, key: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"):
        answer = api.ask("POST", "/rules", key, content=b'{"symbol": "AAPL"}', headers={"content-type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_body")


SPLITTING = ["AAPL%0d%0aX-Injected:%201", "AAPL%0aSet-Cookie:%20a=b", "%E5%98%8A%E5%98%8DX-Injected", 'AAPL";x="y']


@pytest.mark.parametrize("text", SPLITTING)
@pytest.mark.parametrize("format", ["json", "csv", "parquet"])
def test_no_header_can_be_made_up_from_what_was_asked(api: Api, key: str, text: str, format: str) -> None:
    for address in (f"/forecasts/{text}", f"/universe?q={text}", f"/receipts/{text}", f"/ledger?cursor={text}"):
        answer = api.get(f"{address}{'&' if '?' in address else '?'}format={format}", key)
        assert not {"x-injected", "set-cookie"} & set(answer.headers)
        assert all("\r" not in value and "\n" not in value for value in answer.headers.values())


def test_the_name_of_a_file_is_ours(tmp_path: Path) -> None:
    class Odd(SampleProvider):
        def instrument(self, symbol: str) -> Instrument:
            return replace(super().instrument(symbol), symbol='AAPL"; filename="../../evil.exe')

    api = Api(tmp_path)
    api.app = create_app(replace(api.services, provider=Odd()))
    shown = api.get("/forecasts/AAPL?format=csv").headers.get("content-disposition", "")
    assert ".." not in shown and shown.count('"') in {0, 2}


@pytest.mark.parametrize(
    "text",
    ["..", "%2e%2e", "..%2f..%2fconfig.yaml", "%2fetc%2fpasswd", "..%5c..%5cx", f"{SERVED}%2f..", "%00"],
)
def test_no_file_can_be_reached_by_its_path(api: Api, key: str, text: str) -> None:
    for address in (f"/models/{text}", f"/receipts/{text}", f"/forecasts/{text}", f"/bars/{text}"):
        answer = api.get(address, key)
        assert answer.status_code in {400, 403, 404, 405}, address
        assert "root:" not in answer.text and "telegram:" not in answer.text


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(tmp_path: Path, name: str) -> None:
    class Odd(SampleProvider):
        def instrument(self, symbol: str) -> Instrument:
            return replace(super().instrument(symbol), name=name, exchange=name)

    api = Api(tmp_path)
    api.app = create_app(replace(api.services, provider=Odd()))
    answers = [
        api.get("/forecasts/AAPL?format=csv"),
        api.ask("POST", "/forecasts?format=csv", json={"symbols": [name, "AAPL"]}),
    ]
    for answer in answers:
        for row in csv.reader(io.StringIO(answer.text, newline="")):
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t", "\r"))
                assert not cell.startswith("-") or float(cell) < 0, "a number may be below zero"
    assert flat(api.get("/forecasts/AAPL").json())["name"] == name, "JSON is no spreadsheet's"


def test_nothing_that_was_sent_writes_a_line_of_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    forged = "2026-11-23 ERROR all keys were revoked"
    odd = f"bw_live_x\n{forged}\x1b[2J"
    for address in (f"/forecasts/AAPL%0a{forged}", f"/models/%0a{forged}", f"/universe?q=%0a{forged}"):
        api.get(address)
        api.get(address, key=odd.replace("\n", " "))
    api.ask("POST", "/forecasts", json={"symbols": [f"x\n{forged}", "\x1b[2J"]})
    api.ask("POST", "/webhooks", api.key(), json={"url": f"https://x.invalid/\n{forged}"})
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("bellwether", "web"))]
    assert not any("\n" in line or "\x1b" in line for line in ours)


@pytest.mark.parametrize("address", ["/forecasts/AAPL", "/rules", "/status"])
def test_a_key_in_the_address_is_refused_and_not_repeated(api: Api, key: str, address: str) -> None:
    answer = api.get(f"{address}?api_key={key}")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    assert "no place in an address" in answer.text and key not in answer.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"symbols": ["AAPL", 7]}, "The parameter symbols[1] cannot be used: it should be a valid string."),
        ({"symbols": ["AAPL"], "horizon": []}, "The parameter horizon cannot be used:"),
        ({"symbols": ["AAPL"], "colour": 1}, "The parameter colour cannot be used:"),
        ("{", "The body is no JSON that can be read"),
    ],
    ids=["an item", "one of several types", "unknown", "no JSON"],
)
def test_a_problem_names_the_place_in_the_body(api: Api, body: Any, said: str) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    answer = api.ask("POST", "/forecasts", content=content, headers=JSON)
    assert answer.status_code == 400 and answer.json()["detail"].startswith(said)


def test_no_key_stands_in_a_log_or_an_answer(api: Api, key: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [api.get(address, key).text for address in ("/usage", "/forecasts/NOPE-NOPE", "/nope", "/rules")]
    assert key not in "".join(texts) + caplog.text
    assert key.rpartition("_")[2] not in caplog.text


def test_an_unforeseen_fault_keeps_its_details_to_itself_and_is_free(tmp_path: Path) -> None:
    class Bug(SampleProvider):
        def bars(self, symbol: str, end: Any) -> Any:
            raise RuntimeError("secret detail")

    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 1})
    api.app = create_app(replace(api.services, provider=Bug()))
    for _ in range(3):
        answer = api.get("/forecasts/AAPL", key)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "secret" not in answer.text


class TestTheOperatorsAddress:
    """Keys over the API."""

    TOKEN = "an-operators-token-of-forty-characters!!"

    def open_to(self, folder: Path) -> Api:
        return Api(folder, api={"admin_token": self.TOKEN})

    @pytest.fixture
    def open_api(self, tmp_path: Path) -> Api:
        return self.open_to(tmp_path)

    def test_it_is_closed_without_a_token(self, api: Api, key: str) -> None:
        assert api.get("/admin/keys").json()["code"] == "key_required"
        for sent in (key, "", "x"):
            answer = api.get("/admin/keys", sent)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_offered")

    @pytest.mark.parametrize(
        "sent", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "\N{LATIN SMALL LETTER E WITH ACUTE}"]
    )
    def test_only_its_token_opens_it(self, open_api: Api, sent: str | None) -> None:
        headers = {} if sent is None else {"Authorization": b"Bearer " + sent.encode()}
        answer = open_api.ask("GET", "/admin/keys", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "key_required" if sent is None else "bad_key")

    def test_whoever_tries_one_token_after_the_other_has_to_wait(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "web.middleware.access.RequestRateLimit", partial(RequestRateLimit, clock=lambda: 0.0)
        )  # no time for a token to come back
        open_api = self.open_to(tmp_path)
        calls = [("GET", "/admin/keys", f"guess-{number}", {}) for number in range(35)]
        assert [one.status_code for one in open_api.ask_all(calls)] == [401] * 30 + [429] * 5  # type: ignore[arg-type]
        assert open_api.get("/admin/keys", self.TOKEN).status_code == 200

    def test_no_key_opens_it(self, open_api: Api) -> None:
        assert open_api.get("/admin/keys", open_api.key()).status_code == 401

    def test_a_key_is_made_changed_rotated_and_revoked(self, open_api: Api) -> None:
        asked = {"owner": "Ada", "plan": "free", "own_terms": {"changes": {"requests_a_minute": 7}}}
        made = open_api.ask("POST", "/admin/keys", self.TOKEN, json=asked)
        assert made.status_code == 201 and made.headers["cache-control"] == "no-store"
        key, number = made.json()["key"], made.json()["about"]["id"]
        assert open_api.get("/usage", key).json()["in_force"]["requests_a_minute"] == 7
        open_api.ask("PATCH", f"/admin/keys/{number}", self.TOKEN, json={"plan": "trader"})
        assert open_api.get("/usage", key).json()["plan"] == "trader"
        new = open_api.ask("POST", f"/admin/keys/{number}/rotate", self.TOKEN, json={"overlap_days": 0}).json()["key"]
        assert open_api.get("/usage", key).json()["code"] == "expired_key"
        assert open_api.get("/usage", new).status_code == 200
        listed = open_api.get("/admin/keys", self.TOKEN)
        assert [one["id"] for one in listed.json()["items"]] == [number]
        assert new not in listed.text and new.rpartition("_")[2] not in listed.text
        assert open_api.ask("DELETE", f"/admin/keys/{number}", self.TOKEN).json()["revoked_at"]
        assert open_api.get("/usage", new).json()["code"] == "revoked_key"

    @pytest.mark.parametrize(
        ("method", "address", "body", "code"),
        [
            ("POST", "/admin/keys", {"owner": "Ada", "plan": "gold"}, "bad_terms"),
            ("POST", "/admin/keys", {"owner": ""}, "bad_request"),
            ("POST", "/admin/keys", {"owner": "Ada", "own_terms": {"changes": {"batch_size": 0}}}, "bad_terms"),
            ("POST", "/admin/keys", {"owner": "Ada", "expires_at": "2001-01-01T00:00:00"}, "bad_request"),
            ("POST", "/admin/keys", {"owner": "Ada", "expires_at": "2001-01-01T00:00:00Z"}, "bad_terms"),
            ("POST", "/admin/keys", {"owner": "Ada", "expires_at": 4_000_000_000}, "bad_request"),
            ("POST", "/admin/keys/7/rotate", {}, "unknown_key"),
            ("PATCH", "/admin/keys/7", {"plan": "free"}, "unknown_key"),
            ("DELETE", "/admin/keys/7", None, "unknown_key"),
        ],
    )
    def test_what_cannot_be_is_a_problem(self, open_api: Api, method: str, address: str, body: Any, code: str) -> None:
        more = {} if body is None else {"json": body}
        assert open_api.ask(method, address, self.TOKEN, **more).json()["code"] == code


def test_problems_are_json_for_every_wrong_turn(api: Api, key: str) -> None:
    for method, address in (("GET", "/"), ("GET", "//forecasts/AAPL"), ("TRACE", "/forecasts/AAPL"), ("GET", "/%ff")):
        answer = api.ask(method, address, key)
        assert answer.status_code in {400, 404, 405}
        assert json.loads(answer.text)["code"]
