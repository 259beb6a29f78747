"""The chance of a rise: drawn towards the usual share, and from two weeks on nothing else."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.core.calibration import Rises
from bellwether.core.errors import ModelError
from bellwether.core.types import HEADS
from bellwether.forecasting import sentences
from bellwether.forecasting.forecaster import forecast_at
from bellwether.forecasting.metrics import probability_above_zero
from bellwether.forecasting.rises import MOST_DAYS, chance_of_rise, says_more_than_usual, up_days
from bellwether.jobs.evening import keep_evening
from bellwether.models.model_card import read_card
from bellwether.services import Services
from bellwether.track_record.demotion.gate import demoted
from bellwether.track_record.ledger.receipts import receipt
from bellwether.track_record.ledger.settle import settle
from bellwether.track_record.ledger.verify import verify
from tests.conftest import NOW
from tests.support.made_market import at_evening, made_prices, market_of
from tests.support.models import SERVED
from tests.support.stretched import stretched_models
from tests.support.web import sample_services
from training.__main__ import cli

WEIGHTS = [0.5, 0.5, 0.0, 0.0, 0.0]
RISES = Rises((0.51, 0.53, 0.54, 0.56, 0.6), tuple(WEIGHTS))
DAY = date(2021, 12, 31)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stretched_models(tmp_path_factory.mktemp("rises"), evening_width=False, rise_weights=WEIGHTS)


@pytest.fixture
def drawn(tmp_path: Path, models: Path) -> Services:
    """The sample market, by a model whose chances are drawn in."""
    return sample_services(tmp_path, models={"folder": models})


@pytest.fixture
def undrawn(tmp_path: Path) -> Services:
    """The same market, by the same model with a card that says nothing of its chances."""
    folder = tmp_path / "undrawn"
    return sample_services(folder, models={"folder": stretched_models(folder, evening_width=False, rise_weights=None)})


def test_half_of_the_models_distance_is_told_for_a_day_and_a_week() -> None:
    own = np.array([0.61, 0.41])
    assert chance_of_rise(own, RISES, 1) == pytest.approx([0.56, 0.46])
    assert chance_of_rise(own, RISES, 5) == pytest.approx([0.57, 0.47])


def test_from_two_weeks_on_the_usual_share_is_told_and_nothing_else() -> None:
    own = np.array([0.9, 0.1])
    for head in (2, 3, 4):
        assert chance_of_rise(own, RISES, HEADS[head], 0.7, 1260) == pytest.approx([RISES.usual[head]] * 2)
    assert [says_more_than_usual(RISES, horizon) for horizon in (1, 5, 9, 10, 15, 63)] == [True] * 3 + [False] * 3
    assert chance_of_rise(own, RISES, 15) == pytest.approx([0.55] * 2, abs=1e-3)  # between the shares of its heads


def test_a_day_ahead_the_symbols_own_days_count_the_more_the_more_there_are() -> None:
    own = np.array([0.51])
    few, many = (chance_of_rise(own, RISES, 1, 0.55, days)[0] for days in (100, 1260))
    assert few == pytest.approx(0.51 + 0.5 * 0.04 * 100 / 1100)
    assert many == pytest.approx(0.51 + 0.5 * 0.04 * 1260 / 2260)
    between = chance_of_rise(np.array([0.53]), RISES, 5, 0.9, 1260)[0]
    assert between == pytest.approx(0.53)


def test_up_days_are_those_of_five_years() -> None:
    closes = np.r_[np.arange(5000, 0, -1.0), np.arange(1.0, MOST_DAYS // 2 + 1)]
    share, days = up_days(closes)
    assert days == MOST_DAYS
    assert share == pytest.approx(0.5, abs=0.001)
    assert up_days(np.array([10.0])) == (0.0, 0)


def test_the_answer_its_words_and_its_numbers_say_the_same(drawn: Services, undrawn: Services) -> None:
    for horizon in (1, 5, 21):
        own = forecasts.answer(undrawn, "AAPL", horizon).forecast
        told = forecasts.answer(drawn, "AAPL", horizon).forecast
        assert told.log_returns == own.log_returns
        assert told.probability_of_growth != own.probability_of_growth
        assert told.growth_is_usual == (horizon == 21)
        percent = sentences.percent(told.probability_of_growth)
        assert percent in sentences.numbers(told)
    assert "which is usual this far ahead" in sentences.numbers(told)
    assert sentences.direction(told) == ""
    assert not sentences.direction_known(told)
    assert drawn.model is not None
    assert drawn.model.card.rises is not None
    assert told.probability_of_growth == pytest.approx(drawn.model.card.rises.usual[3])


def test_the_record_scores_the_chance_that_was_told(tmp_path: Path, models: Path) -> None:
    services = market_of(tmp_path, made_prices(6), date(2021, 6, 30), models)
    made = [forecasts.answer(services, "MAB", horizon).forecast for horizon in (1, 10)]
    for forecast in made:
        own = float(probability_above_zero(np.array([forecast.log_returns]))[0])
        entered = receipt(services.store, forecast.forecast_id)
        assert entered.probability_of_growth == forecast.probability_of_growth != own
    at_evening(services, date(2021, 7, 20))
    assert settle(services.store, services.provider, services.clock).settled == 2
    for forecast, row in zip(made, forecasts.track_record(services).by_horizon, strict=True):
        outcome = receipt(services.store, forecast.forecast_id).outcome
        assert outcome is not None and outcome.log_return is not None
        assert row.score.brier == pytest.approx((forecast.probability_of_growth - (outcome.log_return > 0)) ** 2)
    assert not verify(services.store).problems


def test_a_model_whose_card_says_nothing_of_it_reads_its_chance_off_its_quantiles(undrawn: Services) -> None:
    made = forecasts.answer(undrawn, "AAPL", 21).forecast
    assert made.probability_of_growth == pytest.approx(probability_above_zero(np.array([made.log_returns]))[0])
    assert not made.growth_is_usual


def test_the_plain_rule_in_a_models_place_keeps_its_own_chance(drawn: Services) -> None:
    made = forecasts.answer(drawn, "AAPL", 21)
    silent = forecast_at(demoted(made.outlook), 21, NOW)
    assert silent.probability_of_growth == pytest.approx(silent.baseline.probability_of_growth)
    assert not silent.growth_is_usual


@pytest.mark.parametrize("weights", [[0.5], [0.5, 0.5, 0.0, 0.0, 2.0], "half", [0.5, 0.5, 0.0, 0.0, None]])
def test_weights_that_cannot_be_are_refused(tmp_path: Path, weights: object) -> None:
    models = stretched_models(tmp_path, rise_weights=weights)
    with pytest.raises(ModelError, match="cannot be read"):
        read_card(models / SERVED)


def test_training_writes_the_chances_that_are_told(tmp_path: Path, models: Path) -> None:
    prices, model = made_prices(5), models / SERVED
    prices.to_parquet(tmp_path / "prices.parquet")
    tables = []
    for words in ((), ("--raw",)):
        asked = [
            "forecasts",
            "--prices",
            tmp_path / "prices.parquet",
            "--model",
            model,
            "--out",
            tmp_path / "o.parquet",
        ]
        span = ["--from", str(DAY), "--to", str(DAY), "--every", "1"]
        result = CliRunner().invoke(cli, [str(word) for word in (*asked, *span, *words)])
        assert result.exit_code == 0, result.output
        tables.append(pd.read_parquet(tmp_path / "o.parquet").set_index(["symbol", "cutoff", "horizon"]))
    told, raw = tables
    assert told["q50"].equals(raw["q50"])
    assert raw["p_growth"].to_numpy() == pytest.approx(probability_above_zero(raw.filter(regex="^q").to_numpy()))
    services = market_of(tmp_path, prices, DAY, models, serve=SERVED)
    keep_evening(services)  # the model reads how all stocks moved together
    outlook = forecasts.outlook(services, services.provider.instrument("MAC"))
    for horizon in HEADS:
        chance = forecast_at(outlook, horizon, NOW).probability_of_growth
        assert told["p_growth"]["MAC", str(DAY), horizon] == pytest.approx(chance, abs=1e-6)
