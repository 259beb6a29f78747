"""A company's revenue ahead: on the right quarters, honest about what is missing, and blind to what was filed later."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.core.config import load_settings
from bellwether.core.errors import NoGrowth
from bellwether.core.types import Q50, Instrument, Quarter, Statements
from bellwether.market.statements.provider import SampleFundamentals
from bellwether.models.quarters import CONTEXT_LENGTH, Figure, known_at, on_grid, place, window
from bellwether.models.registry import RevenueModels
from bellwether.models.revenue_model import GrowthModel
from bellwether.revenue import sentences
from bellwether.revenue.forecaster import end_ahead, forecast_growth
from bellwether.revenue.types import GrowthProblem
from tests.conftest import MODELS

NOW = datetime(2022, 1, 3, 12, tzinfo=UTC)
APPLE = Instrument("AAPL", "Apple", "NASDAQ", "XNYS", "USD")


@pytest.fixture(scope="module")
def model() -> GrowthModel:
    return RevenueModels(MODELS, load_settings().models.growth).served()


def made_up(count: int = 24, last: date = date(2021, 9, 30), growth: float = 0.08) -> Statements:
    """A company that grows by as much each year, with a season, and reports after 30 days."""
    quarters = []
    for back in range(count - 1, -1, -1):
        end = last - timedelta(days=round(back * 365.25 / 4))
        revenue = 1e9 * (1 + growth) ** (-back / 4) * (1 + 0.2 * (back % 4 == 0))
        quarters.append(Quarter(end, revenue, 0.1 * revenue, end + timedelta(days=30)))
    return Statements("AAPL", "USD", tuple(quarters), "file")


def growths(statements: Statements, model: GrowthModel) -> list[tuple[float, ...]]:
    return [one.growths for one in forecast_growth(APPLE, statements, model, NOW.date(), NOW).ahead]


@pytest.mark.parametrize(
    ("end", "newest", "expected"),
    [
        (date(2021, 9, 25), date(2021, 9, 25), 0),
        (date(2020, 9, 26), date(2021, 9, 25), 4),
        (date(2011, 9, 24), date(2021, 9, 25), 40),
        (date(2021, 5, 9), date(2021, 8, 29), 1),
        (date(2020, 8, 30), date(2021, 8, 29), 4),
        (date(2021, 12, 25), date(2021, 9, 25), -1),
        (date(2021, 8, 10), date(2021, 9, 25), None),
    ],
    ids=["itself", "52 weeks", "ten years of weeks", "16 weeks", "a year of such", "later", "another fiscal calendar"],
)
def test_a_quarter_has_its_place_whatever_the_fiscal_calendar(end: date, newest: date, expected: int | None) -> None:
    assert place(end, newest) == expected


@pytest.mark.parametrize(
    ("newest", "ahead", "expected"),
    [
        (date(2021, 9, 30), 1, date(2021, 12, 31)),
        (date(2021, 11, 30), 1, date(2022, 2, 28)),
        (date(2021, 9, 30), 4, date(2022, 9, 30)),
        (date(2021, 9, 25), 1, date(2021, 12, 25)),
    ],
)
def test_the_end_of_a_quarter_ahead(newest: date, ahead: int, expected: date) -> None:
    assert end_ahead(newest, ahead) == expected


def test_the_last_word_on_a_quarter_counts_from_its_own_day_on() -> None:
    end = date(2021, 3, 31)
    words = [Figure(end, date(2021, 4, 20), 100.0, 1.0), Figure(end, date(2022, 4, 20), 90.0, 1.0)]
    assert on_grid(known_at(words, date(2021, 12, 1)), end)[0].revenue == 100.0
    assert on_grid(known_at(words, date(2022, 5, 1)), end)[0].revenue == 90.0
    assert known_at(words, date(2021, 4, 19)) == []


def test_a_window_is_zero_where_nothing_is_known() -> None:
    end = date(2021, 3, 31)
    filled = window({0: Figure(end, end, 5.0, None), 2: Figure(end, end, 7.0, -1.0), 60: Figure(end, end, 9.0, 1.0)})
    assert filled.shape == (CONTEXT_LENGTH, 2)
    assert filled[-1].tolist() == [5, 0] and filled[-3].tolist() == [7, -1]
    assert np.count_nonzero(filled) == 3


def test_the_ranges_are_ordered_and_revenue_is_last_years_times_growth(model: GrowthModel) -> None:
    statements = made_up()
    made = forecast_growth(APPLE, statements, model, NOW.date(), NOW)
    assert [one.quarters_ahead for one in made.ahead] == [1, 4]
    bases = {1: statements.quarters[-4].revenue, 4: statements.quarters[-1].revenue}
    for one in made.ahead:
        assert list(one.growths) == sorted(one.growths) and list(one.baseline) == sorted(one.baseline)
        assert one.revenue == pytest.approx([(bases[one.quarters_ahead] or 0) * (1 + growth) for growth in one.growths])
        assert 0.0 < one.growths[Q50] < 0.16, "it grew by 8 % every year"
    assert made.last_growth == pytest.approx(0.08, abs=0.005)
    assert made.caveats == () and made.problem is None


def test_a_steady_company_has_a_narrower_range_than_a_wild_one(model: GrowthModel) -> None:
    steady, wild = made_up(), made_up()
    noise = np.random.default_rng(0).normal(0, 0.3, len(wild.quarters))
    wild = replace(
        wild,
        quarters=tuple(
            replace(one, revenue=(one.revenue or 0) * float(np.exp(shock)))
            for one, shock in zip(wild.quarters, noise, strict=True)
        ),
    )
    width = [made[0][5] - made[0][1] for made in (growths(steady, model), growths(wild, model))]
    assert width[1] > 3 * width[0]


def test_the_currency_and_its_size_do_not_matter(model: GrowthModel) -> None:
    dollars = made_up()
    yen = replace(
        dollars,
        currency="JPY",
        quarters=tuple(
            replace(quarter, revenue=150 * (quarter.revenue or 0), net_income=150 * (quarter.net_income or 0))
            for quarter in dollars.quarters
        ),
    )
    assert growths(yen, model)[0] == pytest.approx(growths(dollars, model)[0], abs=1e-4)
    assert forecast_growth(APPLE, yen, model, NOW.date(), NOW).currency == "JPY"


def test_five_quarters_are_enough_and_are_told_of(model: GrowthModel) -> None:
    made = forecast_growth(APPLE, made_up(5), model, NOW.date(), NOW)
    assert len(made.ahead) == 2
    assert "Only 5 of its quarters are known" in made.caveats[0]


def test_a_short_history_is_told_the_record_of_short_histories(model: GrowthModel) -> None:
    whole = forecast_growth(APPLE, made_up(), model, NOW.date(), NOW)
    short = forecast_growth(APPLE, made_up(5), model, NOW.date(), NOW)
    for one, other in zip(whole.ahead, short.ahead, strict=True):
        assert one.record is not None and other.record is not None
        assert other.record.skill < one.record.skill
    assert "with only five quarters of each company" in sentences.trust(short)
    assert "with only five quarters of each company" not in sentences.trust(whole)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (made_up(4), "too few quarters"),
        (replace(made_up(), quarters=()), "No revenue"),
        (replace(made_up(), quarters=(Quarter(date(2021, 9, 30), None, 5.0, None),)), "No revenue"),
        (
            replace(made_up(), quarters=(*made_up().quarters[:-1], Quarter(date(2021, 9, 30), 0.0, -1e6, None))),
            "no revenue above zero",
        ),
        (
            replace(made_up(), quarters=(*made_up().quarters[:-1], Quarter(date(2021, 9, 30), -5.0, -1e6, None))),
            "no revenue above zero",
        ),
        (
            replace(made_up(), quarters=tuple(one for at, one in enumerate(made_up().quarters) if at != 19)),
            "too few quarters",
        ),
    ],
    ids=["four", "none", "profit alone", "zero", "negative", "the year before missing"],
)
def test_what_cannot_be_forecast_is_said_kindly(statements: Statements, expected: str, model: GrowthModel) -> None:
    with pytest.raises(NoGrowth, match=expected) as caught:
        forecast_growth(APPLE, statements, model, NOW.date(), NOW)
    assert "Apple" in str(caught.value)


def test_next_quarter_is_left_out_where_its_year_before_is_missing(model: GrowthModel) -> None:
    whole = made_up()
    quarters = tuple(quarter for quarter in whole.quarters if quarter != whole.quarters[-4])
    made = forecast_growth(APPLE, replace(whole, quarters=quarters), model, NOW.date(), NOW)
    assert [one.quarters_ahead for one in made.ahead] == [4]
    assert any("Next quarter is left out" in caveat for caveat in made.caveats)


def test_old_reports_are_told_of(model: GrowthModel) -> None:
    made = forecast_growth(APPLE, made_up(last=date(2020, 9, 30)), model, NOW.date(), NOW)
    assert any("ended on 30 September 2020" in caveat for caveat in made.caveats)


def test_where_the_model_makes_no_sense_the_plain_rule_answers(model: GrowthModel) -> None:
    class Broken:
        card = model.card

        def quantiles(self, windows: np.ndarray) -> np.ndarray:
            return np.full((1, 2, 7), np.nan)

    made = forecast_growth(APPLE, made_up(), Broken(), NOW.date(), NOW)  # type: ignore[arg-type]
    assert made.problem is GrowthProblem.NO_ANSWER and made.model_id == "baseline-growth"
    assert all(one.growths == one.baseline and one.record is None for one in made.ahead)


amounts = st.one_of(st.none(), st.floats(-1e13, 1e13), st.just(float("inf")))
later = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 2000), amounts, amounts), max_size=8)


@settings(max_examples=60, deadline=None)
@given(later)
def test_nothing_filed_later_changes_a_forecast(words: list[tuple[int, int, float | None, float | None]]) -> None:
    """New quarters, restatements of old ones, nonsense: whatever is filed after the day, the forecast of it stays."""
    model = RevenueModels(MODELS, load_settings().models.growth).served() if not _MODEL else _MODEL[0]
    _MODEL[:] = [model]
    known, day = made_up(), date(2021, 11, 15)
    before = forecast_growth(APPLE, known, model, day, NOW)
    added = [
        Quarter(date(2021, 9, 30) - timedelta(days=back - 400), revenue, income, day + timedelta(days=after))
        for back, after, revenue, income in words
    ]
    assert forecast_growth(APPLE, replace(known, quarters=(*known.quarters, *added)), model, day, NOW) == before


_MODEL: list[GrowthModel] = []


def test_a_past_day_is_answered_by_a_model_that_had_not_seen_what_came(model: GrowthModel) -> None:
    models = RevenueModels(MODELS, model.card.model_id)
    assert models.for_day(date(2030, 1, 1)) is models.served()
    assert models.for_day(date(2018, 1, 1)).card.seen_to < date(2018, 1, 1)
    made = forecast_growth(
        APPLE, SampleFundamentals().statements("AAPL"), models.for_day(date(2018, 6, 1)), date(2018, 6, 1), NOW
    )
    assert made.as_of <= date(2018, 6, 1) and made.period_end == date(2018, 3, 31)
    assert not any("proves nothing" in caveat for caveat in made.caveats)
    old = forecast_growth(
        APPLE, SampleFundamentals().statements("AAPL"), models.for_day(date(2012, 6, 1)), date(2012, 6, 1), NOW
    )
    assert any("proves nothing" in caveat for caveat in old.caveats)


def test_what_a_source_gives_today_is_known_today_however_soon(model: GrowthModel) -> None:
    whole = made_up(last=date(2021, 12, 31))
    undated = replace(whole, quarters=tuple(replace(quarter, known_on=None) for quarter in whole.quarters))
    made = forecast_growth(APPLE, undated, model, NOW.date(), NOW)
    assert (made.period_end, made.as_of) == (date(2021, 12, 31), NOW.date())
    before = forecast_growth(APPLE, undated, model, NOW.date() - timedelta(days=1), NOW)
    assert before.period_end == date(2021, 10, 1), "of a past day nothing is assumed"
