"""The JSON that programs read: exactly these keys, and numbers that agree with each other."""

import json
import math
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.types import HEADS
from bellwether.forecasting.to_json import forecast_json
from bellwether.services import Services, build_services
from tests.conftest import NOW
from tests.support.sample import SAMPLE_LAST, SAMPLE_NOTE

LEVELS = ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]


@pytest.fixture(params=["model", "baseline"])
def either(request: pytest.FixtureRequest, services: Services, tmp_path: Path) -> Services:
    """Services with the model, and services that lost it."""
    if request.param == "model":
        return services
    chosen = load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": tmp_path})
    return build_services(chosen, clock=lambda: NOW)


def test_it_has_exactly_the_keys_of_the_contract(either: Services) -> None:
    answer = forecast_json(forecasts.answer(either, "AAPL", 10).forecast)
    assert list(answer) == [
        "symbol",
        "name",
        "currency",
        "exchange",
        "cutoff",
        "last_close",
        "horizon",
        "target_session",
        "made_at",
        "quantiles",
        "returns",
        "probability_of_growth",
        "usual_probability_of_growth",
        "baseline",
        "model_id",
        "explanation",
        "source",
        "caveats",
        "forecast_id",
        "earnings",
        "calibration",
        "incident",
    ]
    assert list(answer["baseline"]) == ["quantiles", "probability_of_growth"]
    for quantiles in (answer["quantiles"], answer["returns"], answer["baseline"]["quantiles"]):
        assert list(quantiles) == LEVELS


@pytest.mark.parametrize("horizon", [*HEADS, 2, 17, 42])
@pytest.mark.parametrize("symbol", ["AAPL", "^GSPC"])
def test_its_numbers_agree_with_each_other(either: Services, symbol: str, horizon: int) -> None:
    answer = json.loads(json.dumps(forecast_json(forecasts.answer(either, symbol, horizon).forecast), allow_nan=False))
    for level in LEVELS:
        assert answer["quantiles"][level] == pytest.approx(answer["last_close"] * (1 + answer["returns"][level]))
    for prices in (answer["quantiles"], answer["baseline"]["quantiles"]):
        assert list(prices.values()) == sorted(set(prices.values()))
        assert all(price > 0 for price in prices.values())
    for probability in (answer["probability_of_growth"], answer["baseline"]["probability_of_growth"]):
        assert 0 < probability < 1
    median = answer["returns"]["0.5"]
    assert math.copysign(1, median) == math.copysign(1, answer["probability_of_growth"] - 0.5)
    assert answer["horizon"] == horizon


def test_its_facts_are_those_of_the_forecast(either: Services) -> None:
    answer = forecast_json(forecasts.answer(either, "AAPL", 10).forecast)
    assert (answer["symbol"], answer["name"], answer["currency"], answer["exchange"]) == (
        "AAPL",
        "Apple",
        "USD",
        "NASDAQ",
    )
    assert answer["cutoff"] == str(SAMPLE_LAST)
    assert answer["target_session"] == "2024-03-22"
    assert answer["source"] == "sample"
    assert any(SAMPLE_NOTE in caveat for caveat in answer["caveats"])


def test_its_times_are_utc_and_its_days_are_dates(services: Services) -> None:
    answer = forecast_json(forecasts.answer(services, "AAPL", 10).forecast)
    made_at = datetime.fromisoformat(answer["made_at"])
    assert made_at == NOW
    assert made_at.utcoffset() == timedelta(0)
    assert date.fromisoformat(answer["cutoff"]) < date.fromisoformat(answer["target_session"])


def test_the_reasons_are_there_as_numbers_and_as_words(services: Services) -> None:
    reasons = forecast_json(forecasts.answer(services, "AAPL", 10).forecast)["explanation"]
    assert {"summary", "why", "trust", "volatility", "usual_volatility", "market_volatility", "record"} <= set(reasons)
    assert reasons["summary"].startswith("Over the next two weeks Apple will probably end between $")
    assert 0 < reasons["volatility"] < 2
    assert reasons["market_volatility"] == pytest.approx(0.1474)
    low, high = reasons["record"]["skill_interval"]
    assert low <= reasons["record"]["skill"] <= high


def test_the_baseline_claims_no_record_in_json(tmp_path: Path) -> None:
    chosen = load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": tmp_path})
    answer = forecast_json(forecasts.answer(build_services(chosen, clock=lambda: NOW), "AAPL", 10).forecast)
    assert answer["explanation"]["record"] is None
    assert answer["model_id"] == "baseline-ewma"
    assert answer["quantiles"] == answer["baseline"]["quantiles"]


def test_its_sentences_say_days_as_people_do(services: Services) -> None:
    answer = forecast_json(forecasts.answer(services, "AAPL", 10, date(2016, 3, 1)).forecast)
    sentences = [*answer["caveats"], *(answer["explanation"][name] for name in ("summary", "why", "trust"))]
    assert "prices up to 31 December 2018 in view" in " ".join(sentences)
    assert not [sentence for sentence in sentences if re.search(r"\d{4}-\d{2}-\d{2}", sentence)]
