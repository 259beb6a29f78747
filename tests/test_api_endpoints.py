"""The API's addresses: batches, formats, pages, what can be asked for, and what was issued."""

import csv
import hashlib
import io
import json
import math
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.ask import forecasts as ask_forecasts
from bellwether.ask.batch import forecasts
from bellwether.ask.sample_receipts import sample_name
from bellwether.client import verify
from bellwether.client.answers.track_record import LedgerAnswer, LedgerHeadsAnswer, ReceiptAnswer, TrackRecordAnswer
from bellwether.core.types import Bars, Origin, to_date
from bellwether.forecasting.to_json import forecast_json
from bellwether.market.sample import SampleProvider
from bellwether.track_record.ledger import receipts
from bellwether.track_record.scores.types import TrackRecord
from tests.support.account import live_services, set_clock, settle
from tests.support.api import Api
from tests.support.models import SERVED
from tests.support.shapes import check_shape
from tests.support.web import Visitor
from web.app import create_app
from web.problems import KINDS
from web.rows import flat

PARQUET = "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(tmp_path_factory.mktemp("api"), api={"limits": False})


def post(api: Api, symbols: list[str], key: str | None = None, address: str = "/forecasts", **more: Any) -> Any:
    return api.ask("POST", address, key, json={"symbols": symbols, **more})


def test_a_batch_is_what_single_calls_answer(api: Api) -> None:
    answer = post(api, ["AAPL", "apple", "MSFT"], api.key(), horizon="2w")
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [one["asked"] for one in items] == ["AAPL", "apple", "MSFT"]
    for item in items:
        single = api.get(f"/forecasts/{item['asked']}?horizon=10").json()
        assert item["forecast"] == single | {"made_at": item["forecast"]["made_at"]}


def test_each_item_of_a_batch_fails_by_itself(api: Api) -> None:
    answer = post(api, ["AAPL", "NOPE-NOPE", "", "MSFT"])
    assert answer.status_code == 207, "never 200 where something failed"
    body = answer.json()
    assert [one["status"] for one in body["items"]] == [200, 404, 400, 200]
    assert (body["succeeded"], body["failed"]) == (2, 2)
    assert body["items"][1]["forecast"] is None
    assert body["items"][1]["problem"]["code"] == "unknown_symbol"


def test_a_batch_counts_what_it_answers(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 10})
    assert post(api, ["AAPL"] * 3 + ["NOPE-NOPE"] * 4, key).headers["ratelimit"].startswith('"minute";r=7;')
    refused = post(api, ["AAPL"] * 8, key)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert post(api, ["AAPL"] * 7, key).status_code == 200
    assert post(api, ["NOPE-NOPE"], key).status_code == 429
    without = post(api, ["AAPL"] * 5)
    assert without.headers["ratelimit"].startswith('"minute";r=55;')


