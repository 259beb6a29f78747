"""The right to remain silent: a model that is worse is demoted soon and visibly, one that is not, hardly ever."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether import queries
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.scoring.issuing import record
from bellwether.scoring.settling import count
from bellwether.scoring.silence import CHANCE, MOST_LOST, SHARES, STAKES, differences, standing_of, wealth
from bellwether.scoring.sums import COLUMNS, scored
from bellwether.scoring.table import Table, table_of
from bellwether.scoring.types import Standing
from bellwether.scoring.universe import forecast_universe
from bellwether.store import ledger, outcomes
from bellwether.store.outcomes import Outcome
from bellwether.types import Problem
from benchmarks import silence as made_up_markets
from tests.support.account import live_services, made_up

SESSION = date(2021, 6, 30)
YEARS = 12


@pytest.fixture(scope="module")
def shape() -> dict[int, np.ndarray]:
    return made_up_markets.shapes(np.random.default_rng(0))


def test_models_of_equal_skill_stay_and_worse_ones_fall_silent(shape: dict[int, np.ndarray]) -> None:
    """The short form of `python -m benchmarks.silence`."""
    ends, skill = made_up_markets.years(made_up_markets.EQUAL["both wrong at random"], YEARS, 11, shape)
    assert abs(skill) < 0.005
    assert ends == [None] * YEARS
    ends, skill = made_up_markets.years(made_up_markets.WORSE["wrong at random"], YEARS, 12, shape)
    assert skill == pytest.approx(-0.05, abs=0.01)
    assert sum(end is not None and end <= 60 for end in ends) >= YEARS // 2


def test_money_bet_on_fair_differences_does_not_grow() -> None:
    """An e-value has a mean of at most 1: the mean over many fair games is near it, and 20 is reached in few."""
    random = np.random.default_rng(4)
    games = [wealth(random.choice([-0.5, 0.5], 250)) for _ in range(4000)]
    assert np.mean([game[60] for game in games]) == pytest.approx(1, abs=0.5)
    assert np.mean([game.max() >= 1 / CHANCE for game in games]) < CHANCE


def test_no_bet_can_lose_more_than_all() -> None:
    assert STAKES.max() * MOST_LOST < 1
    assert (wealth(np.full(50, -MOST_LOST)) > 0).all()
    assert sum(SHARES.values()) == pytest.approx(1)


def test_a_difference_of_loss_never_exceeds_its_span() -> None:
    random = np.random.default_rng(8)
    own, plain = np.sort(random.normal(0, 1, (2, 5000, 7)), axis=2)
    numbers = scored(random.standard_t(2, 5000) * 2, own, plain, np.full(5000, np.nan))
    loss, baseline, span = (numbers[:, COLUMNS.index(name)] for name in ("loss", "baseline_loss", "span"))
    assert (np.abs(loss - baseline) <= span + 1e-9).all()
    assert (np.abs(loss - baseline) > 0.9 * span).any(), "and comes near it"
    told = differences(np.stack([loss, baseline, span], axis=1), 0.2, worse=True)
    assert told.max() <= 1 and told.min() >= -MOST_LOST


def days(losses: list[float], horizon: int = 1) -> Table:
    """Sessions of one forecast each: the model's loss, where the rule's is 1 and the most they could differ 1."""
    sums = np.zeros((len(losses), len(COLUMNS)))
    sums[:, 0] = sums[:, COLUMNS.index("baseline_loss")] = sums[:, COLUMNS.index("span")] = 1
    sums[:, COLUMNS.index("loss")] = losses
    return table_of([("m", 1, horizon, day, 1, 0) for day in range(len(losses))], sums)


def test_it_falls_silent_and_comes_back_the_same_way() -> None:
    worse, better = [1.3] * 12, [0.7] * 25
    assert standing_of(days([1.0] * 500), "m").standing is Standing.SPEAKS
    silent = standing_of(days(worse), "m")
    assert silent.standing is Standing.SILENCED
    assert silent.since is not None and date(1970, 1, 3) < silent.since <= date(1970, 1, 12)
    assert standing_of(days(worse + [1.0] * 300), "m").standing is Standing.SILENCED
    back = standing_of(days(worse + better), "m")
    assert back.standing is Standing.SPEAKS
    assert back.since is not None and back.since > silent.since
    assert standing_of(days(worse + better + worse + worse), "m").standing is Standing.SILENCED


def test_horizons_that_overlap_count_only_every_so_often() -> None:
    assert standing_of(days([1.3] * 12, 5), "m").standing is Standing.SPEAKS
    assert standing_of(days([1.3] * 100, 5), "m").standing is Standing.SILENCED


def test_one_symbol_of_many_needs_more_evidence() -> None:
    losses = days([1.5] * 30)
    alone, of_many = standing_of(losses, "m", "AAPL"), standing_of(losses, "m", "AAPL", 500)
    assert (alone.needed, of_many.needed) == (20, 10_000)
    assert (alone.standing, of_many.standing) == (Standing.SILENCED, Standing.SPEAKS)


def test_who_is_worse_by_next_to_nothing_is_heard() -> None:
    assert standing_of(days([1.005] * 2000), "m").standing is Standing.SPEAKS


# ---- in the service


def bad_year(services: queries.Services, sessions: int = 60) -> None:
    """Sixty sessions on which the served model was far off, and the rule was not."""
    assert services.model is not None
    plain = tuple(np.linspace(-0.02, 0.02, 7))
    rows = [
        made_up(
            90_000 + 10 * session + number,
            symbol=f"S{number}",
            cutoff=SESSION - timedelta(days=2 * sessions - session),
            model_id=services.model.card.model_id,
            baseline=plain,
            log_returns=tuple(value + 0.03 for value in plain),
        )
        for session in range(sessions)
        for number in range(4)
    ]
    record(services.store, rows)
    with services.store.transaction() as db:
        due = outcomes.due(db, SESSION)
        count(db, outcomes.append(db, [Outcome(one, 0.001, SESSION) for one in due], services.clock()))


def test_a_model_whose_record_is_bad_is_silent_and_says_why(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    before = queries.answer(services, "AAPL", 10)
    assert before.forecast.problem is None
    bad_year(services)
    asked = queries.answer(services, "AAPL", 10)
    made = asked.forecast
    assert (made.problem, made.model_id) == (Problem.SILENCED, BASELINE_ID)
    assert made.log_returns == made.baseline.log_returns == before.forecast.baseline.log_returns
    assert "significantly worse than those of a plain volatility rule" in " ".join(made.caveats)
    (stands,) = queries.track_record(services).standings
    assert stands.standing is Standing.SILENCED


def test_a_silenced_model_goes_on_being_scored_so_that_it_can_come_back(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION, ("AAPL",))
    bad_year(services)
    with services.store.reading() as db:
        before = ledger.head(db).rows
    forecast_universe(services)
    with services.store.reading() as db:
        rows = [ledger.Row(*row) for row in ledger.every_row(db)][before:]
    assert services.model is not None
    assert [(row.model_id, row.shown) for row in rows[:5]] == [(BASELINE_ID, 1)] * 5
    assert [(row.model_id, row.shown) for row in rows[5:]] == [(services.model.card.model_id, 0)] * 5
    assert forecast_universe(services).there == 1
