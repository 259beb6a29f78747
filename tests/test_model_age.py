"""The age of what the served model knows: beside every answer, and in `doctor`."""

from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bellwether.ask import forecasts
from bellwether.ask.lists import forecast_list
from bellwether.core.i18n.numbers import spoken_day
from bellwether.core.types import RecordSummary, SkillVerdict
from bellwether.jobs.doctor import examine
from bellwether.models.registry import ModelRegistry
from bellwether.services import Services
from bellwether.track_record.scores.record_summary import caveats_with, with_tested_models
from bot import conversation
from bot.commands import ChatContext
from bot.replies import as_text
from tests.support.sample import SAMPLE_LAST
from tests.support.web import Visitor, plain_text
from web.app import create_app
from web.pages.about import knowledge_age


@pytest.mark.parametrize(("days", "due"), [(364, False), (366, True)])
def test_a_model_that_knows_nothing_of_the_last_year_is_due_for_a_fresh_one(
    services: Services, days: int, due: bool
) -> None:
    assert services.model is not None
    now = datetime.combine(services.model.card.seen_to, time(22), UTC) + timedelta(days=days)
    (told,) = [check for check in examine(replace(services, clock=lambda: now)) if check.name == "Model"]
    assert told.ok and (told.advice != "") is due
    if due:
        assert told.advice == (
            "Its knowledge is over a year old. `python -m bellwether market export` and `python -m training renew` "
            "make a fresh one, and `python -m bellwether models compare` judges it."
        )


def later(services: Services, days: int) -> Services:
    """The same model on the last prices of the sample, as if it had learned so many days less."""
    assert services.model is not None
    card = replace(services.model.card, seen_to=SAMPLE_LAST - timedelta(days=days))
    model = copy(services.model)
    model.card = card
    return replace(services, model=model, models=ModelRegistry(services.settings.models.folder, model))


@pytest.mark.parametrize(("days", "old"), [(365, False), (366, True)])
def test_every_answer_of_a_model_that_saw_nothing_of_the_last_year_says_so(
    services: Services, days: int, old: bool
) -> None:
    aged = later(services, days)
    forecast = forecasts.answer(aged, "AAPL", 10).forecast
    told = [caveat for caveat in forecast.caveats if "learned from prices to" in caveat]
    day = spoken_day(SAMPLE_LAST - timedelta(days=days))
    assert told == ([f"The model learned from prices to {day}; how it does in later years is untested."] if old else [])
    of_list = forecast_list(aged, ["AAPL", "KO"], 10).caveats
    assert [caveat for caveat in of_list if "learned from prices to" in caveat] == told
    page = plain_text(Visitor(create_app(aged)).get("/stocks/AAPL").text)
    assert ("is untested" in page) is old
    assert ("is untested" in str(Visitor(create_app(aged)).get("/api/v1/forecasts/AAPL").json()["caveats"])) is old
    spoken = conversation.answer(ChatContext(aged, 1), "AAPL 10d")
    assert ("is untested" in as_text(spoken.text)) is old


def test_the_live_record_stands_in_its_place_once_it_can_judge(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    forecast = forecasts.answer(later(services, 400), "AAPL", 10).forecast
    early = RecordSummary(10, 12, 0.75, 0.8, None, SkillVerdict.TOO_EARLY, own=False, years="")
    enough = replace(early, forecasts=5200, coverage_80=0.774, verdict=SkillVerdict.UNDECIDED, skill=0.001)
    simulated = replace(enough, years="2022 to 2024")
    for record in (early, simulated):
        assert "untested" in " ".join(caveats_with(forecast, record))
    (told,) = [each for each in caveats_with(forecast, enough) if "learned from" in each]
    assert told.endswith("; of 5200 live ranges of the last year 77 of 100 held.")
    of_list = replace(forecast_list(later(services, 400), ["AAPL", "KO"], 10), source="yahoo")
    monkeypatch.setattr("bellwether.track_record.scores.record_summary._live_records", lambda *_: (enough, enough))
    assert told in with_tested_models(services.store, of_list).caveats


def test_the_plain_rule_has_no_age(services: Services) -> None:
    forecast = forecasts.answer(replace(services, model=None, model_problem="none"), "AAPL", 10).forecast
    assert forecast.learned_to is None and "learned from" not in " ".join(forecast.caveats)


@pytest.mark.parametrize(
    ("today", "told", "width", "old"),
    [
        (date(2024, 3, 20), "less than a month", 355, False),
        (date(2025, 3, 8), "1 year", 286, False),
        (date(2026, 11, 30), "2 years 8 months", 213, True),
        (date(2034, 3, 8), "10 years", 179, True),
    ],
)
def test_its_age_is_drawn_to_scale(today: date, told: str, width: int, old: bool) -> None:
    age = knowledge_age(date(2024, 3, 8), today)
    assert (age.told, age.width, age.is_old) == (told, width, old)


def test_the_page_that_explains_draws_it(services: Services) -> None:
    page = Visitor(create_app(services)).get("/how-it-works").text
    assert "not seen: 2 years 8 months" in page and "every answer says so" in page