@pytest.mark.parametrize(
    ("plan", "count", "status", "code"),
    [
        ("demo", 10, 200, ""),
        ("demo", 11, 403, "not_in_plan"),
        ("business", 500, 200, ""),
        ("business", 501, 400, "bad_request"),
    ],
)
def test_a_batch_is_as_large_as_the_plan_has_it(api: Api, plan: str, count: int, status: int, code: str) -> None:
    answer = post(api, ["AAPL"] * count, api.key(plan))
    assert answer.status_code == status
    assert not code or answer.json()["code"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"symbols": []}, "bad_request"),
        ({"symbols": "AAPL"}, "bad_request"),
        ({"symbols": ["AAPL"], "horizon": 64}, "bad_horizon"),
        ({"symbols": ["AAPL"], "as_of": "soon"}, "bad_date"),
        ({"symbols": ["AAPL"], "horizons": 5}, "bad_request"),
        ({"symbols": ["AAPL"], "horizon": True}, "bad_request"),
        ({}, "bad_request"),
        (["AAPL"], "bad_request"),
    ],
)
def test_a_batch_that_cannot_be_read_is_a_problem(api: Api, body: Any, code: str) -> None:
    answer = api.ask("POST", "/forecasts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_batch_as_of_a_day_is_what_was_known_then(api: Api) -> None:
    (item,) = post(api, ["AAPL"], as_of="2021-06-30").json()["items"]
    single = api.get("/forecasts/AAPL?as_of=2021-06-30").json()
    assert item["forecast"] == single | {"made_at": item["forecast"]["made_at"]}


def test_kept_outlooks_are_given_again_for_the_same_bars_alone(tmp_path: Path) -> None:
    services = Api(tmp_path).services

    class Corrected(SampleProvider):
        def bars(self, symbol: str, end: date) -> Bars:
            one = super().bars(symbol, end)
            values = one.values.copy()
            values[-50] *= 1.01 if symbol == "AAPL" else 1.0
            return replace(one, values=values)

    first, again = (forecasts(services, ["AAPL", "MSFT"], 10) for _ in range(2))
    assert first == again
    corrected = replace(services, provider=Corrected())
    apple, microsoft = forecasts(corrected, ["AAPL", "MSFT"], 10)
    assert apple == ask_forecasts.answer(corrected, "AAPL", 10).forecast != first[0]
    assert microsoft == first[1]


def test_a_batch_of_a_live_market_is_in_the_ledger_once(tmp_path: Path) -> None:
    live = live_services(tmp_path, date(2021, 6, 30))
    (made,) = forecasts(live, ["AAPL"], 10)
    assert not isinstance(made, Exception)
    assert forecasts(live, ["AAPL", "apple"], 10)[1] == ask_forecasts.answer(live, "AAPL", 10).forecast == made
    assert receipts.receipt(live.store, made.forecast_id).symbol == "AAPL"
    with live.store.reading() as db:
        assert db.execute("SELECT count(*) FROM ledger").fetchone() == (1,)


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        ("application/json", "", "application/json"),
        ("*/*", "", "application/json"),
        ("text/csv", "", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/json;q=0.4", "", "text/csv; charset=utf-8"),
        ("text/html, */*;q=0.1", "", "application/json"),
        ("*/*, application/json;q=0", "", "text/csv; charset=utf-8"),
        ("*/*;q=0.9, text/csv;q=0.1", "", "application/json"),
        ("text/*, application/json", "", "text/csv; charset=utf-8"),
        (PARQUET, "", PARQUET),
        ("application/json", "?format=csv", "text/csv; charset=utf-8"),
        ("text/html", "?format=parquet", PARQUET),
    ],
)
def test_the_format_is_chosen_by_accept_or_in_the_address(api: Api, accept: str, query: str, expected: str) -> None:
    answer = api.get(f"/forecasts/AAPL{query}", accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, expected)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/forecasts/AAPL?horizont=5", "This address has no parameter “horizont”; did you mean horizon?"),
        ("/forecasts/AAPL?horizon=5&day=2021-06-30", "no parameter “day”; it has"),
        ("/status?verbose=1", "no parameter “verbose”"),
        ("/bars/AAPL?LIMIT=5", "no parameter “LIMIT”"),
        ("/ledger?limits=5", "did you mean limit?"),
    ],
)
def test_a_parameter_that_is_not_there_is_told_and_not_left_out(api: Api, address: str, told: str) -> None:
    answer = api.get(address)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert told in answer.json()["detail"]


def test_the_operators_token_in_an_address_is_refused_though_the_header_is_right(tmp_path: Path) -> None:
    token = "an-operators-token-of-forty-characters!!"
    one = Api(tmp_path, api={"admin_token": token})
    assert one.get("/admin/keys", token).status_code == 200
    assert one.get(f"/admin/keys?access_token={token}", token).status_code == 400


def test_a_format_that_is_not_there_is_406(api: Api) -> None:
    for accept in ("text/html", "application/json;q=0", "image/png"):
        answer = api.get("/forecasts/AAPL", accept=accept)
        assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert api.get("/forecasts/AAPL?format=xml").status_code == 400


