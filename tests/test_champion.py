"""Challengers: scored on the same ledger and never shown; promoted only where the record supports it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.cli.main import main
from bellwether.core.config import load_settings
from bellwether.core.errors import ModelError, PromotionRefused
from bellwether.jobs.record_universe import forecast_universe
from bellwether.services import Services, build_services
from bellwether.track_record.demotion.champion import promote
from bellwether.track_record.ledger import ledger_table, outcomes_table, receipts
from bellwether.track_record.ledger.issue import record, shadow_id
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.score_sums import count
from tests.conftest import MODELS
from tests.support.account import live_services, made_up
from tests.support.models import JUDGED, SERVED

SESSION = date(2021, 6, 30)
CHAMPION, CHALLENGER = SERVED, JUDGED
STANDARD = np.array([-1.65, -1.28, -0.67, 0.0, 0.67, 1.28, 1.65]) * 0.01


def lived(folder: Path, weeks: int, champion: float, challenger: float) -> Services:
    """Both models' forecasts of some weeks, their ranges by these factors too wide, and what came."""
    services = live_services(folder, SESSION)
    random = np.random.default_rng(6)
    rows = [
        made_up(
            1000 * week + 10 * number + (model == CHALLENGER),
            symbol=f"S{number}",
            cutoff=SESSION - timedelta(days=7 * (weeks - week)),
            model_id=model,
            shown=model == CHAMPION,
            # other rules' widths: each model's own must not decide how its losses are counted
            baseline=tuple((STANDARD * (1.0 if model == CHAMPION else 1.5)).tolist()),
            log_returns=tuple((STANDARD * wide).tolist()),
        )
        for week in range(weeks)
        for number in range(5)
        for model, wide in ((CHAMPION, champion), (CHALLENGER, challenger))
    ]
    record(services.store, rows)
    with services.store.transaction() as db:
        due = outcomes_table.due(db, SESSION)
        came = {(one.symbol, one.cutoff): random.normal(0, 0.01) for one in due}
        some = [Outcome(one, float(came[one.symbol, one.cutoff]), SESSION) for one in due]
        count(db, outcomes_table.append(db, some, services.clock()))
    return services


def test_a_challenger_runs_in_shadow_and_is_shown_to_nobody(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION, ("AAPL",))
    tried = services.settings.models.model_copy(update={"shadow": [CHALLENGER]})
    services = replace(services, settings=services.settings.model_copy(update={"models": tried}))
    assert forecast_universe(services).issued == 10
    with services.store.reading() as db:
        rows = [ledger_table.row_from(row) for row in ledger_table.CHAIN.every_row(db)]
    assert {(row.model_id, row.shown) for row in rows} == {(CHAMPION, 1), (CHALLENGER, 0)}
    shown = forecasts.answer(services, "AAPL", 10).forecast
    assert shown.model_id == CHAMPION
    assert forecasts.track_record(services).issued == 5
    assert receipts.receipt(services.store, shown.forecast_id).shown
    assert all(row.forecast_id.startswith("s") is not bool(row.shown) for row in rows)
    assert shadow_id("f0123") == "s0123"


def test_a_tried_model_misses_no_session_that_people_asked_for(tmp_path: Path) -> None:
    """Else it would be compared on what nobody cared for."""
    services = live_services(tmp_path, SESSION, ("AAPL",))
    tried = services.settings.models.model_copy(update={"shadow": [CHALLENGER]})
    services = replace(services, settings=services.settings.model_copy(update={"models": tried}))
    for horizon in (1, 5, 10, 21, 63):
        forecasts.answer(services, "AAPL", horizon)
    did = forecast_universe(services)
    assert (did.issued, did.there) == (5, 0)
    assert forecast_universe(services).there == 1
    with services.store.reading() as db:
        assert [ledger_table.row_from(row).model_id for row in ledger_table.CHAIN.every_row(db)] == [CHAMPION] * 5 + [
            CHALLENGER
        ] * 5


def test_a_better_challenger_is_promoted_and_served_from_the_next_start(tmp_path: Path) -> None:
    services = lived(tmp_path, 60, champion=1.8, challenger=1.0)
    found = promote(services.store, services.settings, services.model, CHALLENGER)
    assert found is not None and found.skill is not None and found.interval is not None
    assert found.forecasts == 300
    assert 0 < found.interval.low < found.skill
    again = build_services(services.settings)
    assert again.model is not None and again.model.card.model_id == CHALLENGER
    with pytest.raises(PromotionRefused, match="is the served model already"):
        promote(again.store, again.settings, again.model, CHALLENGER)


@pytest.mark.parametrize(
    ("weeks", "champion", "challenger", "why"),
    [
        (20, 1.8, 1.0, "too early to promote"),
        (60, 1.0, 1.0, "does not support"),
        (60, 1.0, 1.8, "does not support"),
    ],
    ids=["early", "equal", "worse"],
)
def test_a_promotion_that_the_record_does_not_support_is_refused(
    tmp_path: Path, weeks: int, champion: float, challenger: float, why: str
) -> None:
    services = lived(tmp_path, weeks, champion, challenger)
    with pytest.raises(PromotionRefused, match=why):
        promote(services.store, services.settings, services.model, CHALLENGER)
    again = build_services(services.settings)
    assert again.model is not None and again.model.card.model_id == CHAMPION


def test_a_model_that_is_not_there_cannot_be_promoted(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    with pytest.raises(ModelError):
        promote(services.store, services.settings, services.model, "daily-range-99")


def test_a_promoted_model_that_is_gone_leaves_the_one_of_the_settings(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "served-model").write_text("daily-range-99\n")
    settings = load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": MODELS})
    services = build_services(settings)
    assert services.model is not None and services.model.card.model_id == CHAMPION
    assert "The promoted model cannot be served" in caplog.text


def test_the_commands_say_what_the_record_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = lived(tmp_path, 20, 1.8, 1.0)
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(services.settings.database.path))
    monkeypatch.setenv("BELLWETHER_MODELS__FOLDER", str(MODELS))
    refused = CliRunner().invoke(main, ["models", "promote", CHALLENGER])
    assert (refused.exit_code, "too early to promote" in refused.output) == (1, True)
    told = CliRunner().invoke(main, ["models", "compare"])
    assert told.exit_code == 0, told.output
    assert CHALLENGER in told.output
