"""Money, percentages and sentences: what people read is right to the last digit, in every currency."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwether.core.types import Baseline, Explanation, Forecast, Problem, Record, RecordSummary, SkillVerdict
from bellwether.forecasting import sentences

RECORD = Record(span="2019-2021", coverage_80=0.798, skill=0.0172, skill_low=0.0139, skill_high=0.0203)
MADE = Forecast(
    symbol="AAPL",
    name="Apple",
    currency="USD",
    exchange="NASDAQ",
    cutoff=date(2021, 12, 31),
    last_close=200.0,
    horizon=10,
    target_session=date(2022, 1, 14),
    made_at=datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
    log_returns=(-0.08, -0.05, -0.02, 0.004, 0.03, 0.06, 0.09),
    probability_of_growth=0.55,
    usual_probability_of_growth=0.6,
    baseline=Baseline((-0.09, -0.06, -0.02, 0.0, 0.02, 0.06, 0.09), 0.5),
    model_id="daily-range-1",
    explanation=Explanation(0.2, 0.25, 0.172, 0.01, 0.9, RECORD),
    source="sample",
    caveats=("Sample data.",),
    forecast_id="f1",
)


@pytest.mark.parametrize(
    ("amount", "currency", "symbol", "text"),
    [
        (1234.5, "USD", "AAPL", "$1,234.50"),
        (1234567.891, "USD", "BRK-A", "$1,234,567.89"),
        (0.5, "USD", "F", "$0.5000"),
        (1.0, "USD", "F", "$1.00"),
        (99.5, "EUR", "SAP.DE", "€99.50"),
        (99.5, "GBP", "X.L", "£99.50"),
        (250.25, "GBp", "SHEL.L", "250.25p"),  # pence stay pence: never a hundredth or a hundredfold
        (250.25, "ZAc", "NPN.JO", "250.25 ZAc"),
        (250.25, "ILA", "TEVA.TA", "250.25 ILA"),
        (1234.5, "SEK", "ERIC-B.ST", "1,234.50 SEK"),
        (1234.5, "", "ODD", "1,234.50"),
        (4766.18, "USD", "^GSPC", "4,766.18"),  # a level, not money
        (17.22, "USD", "^VIX", "17.22"),
        (38915.87, "JPY", "^N225", "38,915.87"),
    ],
)
def test_money_is_written_in_its_own_currency(amount: float, currency: str, symbol: str, text: str) -> None:
    assert sentences.money(amount, currency, symbol) == text


@pytest.mark.parametrize("amount", [0.00001234, 0.00004, 4.9e-5, 1e-8])
def test_a_price_never_reads_as_nothing(amount: float) -> None:
    shown = sentences.money(amount, "USD", "SHIB-USD")
    assert re.search("[1-9]", shown), shown


@settings(deadline=None)
@given(st.floats(0.01, 1e9), st.sampled_from(["USD", "EUR", "GBp", "SEK", ""]))
def test_written_money_reads_back_as_the_amount(amount: float, currency: str) -> None:
    shown = sentences.money(amount, currency)
    digits = float("".join(re.findall(r"[0-9.]", shown)))
    assert digits == pytest.approx(amount, abs=0.005 if amount >= 1 else 0.00005)


@pytest.mark.parametrize(
    ("fraction", "digits", "text"),
    [
        (0.798, 0, "80\u00a0%"),
        (0.0, 0, "0\u00a0%"),
        (-0.0, 0, "0\u00a0%"),
        (-0.001, 0, "0\u00a0%"),
        (1.0, 0, "100\u00a0%"),
        (0.0172, 1, "1.7\u00a0%"),
    ],
)
def test_percentages_have_no_minus_on_zero(fraction: float, digits: int, text: str) -> None:
    assert sentences.percent(fraction, digits) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (-0.084, "−8.4\u00a0%"),
        (0.102, "+10.2\u00a0%"),
        (0.0, "0.0\u00a0%"),
        (-0.0004, "0.0\u00a0%"),
        (0.0004, "0.0\u00a0%"),
        (-1.0, "−100.0\u00a0%"),
    ],
)
def test_signed_percentages_have_a_true_minus_and_none_on_zero(fraction: float, text: str) -> None:
    assert sentences.signed_percent(fraction) == text


@pytest.mark.parametrize(
    ("horizon", "text"),
    [
        (1, "On the next trading day"),
        (5, "Over the next week"),
        (7, "Over the next 7 trading days"),
        (10, "Over the next two weeks"),
        (21, "Over the next month"),
        (63, "Over the next three months"),
    ],
)
def test_a_horizon_begins_a_sentence(horizon: int, text: str) -> None:
    assert sentences.span(horizon) == text


def test_the_headline_gives_the_range_that_holds_8_in_10() -> None:
    assert sentences.headline(MADE) == ("Over the next two weeks Apple will probably end between $190.25 and $212.37.")


@pytest.mark.parametrize(
    ("own", "usual", "rule", "known", "words"),
    [
        (0.72, 0.55, 0.5, False, ""),  # nothing is known of the direction: nothing is said of it
        (0.28, 0.55, 0.5, False, ""),
        (0.72, 0.55, 0.5, True, "a rise is likelier than a fall"),
        (0.55, 0.5, 0.5, True, "a rise is a little likelier than a fall"),
        (0.45, 0.6, 0.5, True, "a fall is a little likelier than a rise"),
        (0.38, 0.6, 0.5, True, "a fall is likelier than a rise"),
        (1.0, 0.6, 0.5, True, "a rise is likelier than a fall"),
        (0.0, 0.6, 0.5, True, "a fall is likelier than a rise"),
        (0.55, 0.6, 0.5, True, ""),  # a rise is no likelier than usual
        (0.45, 0.4, 0.5, True, ""),
        (0.53, 0.4, 0.5, True, ""),  # too near to one half
        (0.62, None, 0.56, True, "a rise is likelier than a fall"),  # a young symbol: the rule's share is the usual
        (0.62, None, 0.66, True, ""),
    ],
)
def test_words_claim_no_more_of_the_direction_than_the_record_supports(
    own: float, usual: float | None, rule: float, known: bool, words: str
) -> None:
    facts = replace(MADE.explanation, record=replace(RECORD, growth_known=known))
    made = replace(
        MADE,
        probability_of_growth=own,
        usual_probability_of_growth=usual,
        baseline=replace(MADE.baseline, probability_of_growth=rule),
        explanation=facts,
    )
    assert sentences.direction(made) == words
    assert sentences.headline(made).endswith(f"$212.37; {words}." if words else "$212.37.")
    assert ("not shown to know more than the usual share" in sentences.trust(made)) is not known


def test_a_model_that_learned_more_since_its_scores_says_so() -> None:
    record = replace(RECORD, taught_to=date(2015, 12, 31))
    told = sentences.trust(replace(MADE, explanation=replace(MADE.explanation, record=record)))
    assert "In the model's test on 2019-2021, when it knew prices to 31 December 2015 only, 80\u00a0%" in told
    assert "had not seen" not in told


def test_the_numbers_agree_with_each_other() -> None:
    assert sentences.numbers(MADE) == (
        "8 in 10 outcomes: $190.25 to $212.37 (−4.9\u00a0% to +6.2\u00a0%) by 14 January 2022. "
        "Middle outcome: $200.80. Chance of a rise: 55\u00a0% (it rose in 60\u00a0% of past stretches this long)."
    )


def test_what_usually_happened_is_left_out_when_nobody_knows() -> None:
    assert "past stretches" not in sentences.numbers(replace(MADE, usual_probability_of_growth=None))


def test_an_index_is_told_in_points() -> None:
    index = replace(MADE, symbol="^GSPC", name="S&P 500", last_close=4766.18)
    assert "$" not in sentences.summary(index)
    assert "Last close: 4,766.18 on 31 December 2021." in sentences.summary(index)


def test_pence_are_told_in_pence() -> None:
    pence = replace(MADE, symbol="SHEL.L", currency="GBp", last_close=1632.0)
    assert sentences.last_price(pence) == "Last close: 1,632.00p on 31 December 2021."
    assert "£" not in sentences.summary(pence)


@pytest.mark.parametrize(
    ("usual", "mood"),
    [(0.4, "calmer than"), (0.2, "about as volatile as"), (0.1, "more volatile than"), (0.0, "about as volatile as")],
)
def test_the_width_is_explained_by_how_lively_the_price_is(usual: float, mood: str) -> None:
    facts = replace(MADE.explanation, usual_volatility=usual)
    assert mood in sentences.why(replace(MADE, explanation=facts))


def test_a_short_history_is_compared_with_nothing() -> None:
    facts = replace(MADE.explanation, usual_volatility=None)
    assert sentences.why(replace(MADE, explanation=facts)) == (
        "Why this wide: at its recent pace Apple swings by about 20\u00a0% a year."
    )


@pytest.mark.parametrize(
    ("low", "skill", "high", "words"),
    [
        (
            0.01,
            0.02,
            0.03,
            "They scored 2.0\u00a0% better than the plain rule's (1.0\u00a0% to 3.0\u00a0% allowing for luck).",
        ),
        (-0.03, -0.02, -0.01, "2.0\u00a0% worse than the plain rule's"),
        (
            -0.01,
            0.02,
            0.05,
            "They could not be told from the plain rule's (-1.0\u00a0% to 5.0\u00a0% better, allowing for luck).",
        ),
    ],
)
def test_the_record_is_told_with_its_uncertainty(low: float, skill: float, high: float, words: str) -> None:
    record = replace(RECORD, skill_low=low, skill=skill, skill_high=high)
    told = sentences.trust(replace(MADE, explanation=replace(MADE.explanation, record=record)))
    assert words in told
    assert "In the model's test on 2019-2021, which it had not seen, 80\u00a0% of its ranges for all" in told


def test_the_baseline_claims_no_record() -> None:
    of_the_model = RecordSummary(10, 746, 0.74, 0.77, 0.018, SkillVerdict.BETTER, own=True, years="2019-2021")
    explanation = replace(MADE.explanation, record=None, beside=of_the_model)
    silent = replace(MADE, problem=Problem.STALE, explanation=explanation)
    assert "This is the plain rule, which knows recent swings alone: the model is silent." in sentences.trust(silent)
    assert "better than the plain rule" not in sentences.trust(silent)


def test_a_model_tested_too_little_says_so() -> None:
    young = replace(MADE, explanation=replace(MADE.explanation, record=None))
    assert "tested too little to tell" in sentences.trust(young)


def test_the_summary_says_everything_and_that_it_is_no_advice() -> None:
    lines = sentences.summary(MADE).splitlines()
    assert lines[0] == sentences.headline(MADE)
    assert "Sample data." in lines
    assert lines[-1] == "This is information, not investment advice."


@pytest.mark.parametrize(
    ("session", "text"), [(date(2022, 1, 4), "4 January 2022"), (date(999, 12, 31), "31 December")]
)
def test_a_day_is_written_as_people_say_it(session: date, text: str) -> None:
    assert sentences.day(session).startswith(text)