@pytest.mark.parametrize(
    ("address", "accept", "code"),
    [
        ("/forecasts/AAPL?horizon=0", "image/png", "not_acceptable"),
        ("/baseline/AAPL?as_of=never", "image/png", "not_acceptable"),
        ("/growth/AAPL?as_of=never", "image/png", "not_acceptable"),
        ("/forecasts/AAPL?horizon=0&as_of=never", "*/*", "bad_horizon"),
        ("/bars/AAPL?limit=x", "*/*", "bad_request"),
        ("/bars/AAPL", "image/png", "not_acceptable"),
        ("/bars/AAPL?as_of=never", "*/*", "not_offered"),
    ],
)
def test_of_two_mistakes_the_same_one_is_always_told(api: Api, address: str, accept: str, code: str) -> None:
    """What is of the wrong kind first, then the format, what is not offered, and last what was asked for."""
    assert api.get(address, accept=accept).json()["code"] == code


@pytest.mark.parametrize("address", ["/forecasts/AAPL", "/baseline/AAPL", "/universe", "/models", "/track-record"])
def test_every_format_has_the_same_numbers(api: Api, address: str) -> None:
    body = api.get(address).json()
    rows = [flat(row) for row in body.get("items", [body])]
    table = list(csv.DictReader(io.StringIO(api.get(f"{address}?format=csv").text)))
    frame = pd.read_parquet(io.BytesIO(api.get(f"{address}?format=parquet").content)).to_dict("records")
    assert len(rows) == len(table) == len(frame) >= 1
    for expected, cells, values in zip(rows, table, frame, strict=True):
        assert set(expected) <= set(cells) == set(values)
        for name, value in expected.items():
            if name == "made_at":
                continue
            if isinstance(value, float):
                assert float(cells[name]) == values[name] == value
            elif value is None:
                assert cells[name] == "" and (values[name] is None or math.isnan(values[name]))
            elif isinstance(value, bool):
                assert cells[name] == str(value).lower() and values[name] == value
            else:
                assert cells[name] == str(value) and values[name] == value


def test_an_answer_that_is_known_is_not_sent_again(api: Api) -> None:
    for address in ("/forecasts/MSFT", "/universe?format=csv", f"/models/{SERVED}", "/ledger"):
        first = api.get(address)
        tag = first.headers["etag"]
        again = api.get(address, if_none_match=tag)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert api.get(address, if_none_match='W/"other"').status_code == 200
    assert api.get("/forecasts/MSFT?horizon=11").headers["etag"] != api.get("/forecasts/MSFT").headers["etag"]


def test_the_tag_of_a_forecast_does_not_change_with_the_second_it_was_made(tmp_path: Path) -> None:
    tags = set()
    for minutes in (0, 5):
        api = Api(tmp_path)
        api.clock.on(minutes=minutes)
        tags.add(api.get("/forecasts/AAPL").headers["etag"])
    assert len(tags) == 1


def test_the_universe_comes_in_pages(api: Api) -> None:
    seen: list[str] = []
    address: str | None = "/universe?limit=15"
    while address:
        answer = api.get(address)
        seen += [one["symbol"] for one in answer.json()["items"]]
        following = answer.json()["next_cursor"]
        address = f"/universe?limit=15&cursor={following}" if following else None
        assert ('rel="next"' in answer.headers.get("link", "")) == bool(following)
    assert seen == [one.symbol for one in api.services.universe.served]


