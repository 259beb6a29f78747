"""Ranges of growth that others' reports widen: what is learned of them, from whom, and of nothing filed later."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bellwether.core.calibration import WidthRule
from bellwether.core.types import LEVELS, Q10, Q50, Q90, Instrument, Quarter, Statements
from bellwether.market.statements import statements_table
from bellwether.models.quarters import Figure
from bellwether.models.revenue_model import GrowthModel
from bellwether.revenue.forecaster import forecast_growth
from bellwether.revenue.recent_reports import width_at
from bellwether.revenue.report_width import misses, widened, width_before
from bellwether.revenue.to_json import growth_json
from tests.conftest import MODELS
from tests.support.database import store_at
from training.revenue.data import cutoffs
from training.revenue.served import RULE, widths_before

DAY = date(2020, 8, 20)  #: by then all but the last companies have told of the quarter to June
LATER = date(2020, 8, 5)  #: and by then some
APPLE = Instrument("AAPL", "Apple", "NASDAQ", "XNYS", "USD")
NOW = datetime(2022, 1, 3, 12, tzinfo=UTC)


class Companies:
    """A market of companies that report some days apart; the revenue of one quarter falls for all alike."""

    def __init__(self, fall: float = 1.0, later: float = 1.0, count: int = 24) -> None:
        """`fall` is what is left of revenue in the quarter to June 2020, `later` of what is filed from LATER on."""
        self.all = {f"C{number:02}": self._company(number, fall, later) for number in range(count)}

    def _company(self, number: int, fall: float, later: float) -> Statements:
        random = np.random.default_rng(number)
        quarters = []
        for back in range(29, -1, -1):
            end = date(2021, 6, 30) - timedelta(days=round(back * 365.25 / 4))
            filed = end + timedelta(days=25 + number)
            revenue = 1e9 * 1.02 ** (30 - back) * float(np.exp(random.normal(0, 0.02)))
            revenue *= (fall if back == 4 else 1.0) * (later if filed >= LATER else 1.0)
            quarters.append(Quarter(end, revenue, 0.1 * revenue, filed))
        return Statements(f"C{number:02}", "USD", tuple(quarters), "file")

    def statements(self, symbol: str) -> Statements:
        return self.all[symbol]

    def at_hand(self, symbol: str) -> Statements | None:
        return self.all.get(symbol)

    def reported(self, first: date, before: date) -> tuple[Statements, ...]:
        return tuple(self.all.values())


@pytest.fixture(scope="module")
def model() -> GrowthModel:
    old = GrowthModel(MODELS / "revenue-1")
    old.card = replace(old.card, report_width=RULE)
    return old


def test_a_miss_is_measured_in_halves_of_the_range_on_its_side() -> None:
    quantiles = np.zeros((2, 1, len(LEVELS)))
    quantiles[:, 0, Q10], quantiles[:, 0, Q90] = -0.1, 0.3
    assert misses(quantiles, np.array([[-0.1], [0.6]]))[:, 0] == pytest.approx([1.0, 2.0])


def test_the_factor_is_that_which_would_have_held_eight_of_ten_and_few_say_little() -> None:
    rule = WidthRule(days=30, drawn_in=10, strength=(0.5, 1.0), most=0.4)
    known = np.full((40, 2), np.datetime64(DAY) - 5)
    missed = np.full((40, 2), 1.3)
    width = width_before(DAY, known, missed, rule)
    assert width.reports == (40, 40)
    assert width.x == pytest.approx((0.5 * 0.8 * np.log(1.3), 0.8 * np.log(1.3)), abs=0.005)
    assert width_before(DAY, known[:12], missed[:12], rule).x[1] < 0.7 * width.x[1]
    assert width_before(DAY, known, 9 * missed, rule).x == (0.4, 0.4), "there is a limit"
    assert width_before(DAY, known, 0.3 * missed, rule).x == (0.0, 0.0), "and nothing is narrowed"
    for far in (5, -31):  # filed on the very day, or long before it
        assert width_before(DAY, known + (far if far > 0 else far + 4), missed, rule).reports == (0, 0)


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 30])
def test_a_spoilt_report_widens_nobodys_range(count: int) -> None:
    """One company tells thousands for millions, or an amount that no answer can be held against."""
    known = np.full((count, 2), np.datetime64(DAY) - 5)
    for spoilt in (70.0, np.inf, np.nan):
        missed = np.full((count, 2), 0.9)
        missed[0] = spoilt
        assert width_before(DAY, known, missed, RULE).x == (0.0, 0.0)


def test_missing_reports_widen_nobodys_range(model: GrowthModel) -> None:
    for quarters in ((), (Quarter(date(2020, 6, 30), None, None, None),), (Quarter(date(2020, 6, 30), -1e9, 0, DAY),)):
        market = Companies(fall=0.6)
        market.all = {name: replace(company, quarters=quarters) for name, company in market.all.items()}
        width = width_at(market, model, DAY)
        assert width is not None and (width.x, width.reports) == ((0.0, 0.0), (0, 0))


def test_a_range_is_stretched_about_its_median() -> None:
    quantiles = np.sort(np.random.default_rng(0).normal(size=(3, 2, len(LEVELS))), axis=2)
    wide = widened(quantiles, np.full((3, 2), np.log(1.5)))
    assert wide[:, :, Q50] == pytest.approx(quantiles[:, :, Q50])
    assert wide[:, :, Q90] - wide[:, :, Q10] == pytest.approx(1.5 * (quantiles[:, :, Q90] - quantiles[:, :, Q10]))


def test_a_storm_that_others_have_told_of_widens_the_range_and_says_so(model: GrowthModel) -> None:
    calm, storm = Companies(), Companies(fall=0.6)
    made = {
        name: forecast_growth(
            APPLE, replace(market.all["C20"], symbol="AAPL"), model, DAY, NOW, partial(width_at, market, model)
        )
        for name, market in (("calm", calm), ("storm", storm))
    }
    assert made["calm"].widened_by(1) < 1.1 < made["storm"].widened_by(1)
    assert "The range is widened by" in growth_json(made["storm"])["explanation"]["why"]
    told = growth_json(made["storm"])["calibration"]
    assert told["before"] == made["storm"].as_of.isoformat() and told["reports"]["1"] > 10
    raw = forecast_growth(APPLE, replace(storm.all["C20"], symbol="AAPL"), model, DAY, NOW)
    assert raw.width is None and growth_json(raw)["calibration"] is None
    assert raw.forecast_id(1) != made["storm"].forecast_id(1), "what others reported was read as well"
    assert np.log1p(made["storm"].ahead[0].growths[Q50]) == pytest.approx(np.log1p(raw.ahead[0].growths[Q50]))


def test_a_model_without_the_rule_answers_as_ever() -> None:
    old = GrowthModel(MODELS / "revenue-1")
    storm = Companies(fall=0.6)
    asked = partial(forecast_growth, APPLE, replace(storm.all["C20"], symbol="AAPL"), old, DAY, NOW)
    assert asked(partial(width_at, storm, old)) == asked()


def test_nothing_filed_on_the_day_or_later_is_in_the_width(model: GrowthModel) -> None:
    """Every report from the day on is multiplied, of all companies: the answer is the same to the last bit."""
    before, after = (
        growth_json(
            forecast_growth(
                APPLE,
                replace(market.all["C10"], symbol="AAPL"),
                model,
                LATER - timedelta(days=1),
                NOW,
                partial(width_at, market, model),
            )
        )
        for market in (Companies(fall=0.7), Companies(fall=0.7, later=5.0))
    )
    assert before == after and before["calibration"]["factors"]["1"] > 1
    for day in (LATER - timedelta(days=40), LATER):
        assert width_at(Companies(fall=0.7), model, day) == width_at(Companies(fall=0.7, later=5.0), model, day)


def test_the_service_and_the_scores_learn_the_same(model: GrowthModel) -> None:
    market = Companies(fall=0.6)
    figures = {
        symbol: [Figure(one.period_end, one.known_on or DAY, one.revenue, one.net_income) for one in company.quarters]
        for symbol, company in market.all.items()
    }
    reports = cutoffs(figures)
    scored = reports.take(np.asarray((reports.day > np.datetime64("2020-07-01")) & (reports.day < np.datetime64(DAY))))
    theirs = widths_before(model.quantiles, reports, scored, RULE)
    ours = [width_at(market, model, day) for day in scored.day.astype(date)]
    assert theirs.max() > 0.1
    assert [width.x for width in ours if width] == [tuple(row) for row in theirs.tolist()]


def test_of_a_remote_source_those_count_that_were_asked_for_since(tmp_path: Path) -> None:
    with store_at(tmp_path / "s.sqlite3").transaction() as db:
        for symbol, asked in (("A", date(2020, 1, 1)), ("B", date(2020, 8, 1))):
            company = replace(Companies().all["C00"], symbol=symbol, source="yahoo")
            statements_table.save(db, company, datetime(asked.year, asked.month, asked.day, tzinfo=UTC))
        since = statements_table.asked_since(db, "yahoo", date(2020, 7, 1))
    assert [company.symbol for company in since] == ["B"]
