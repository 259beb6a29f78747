"""A day in the past is answered by a model that had not seen what came after it."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.models.model_card import RANGE, folders_of
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.registry import ModelRegistry
from bellwether.services import Services, build_services
from tests.conftest import MODELS, NOW
from tests.support.models import EARLIER, JUDGED, SERVED
from tests.support.sample import SAMPLE_BEFORE, SAMPLE_LAST

EXPORTED = folders_of(MODELS, RANGE)[-1]


def model_taught_to(day: str, folder: Path) -> Path:
    """A copy of an exported model whose card says how far it learned."""
    shutil.copytree(EXPORTED, folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["model_id"] = folder.name
    card["data"]["trained_to"] = card["splits"]["validation"][1] = day
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


@pytest.fixture
def services_of_three(tmp_path: Path) -> Services:
    """Models taught to 2015, 2018 and 2020, of which the last is served, over the sample market."""
    for year in (2015, 2018, 2020):
        model_taught_to(f"{year}-12-31", tmp_path / "models" / f"to-{year}")
    chosen = {"folder": tmp_path / "models", "serve": "to-2020"}
    return build_services(load_settings(database={"path": tmp_path / "x.sqlite3"}, models=chosen), clock=lambda: NOW)


@pytest.mark.parametrize(
    ("as_of", "model_id", "fair"),
    [
        (None, "to-2020", True),
        (date(2021, 6, 30), "to-2020", True),
        (date(2020, 12, 31), "to-2020", True),  # what it learned from ends where this forecast begins
        (date(2020, 12, 30), "to-2018", True),
        (date(2018, 12, 31), "to-2018", True),
        (date(2018, 6, 29), "to-2015", True),
        (date(2014, 6, 30), "to-2015", False),  # all have seen more: the one that saw the least of it, marked
    ],
)
def test_the_model_that_answers_had_not_seen_what_came_after(
    services_of_three: Services, as_of: date | None, model_id: str, fair: bool
) -> None:
    made = forecasts.answer(services_of_three, "AAPL", 10, as_of).forecast
    assert made.model_id == model_id
    assert any("no fair test" in caveat for caveat in made.caveats) is not fair


def test_a_change_since_yesterday_is_the_prices_and_not_another_models(services_of_three: Services) -> None:
    asked = forecasts.answer(services_of_three, "AAPL", 10, date(2020, 12, 31))
    before = forecasts.previous(services_of_three, asked)
    assert before is not None
    assert (before.model_id, before.cutoff) == ("to-2020", date(2020, 12, 30))


def test_a_damaged_model_beside_the_served_one_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    served = OnnxModel(model_taught_to("2020-12-31", tmp_path / "served"))
    (model_taught_to("2018-12-31", tmp_path / "damaged") / "model.onnx").write_bytes(b"no model")
    sound = model_taught_to("2015-12-31", tmp_path / "sound")
    answered = ModelRegistry(tmp_path, served).for_day(date(2019, 1, 2))
    assert answered is not None and answered.card.model_id == sound.name
    assert "damaged" in caplog.text


def test_where_no_model_is_served_none_answers_for_the_past(tmp_path: Path) -> None:
    model_taught_to("2015-12-31", tmp_path / "sound")
    assert ModelRegistry(tmp_path, None).for_day(date(2019, 1, 2)) is None


def test_the_shipped_models_leave_the_test_years_to_the_one_that_was_tested(services: Services) -> None:
    assert services.model is not None and services.model.card.seen_to == SAMPLE_LAST
    days = {date(2020, 3, 2): EARLIER, date(2021, 12, 30): EARLIER, date(2021, 12, 31): JUDGED, SAMPLE_BEFORE: JUDGED}
    for day, model_id in days.items():
        assert forecasts.answer(services, "AAPL", 10, day).forecast.model_id == model_id
    assert forecasts.answer(services, "AAPL", 10).forecast.model_id == SERVED