@pytest.mark.parametrize("cursor", ["x", "%20", "YWZ0ZXI", "YWZ0ZXIgLTE", "YWZ0ZXIgOTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_cursor_that_is_none_is_a_problem(api: Api, cursor: str) -> None:
    answer = api.get(f"/universe?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("q", "meant", "first"),
    [("apple", "AAPL", "AAPL"), ("AAPL", "AAPL", "AAPL"), ("micro", None, "MSFT"), ("zzzzzz", None, None)],
)
def test_search_says_what_is_meant_and_what_may_be(api: Api, q: str, meant: str | None, first: str | None) -> None:
    body = api.get(f"/universe?q={q}").json()
    assert body["meant"] == meant
    assert (body["items"][0]["symbol"] if body["items"] else None) == first


def test_bars_are_off_unless_the_operator_hands_them_out(api: Api, tmp_path: Path) -> None:
    assert api.get("/bars/AAPL").json()["code"] == "not_offered"
    open_handed = Api(tmp_path, api={"bars": True})
    body = open_handed.get("/bars/AAPL?limit=3&as_of=2021-06-30").json()
    last = open_handed.services.provider.bars("AAPL", date(2021, 6, 30))
    assert [one["session"] for one in body["items"]] == ["2021-06-28", "2021-06-29", "2021-06-30"]
    assert body["items"][-1]["close"] == float(last.closes[-1])
    assert body["currency"] == "USD" and "Sample data" in body["caveats"][0]


def test_bars_say_what_was_left_out_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_they_are = SampleProvider.bars

    def doubtful(self: SampleProvider, symbol: str, end: date) -> Bars:
        one = as_they_are(self, symbol, end)
        return replace(one, origin=Origin("sample", False, "", None, to_date(one.sessions[-30])))

    monkeypatch.setattr(SampleProvider, "bars", doubtful)
    api = Api(tmp_path, api={"bars": True})
    body = api.get("/bars/AAPL?as_of=2021-06-30").json()
    assert len(body["items"]) == 30
    assert any("Prices before" in caveat and "split" in caveat for caveat in body["caveats"])


def test_the_baseline_is_the_one_beside_the_forecast(api: Api) -> None:
    beside, alone = api.get("/forecasts/AAPL?horizon=21").json(), api.get("/baseline/AAPL?horizon=21").json()
    assert {name: alone[name] for name in beside["baseline"]} == beside["baseline"]
    assert alone["target_session"] == beside["target_session"]


def test_models_and_their_cards(api: Api) -> None:
    items = api.get("/models").json()["items"]
    assert [item["model_id"] for item in items if item["served"]] == [api.get("/status").json()["model_id"]]
    for one in items:
        card = json.loads(Path("exported_models", one["model_id"], "card.json").read_text())
        assert api.get(f"/models/{one['model_id']}").json() == card
    assert api.get("/models/none").json()["code"] == "unknown_model"


def test_the_documented_record_has_the_fields_of_the_real_one() -> None:
    assert set(TrackRecordAnswer.__annotations__) == set(TrackRecord.__dataclass_fields__)


def test_the_ledger_can_be_had_whole_misses_included(tmp_path: Path) -> None:
    api = Api(tmp_path, api={"limits": False})
    live = live_services(tmp_path, date(2021, 6, 30))
    api.app = create_app(live)
    nothing = api.get("/ledger?format=csv").text
    issued = [api.get(f"/forecasts/{symbol}?horizon={h}").json() for symbol in ("AAPL", "MSFT") for h in (1, 10)]
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"/ledger?limit=3{f'&cursor={cursor}' if cursor else ''}").json()
        check_shape(LedgerAnswer, page)
        rows += page["items"]
        cursor = page["next_cursor"]
    assert [row["forecast_id"] for row in rows] == [one["forecast_id"] for one in issued]
    for row, one in zip(rows, issued, strict=True):
        assert row["last_close"] == one["last_close"]
        assert math.expm1(row["log_returns"]["0.9"]) == pytest.approx(one["returns"]["0.9"], abs=1e-15)
        assert row["outcome"] is None and not row["settled"]
        receipt = api.get(f"/receipts/{one['forecast_id']}")
        check_shape(ReceiptAnswer, receipt.json())
        assert receipt.json()["hash"] == row["hash"]
        assert "immutable" not in receipt.headers["cache-control"], "its outcome is still to come"
    assert [row["symbol"] for row in api.get("/ledger?symbol=MSFT&horizon=2w").json()["items"]] == ["MSFT"]
    open_ones = api.get("/ledger?format=csv").text
    table = list(csv.DictReader(io.StringIO(open_ones)))
    assert [row["hash"] for row in table] == [row["hash"] for row in rows]
    assert api.get("/receipts/f0").json()["code"] == "not_in_ledger"
    set_clock(live, date(2021, 7, 20))
    settle(live)
    settled = api.get("/ledger").json()["items"]
    headers = {text.splitlines()[0] for text in (open_ones, nothing, api.get("/ledger?format=csv").text)}
    assert len(headers) == 1, "the columns are the same before anything is there, while all are open, and later"
    check_shape(LedgerAnswer, {"items": settled, "next_cursor": None})
    for row in settled:
        came, said = row["outcome"], row["log_returns"]
        assert came["inside_80"] == (said["0.1"] <= came["log_return"] <= said["0.9"])
    receipt = api.get(f"/receipts/{issued[0]['forecast_id']}")
    assert "immutable" in receipt.headers["cache-control"]
    record = api.get("/track-record").json()
    check_shape(TrackRecordAnswer, record)
    assert (record["simulated"], record["issued"], record["settled"]) == (False, 4, 4)


def test_usage_tells_what_is_left_and_was_used(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key("trader")
    api.get("/forecasts/AAPL", key)
    api.clock.on(days=1)
    api.get("/forecasts/AAPL", key)
    body = api.get("/usage", key).json()
    assert body["days"] == [{"day": "2024-03-12", "requests": 1}, {"day": "2024-03-11", "requests": 1}]
    assert [(one["name"], one["left"]) for one in body["limits"]] == [("minute", 599), ("day", 49_999)]
    assert body["in_force"]["batch_size"] == 100


def test_every_answer_has_a_number_and_problems_tell_it(api: Api) -> None:
    for address in ("/forecasts/AAPL", "/forecasts/NOPE-NOPE", "/rules", "/nope"):
        answer = api.get(address)
        assert answer.headers["x-request-id"]
        if answer.status_code >= 400:
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
            assert answer.json()["code"] in KINDS


def test_allow_names_every_method_of_an_address(api: Api) -> None:
    allowed: dict[str, str] = {}
    key = api.key()
    for address in ("/forecasts", "/forecasts/AAPL", "/rules", "/webhooks/1"):
        answer: httpx.Response = api.ask("PUT", address, key)
        assert answer.status_code == 405
        allowed[address] = answer.headers["allow"]
    assert allowed == {
        "/forecasts": "POST",
        "/forecasts/AAPL": "GET, HEAD",
        "/rules": "GET, POST, HEAD",
        "/webhooks/1": "DELETE, GET, HEAD",
    }


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), nested, max_size=4))
def test_a_row_loses_no_value_of_what_it_was_made_of(body: dict[str, Any]) -> None:
    def leaves(value: Any) -> list[Any]:
        return [leaf for each in value.values() for leaf in leaves(each)] if isinstance(value, dict) else [value]

    assert list(map(repr, flat(body).values())) == list(map(repr, leaves(body)))


