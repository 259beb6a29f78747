"""The right to remain silent: a model that is worse is demoted soon and visibly, one that is not, hardly ever."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.core.types import Problem
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.jobs.record_universe import forecast_universe
from bellwether.track_record.demotion.e_process import (
    AT_THE_START,
    CHANCE,
    MOST_LOST,
    SHARES,
    STAKES,
    scaled,
    wealth,
)
from bellwether.track_record.demotion.pooled_test import LIMITS, shares
from bellwether.track_record.demotion.sequential_test import gate_status
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.ledger_table import LedgerNumbers
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.score_sums import count
from bellwether.track_record.scores.columns import COLUMNS, scored
from bellwether.track_record.scores.score_table import ScoreTable, table_of
from bellwether.track_record.scores.types import GateState
from benchmarks import silence as made_up_markets
from tests.support.account import live_services, made_up

SESSION = date(2021, 6, 30)
YEARS = 12


@pytest.fixture(scope="module")
def shape() -> dict[int, np.ndarray]:
    return made_up_markets.shapes_of(made_up_markets.FIRST_KIND)


@pytest.mark.parametrize("name", made_up_markets.EQUAL)
@pytest.mark.sqlite
def test_models_of_equal_skill_stay(shape: dict[int, np.ndarray], name: str) -> None:
    """The short form of `python -m benchmarks.silence`; of twelve years at a chance of 5 % three are luck in 2 %."""
    ends, skill = made_up_markets.years(made_up_markets.EQUAL[name], YEARS, 11, shape)
    assert abs(skill) < 0.015
    assert sum(end is not None for end in ends) <= 2


@pytest.mark.sqlite
def test_a_model_that_is_worse_falls_silent_within_sixty_sessions(shape: dict[int, np.ndarray]) -> None:
    ends, skill = made_up_markets.years(made_up_markets.WORSE["wrong at random"], YEARS, 12, shape, sessions=80)
    assert skill == pytest.approx(-0.05, abs=0.01)
    assert sum(end is not None and end <= 60 for end in ends) >= YEARS // 2


@pytest.mark.sqlite
def test_a_model_that_breaks_after_good_years_falls_silent_too(shape: dict[int, np.ndarray]) -> None:
    broken = made_up_markets.breaking(made_up_markets.GOOD, made_up_markets.WORSE["wrong at random"], 400)
    ends, _ = made_up_markets.years(broken, 3, 13, shape, sessions=620)
    assert all(end is not None and end > 400 for end in ends), ends


# ---- over all symbols: weeks


@pytest.mark.sqlite
def test_a_steady_loss_is_found_and_an_uneven_one_is_not() -> None:
    random = np.random.default_rng(3)
    steady, uneven = 0.04 + random.normal(0, 0.01, 12), 0.04 + random.normal(0, 0.08, 12)
    assert shares(steady)[-1] >= 1 > shares(uneven)[-1]
    assert (shares(steady)[:-1] == 0).all(), "never before a quarter is full"


@pytest.mark.sqlite
def test_one_storm_in_which_the_model_won_outweighs_a_calm_quarter() -> None:
    """A model whose ranges are too wide looks steadily worse for as long as nothing happens."""
    calm = np.full(12, 0.02) + np.random.default_rng(5).normal(0, 0.004, 12)
    storm = np.array([-0.3])
    assert shares(calm)[-1] > 1
    assert shares(np.concatenate([storm, np.full(8, 0.02), calm]))[-1] < 1


@pytest.mark.sqlite
def test_weeks_that_are_equal_on_average_hardly_ever_suffice() -> None:
    """Weeks that hang together, a little lost in most and won back in a storm now and then: a hundred years of them."""
    random = np.random.default_rng(1)
    silenced = 0
    for _ in range(100):
        weeks = random.normal(0, 1, 70)
        for at in range(1, 70):
            weeks[at] += 0.3 * weeks[at - 1]
        weeks = weeks[18:] + 0.5 - (random.random(52) < 0.1) * random.exponential(5, 52)
        silenced += bool((shares(weeks) >= 1).any())
    assert silenced <= 10


@pytest.mark.sqlite
@pytest.mark.parametrize("span", LIMITS)
def test_each_span_has_a_limit_and_longer_ones_need_less(span: int) -> None:
    random = np.random.default_rng(span)
    noise = random.normal(0, 1, span)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    just = noise + 1.001 * LIMITS[span] / np.sqrt(span)
    assert shares(just)[-1] >= 1
    assert LIMITS[span] == min(limit for weeks, limit in LIMITS.items() if weeks <= span)


# ---- of one symbol: a bet


@pytest.mark.sqlite
def test_money_bet_on_fair_differences_does_not_grow() -> None:
    """What is there is expected to be what was put in, and reaches 1 / CHANCE within a year in few games."""
    random = np.random.default_rng(4)
    games = [wealth(random.choice([-0.5, 0.5], 250)) for _ in range(1500)]
    put_in = AT_THE_START * (1 + 59 / 252)
    assert np.mean([game[59] for game in games]) == pytest.approx(put_in, rel=0.3)
    assert np.mean([game.max() >= 1 / CHANCE for game in games]) < CHANCE


@pytest.mark.sqlite
def test_good_years_do_not_hide_that_a_model_broke() -> None:
    grown = wealth(np.concatenate([np.full(750, -0.3), np.full(60, 0.5)]))
    assert grown[749] < 0.05 and grown[-1] > 1 / CHANCE


@pytest.mark.sqlite
def test_no_bet_can_lose_more_than_all() -> None:
    assert max(STAKES) * MOST_LOST < 1
    assert (wealth(np.full(50, -MOST_LOST)) > 0).all(), "and fresh money comes in"
    assert sum(SHARES.values()) == pytest.approx(1)


@pytest.mark.sqlite
def test_a_difference_of_loss_never_exceeds_its_span() -> None:
    random = np.random.default_rng(8)
    own, plain = np.sort(random.normal(0, 1, (2, 5000, 7)), axis=2)
    unknown = np.full(5000, np.nan)
    numbers = scored(random.standard_t(2, 5000) * 2, LedgerNumbers(unknown, own, plain, unknown, unknown))
    loss, baseline, span = (numbers[:, COLUMNS.index(name)] for name in ("loss", "baseline_loss", "span"))
    assert (np.abs(loss - baseline) <= span + 1e-9).all()
    assert (np.abs(loss - baseline) > 0.9 * span).any(), "and comes near it"
    told = scaled(np.stack([np.ones(5000), loss - baseline, span], axis=1))
    assert told.max() <= 1 and told.min() >= -1
    np.testing.assert_allclose(told * span, loss - baseline, atol=1e-9)


def days(losses: list[float], horizon: int = 1) -> ScoreTable:
    """Sessions of one forecast each: the model's loss, where the rule's is 1 and the most they could differ 1."""
    sums = np.zeros((len(losses), len(COLUMNS)))
    sums[:, 0] = sums[:, COLUMNS.index("baseline_loss")] = sums[:, COLUMNS.index("span")] = 1
    sums[:, COLUMNS.index("loss")] = losses
    return table_of([("m", 1, horizon, day, 1, 0) for day in range(len(losses))], sums)


def uneven(mean: float, count: int) -> list[float]:
    """Losses of so many sessions that are not all the same."""
    return (mean + np.random.default_rng(count).normal(0, 0.02, count)).tolist()


@pytest.mark.sqlite
def test_it_falls_silent_and_comes_back_the_same_way() -> None:
    worse, better, equal = uneven(1.3, 60), uneven(0.7, 60), uneven(1.0, 300)
    assert gate_status(days(uneven(1.0, 500)), "m").standing is GateState.SPEAKS
    silent = gate_status(days(worse), "m")
    assert silent.standing is GateState.SILENCED
    assert silent.since == date(1970, 1, 1) + timedelta(days=59)
    assert gate_status(days(worse + equal), "m").standing is GateState.SILENCED
    back = gate_status(days(worse + better), "m")
    assert back.standing is GateState.SPEAKS
    assert back.since is not None and back.since > silent.since
    assert gate_status(days(worse + better + worse), "m").standing is GateState.SILENCED


@pytest.mark.sqlite
def test_horizons_that_overlap_need_longer() -> None:
    assert gate_status(days(uneven(1.3, 60), 5), "m").standing is GateState.SPEAKS
    assert gate_status(days(uneven(1.3, 240), 5), "m").standing is GateState.SILENCED


@pytest.mark.sqlite
def test_one_symbol_of_many_needs_more_evidence() -> None:
    losses = days([1.5] * 30)
    alone, of_many = gate_status(losses, "m", "AAPL"), gate_status(losses, "m", "AAPL", 500)
    assert (alone.needed, of_many.needed) == (20, 10_000)
    assert (alone.standing, of_many.standing) == (GateState.SILENCED, GateState.SPEAKS)


@pytest.mark.sqlite
def test_who_is_worse_by_next_to_nothing_is_heard() -> None:
    assert gate_status(days([1.005] * 2000), "m").standing is GateState.SPEAKS


# ---- in the service


def bad_year(services: forecasts.Services, sessions: int = 60) -> None:
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
        due = outcomes_table.due(db, SESSION)
        count(db, outcomes_table.append(db, [Outcome(one, 0.001, SESSION) for one in due], services.clock()))


def test_a_model_whose_record_is_bad_is_silent_and_says_why(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    before = forecasts.answer(services, "AAPL", 10)
    assert before.forecast.problem is None
    bad_year(services)
    asked = forecasts.answer(services, "AAPL", 10)
    made = asked.forecast
    assert (made.problem, made.model_id) == (Problem.SILENCED, BASELINE_ID)
    assert made.log_returns == made.baseline.log_returns == before.forecast.baseline.log_returns
    assert "significantly worse than those of the plain rule" in " ".join(made.caveats)
    (stands,) = forecasts.track_record(services).standings
    assert stands.standing is GateState.SILENCED


def test_a_silenced_model_goes_on_being_scored_so_that_it_can_come_back(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION, ("AAPL",))
    bad_year(services)
    with services.store.reading() as db:
        before = ledger_table.CHAIN.head(db).rows
    forecast_universe(services)
    with services.store.reading() as db:
        rows = [ledger_table.row_from(row) for row in ledger_table.CHAIN.every_row(db)][before:]
    assert services.model is not None
    assert [(row.model_id, row.shown) for row in rows[:5]] == [(BASELINE_ID, 1)] * 5
    assert [(row.model_id, row.shown) for row in rows[5:]] == [(services.model.card.model_id, 0)] * 5
    assert forecast_universe(services).there == 1
