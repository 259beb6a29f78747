"""The developer API and the service addresses, asked in this process with the sample market."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bellwether.ask import forecasts
from bellwether.client.answers.forecast import ForecastAnswer, ProblemAnswer
from bellwether.core.types import Bars
from bellwether.db import disk_space
from bellwether.db.database import try_write
from bellwether.forecasting.to_json import forecast_json
from bellwether.jobs.doctor import examine_database
from bellwether.market.sample import SampleProvider
from tests.support.shapes import check_shape
from tests.support.stretched import stretched_models
from tests.support.web import Visitor, sample_services
from web.app import create_app
from web.problems import KINDS

FORECAST = "/api/v1/forecasts/"


class Bug(SampleProvider):
    """A market with a bug in it."""

    def bars(self, symbol: str, end: date) -> Bars:
        """An exception that nobody foresaw."""
        raise RuntimeError("secret detail")


@pytest.mark.parametrize(("asked", "horizon"), [("", 10), ("?horizon=1", 1), ("?horizon=2w", 10), ("?horizon=3m", 63)])
def test_the_answer_is_the_forecast_json_of_the_command_line(
    visitor: Visitor, tmp_path: Path, asked: str, horizon: int
) -> None:
    answer = visitor.get(f"{FORECAST}AAPL{asked}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == forecast_json(forecasts.answer(sample_services(tmp_path), "AAPL", horizon).forecast)


def test_a_look_back_knows_nothing_after_its_day(visitor: Visitor) -> None:
    answer = visitor.get(f"{FORECAST}AAPL?as_of=2021-06-30").json()
    assert (answer["cutoff"], answer["target_session"]) == ("2021-06-30", "2021-07-15")


def test_a_name_or_an_index_is_found_as_well(visitor: Visitor) -> None:
    assert visitor.get(f"{FORECAST}apple").json()["symbol"] == "AAPL"
    assert visitor.get(f"{FORECAST}%5EGSPC").json()["symbol"] == "^GSPC"


def test_the_documented_shape_is_the_real_one_with_and_without_a_model(visitor: Visitor, tmp_path: Path) -> None:
    silent = Visitor(create_app(sample_services(tmp_path, models={"folder": tmp_path})))
    for answer in (visitor.get(f"{FORECAST}AAPL").json(), silent.get(f"{FORECAST}AAPL").json()):
        check_shape(ForecastAnswer, answer)


def test_the_openapi_file_names_every_key_of_an_answer(visitor: Visitor, tmp_path: Path) -> None:
    stretched = Visitor(create_app(sample_services(tmp_path, models={"folder": stretched_models(tmp_path)})))
    described = visitor.get("/openapi.json").json()
    operation = described["paths"]["/api/v1/forecasts/{symbol}"]["get"]
    shape = operation["responses"]["200"]["content"]["application/json"]["schema"]
    answer = stretched.get(f"{FORECAST}GOOGL?horizon=63").json()  # with a report inside
    keys, told = keys_of_schema(described, shape), keys_of_value(answer)
    assert keys.pop("incident") and told.pop("incident") is None, "there is no storm"
    assert keys == told
    assert [each["name"] for each in operation["parameters"]] == ["symbol", "horizon", "as_of", "format"]
    assert {"200", "304", "400", "401", "403", "404", "406", "409", "422", "429", "503"} <= set(operation["responses"])
    assert list(operation["responses"]["404"]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("forecasts/NOPE-NOPE", 404, "unknown_symbol"),
        ("forecasts/%20", 400, "bad_symbol"),
        ("forecasts/AAPL?horizon=0", 400, "bad_horizon"),
        ("forecasts/AAPL?horizon=64", 400, "bad_horizon"),
        ("forecasts/AAPL?horizon=ten", 400, "bad_horizon"),
        ("forecasts/AAPL?as_of=yesterday", 400, "bad_date"),
        ("forecasts/AAPL?as_of=2999-01-01", 400, "bad_date"),
        ("forecasts/AAPL?as_of=1999-01-01", 400, "bad_date"),
        (f"forecasts/AAPL?horizon={'1' * 3000}", 400, "bad_request"),
        ("nope", 404, "not_found"),
        ("forecasts/AAPL/nope", 404, "not_found"),
    ],
)
def test_errors_are_problem_json_with_a_stable_code(visitor: Visitor, address: str, status: int, code: str) -> None:
    answer = visitor.get(f"/api/v1/{address}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    check_shape(ProblemAnswer, problem)
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/developers#{code}")
    assert problem["title"] == KINDS[code].title
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["detail"].endswith((".", "?"))


def test_an_unknown_symbol_comes_with_suggestions(visitor: Visitor) -> None:
    assert visitor.get(f"{FORECAST}APPL").json()["suggestions"] == ["AAPL"]
    assert "suggestions" not in visitor.get(f"{FORECAST}AAPL?horizon=0").json()


def test_writing_is_refused_as_a_problem(visitor: Visitor) -> None:
    answer = visitor.ask("DELETE", f"{FORECAST}AAPL")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


def test_too_few_prices_are_a_422(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nAAPL,2021-12-31,1,1,1,1,1\n")
    answer = Visitor(create_app(sample_services(tmp_path, market={"source": "file", "file": str(file)}))).get(
        f"{FORECAST}AAPL"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable_bars")


def test_a_bug_is_a_500_that_keeps_its_details_to_itself(tmp_path: Path) -> None:
    answer = Visitor(create_app(replace(sample_services(tmp_path), provider=Bug()))).get(f"{FORECAST}AAPL")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text and "Traceback" not in answer.text


def test_the_reference_shows_a_real_answer_and_every_error(visitor: Visitor) -> None:
    manual = Path("docs/api.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(\{.*?\n\})\n```", manual, re.DOTALL)
    assert example
    shown, real = json.loads(example[1]), visitor.get(f"{FORECAST}AAPL?horizon=10").json()
    assert keys_of_value(shown) == keys_of_value(real)
    assert all(f"| `{code}` | {kind.status} |" in manual for code, kind in KINDS.items())


def test_healthz_says_that_the_process_lives(visitor: Visitor) -> None:
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_names_what_it_looked_at(visitor: Visitor) -> None:
    answer = visitor.get("/readyz")
    checks = answer.json()["checks"]
    assert list(checks) == ["model", "database", "source"]
    assert checks["database"]["ok"] and checks["source"]["detail"] == "sample"
    assert (answer.status_code, answer.json()["status"]) == (
        (200, "ready") if checks["model"]["ok"] else (503, "not ready")
    )


def test_readyz_is_503_without_a_model_or_a_database_and_names_no_path(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"this is no database at all, and long enough to be looked at" * 20)
    with closing(sqlite3.connect(broken)) as db, pytest.raises(sqlite3.DatabaseError):
        db.execute("SELECT * FROM sqlite_master")
    services = sample_services(tmp_path, models={"folder": tmp_path}, database={"path": broken})
    answer = Visitor(create_app(services)).get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert not answer.json()["checks"]["model"]["ok"] and not answer.json()["checks"]["database"]["ok"]
    assert str(tmp_path) not in answer.text


def test_a_database_whose_disk_is_full_is_not_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = sample_services(tmp_path)
    visitor = Visitor(create_app(services))
    for free, status, up in ((0, 200, 1), (1 << 62, 503, 0)):  # bytes that no disk has
        monkeypatch.setattr(disk_space, "LEAST_FREE", free)
        assert visitor.get("/readyz").json()["checks"]["database"]["ok"] is bool(up)
        assert status == 200 or visitor.get("/readyz").status_code == status
        assert f"bellwether_database_up {up}.0" in visitor.get("/metrics").text
        assert examine_database(services.store, datetime.now(UTC))[0].ok is bool(up)
    with services.store.transaction() as db:
        try_write(db)  # which needs no room


def test_a_forecast_needs_no_database(tmp_path: Path) -> None:
    answer = Visitor(create_app(sample_services(tmp_path, database={"path": tmp_path}))).get(f"{FORECAST}AAPL")
    assert answer.status_code == 200


def keys_of_value(value: Any) -> Any:
    """The keys of nested objects."""
    return {key: keys_of_value(each) for key, each in value.items()} if isinstance(value, dict) else None


def keys_of_schema(described: dict[str, Any], schema: dict[str, Any]) -> Any:
    """The same, of a schema: references are followed, and of "this or null" the first is taken."""
    schema = next(iter(schema.get("anyOf", [schema])))
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "properties" not in schema:
        return None
    assert set(schema["required"]) == set(schema["properties"])
    return {key: keys_of_schema(described, each) for key, each in schema["properties"].items()}