def test_the_forecast_of_the_api_is_the_json_of_every_other_face(api: Api) -> None:
    made = ask_forecasts.answer(api.services, "AAPL", 10).forecast
    assert api.get("/forecasts/AAPL").json() == forecast_json(made) | {
        "made_at": api.get("/forecasts/AAPL").json()["made_at"]
    }


@pytest.mark.parametrize("address", ["/ledger", "/rules", "/alerts", "/universe?q=zzzzzzzzzz"])
def test_a_table_of_nothing_has_its_columns(api: Api, address: str) -> None:
    key, sign = api.key(), "&" if "?" in address else "?"
    assert api.get(address, key).json()["items"] == []
    (header,) = csv.reader(io.StringIO(api.get(f"{address}{sign}format=csv", key).text))
    assert len(header) == len(set(header)) > 5
    parquet = pd.read_parquet(io.BytesIO(api.get(f"{address}{sign}format=parquet", key).content))
    assert list(parquet.columns) == header and parquet.empty


def test_the_columns_of_an_empty_table_are_those_of_a_full_one(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key()
    (rules,) = csv.reader(io.StringIO(api.get("/rules?format=csv", key).text))
    api.ask("POST", "/rules", key, json={"symbol": "AAPL", "kind": "move", "threshold": 0.05})
    assert next(csv.reader(io.StringIO(api.get("/rules?format=csv", key).text))) == rules
    (unknown,) = csv.reader(io.StringIO(api.get("/universe?q=zzzzzzzzzz&format=csv", key).text))
    assert next(csv.reader(io.StringIO(api.get("/universe?format=csv", key).text))) == unknown


def test_no_address_takes_a_parameter_that_it_does_not_have(api: Api) -> None:
    key = api.key()
    description = api.app.openapi()
    for path, methods in description["paths"].items():
        if "/admin/" in path:  # which wants another token
            continue
        for method, operation in methods.items():
            address = path.removeprefix("/api/v1").replace("{symbol}", "AAPL")
            address = re.sub(r"{\w+}", "1", address)
            body = {"json": {"symbols": ["AAPL"]}} if operation.get("requestBody") else {}
            for query in ("formt=csv", "format=csv&x=1") if "format" in str(operation) else ("x=1",):
                answer = api.ask(method.upper(), f"{address}?{query}", key, **dict(body))
                assert answer.status_code == 400, (method, address, query)
                assert "has no parameter" in answer.json()["detail"], (method, address, query)


@pytest.mark.parametrize("address", ["/market.csv?horizn=10", "/track-record.csv?symbl=AAPL"])
def test_neither_does_a_file_among_the_pages(visitor: Visitor, address: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == 400 and "has no parameter" in answer.text
    assert visitor.get(address.partition("?")[0]).status_code == 200


def test_the_sample_shows_the_receipts_of_its_misses_as_its_page_does(api: Api) -> None:
    misses = api.get("/track-record").json()["misses"]
    assert misses
    for miss in misses:
        name = sample_name(miss["symbol"], date.fromisoformat(miss["cutoff"]), miss["horizon"])
        answer = api.get(f"/receipts/{name}")
        receipt = answer.json()
        check_shape(ReceiptAnswer, receipt)
        assert receipt["symbol"] == miss["symbol"] and receipt["source"] == "sample"
        assert receipt["outcome"]["log_return"] == pytest.approx(math.log1p(miss["growth"]))
        proof = hashlib.sha256(bytes.fromhex(receipt["hash_before"] + receipt["content"])).hexdigest()
        assert proof == receipt["hash"]
        assert api.get(f"/receipts/{receipt['forecast_id']}").json() == receipt
        assert "immutable" not in answer.headers["cache-control"], "it is made anew, and stands in no ledger"


def test_a_list_of_heads_without_any_says_why(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heads = api.get("/ledger/heads").json()
    check_shape(LedgerHeadsAnswer, heads)
    assert heads["items"] == [] and heads["note"].startswith("Of the sample market nothing is issued")
    miss = api.get("/track-record").json()["misses"][0]
    name = sample_name(miss["symbol"], date.fromisoformat(miss["cutoff"]), miss["horizon"])
    (tmp_path / "receipt.json").write_bytes(api.get(f"/receipts/{name}").content)
    receipt = api.get(f"/receipts/{name}").json()
    head = f"{receipt['row']}:{receipt['hash']}"
    assert verify.main(["receipt", str(tmp_path / "receipt.json"), "--head", head]) == 3
    assert "note It is of the sample market and stands in no ledger" in capsys.readouterr().out
    (tmp_path / "ledger.csv").write_text(api.get("/ledger/rows?format=csv").text)
    assert verify.main(["check", str(tmp_path)]) == 3
    assert "note There is no forecast in this ledger: of a sample market" in capsys.readouterr().out
    assert verify.main(["check", str(tmp_path), "--proof", str(tmp_path / "receipt.json")]) == 2
