"""What changed since the session before, in words that add up."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.core.types import Forecast, Problem
from bellwether.forecasting.change_sentences import causes, changes, in_a_sentence
from bellwether.services import Services


@pytest.fixture
def made(services: Services) -> Forecast:
    return forecasts.answer(services, "AAPL", 10).forecast


def wider(made: Forecast, own: float, rest: float) -> Forecast:
    """The same forecast with a range that is wider by two factors: the plain rule's, and the model's."""
    widened = tuple(float(r) for r in np.array(made.log_returns) * own * rest)
    facts = replace(made.explanation, width_against_baseline=made.explanation.width_against_baseline * rest)
    return replace(made, log_returns=widened, explanation=facts)


@pytest.mark.parametrize(
    ("own", "rest", "said"),
    [
        (1.0, 1.0, "as wide as a trading day ago"),
        (1.002, 1.0, "as wide as a trading day ago"),
        (1.1, 1.0, "10\u00a0% wider than a trading day ago, mostly because its own recent prices swung more"),
        (0.9, 1.0, "10\u00a0% narrower than a trading day ago, mostly because its own recent prices were calmer"),
        (1.0, 1.2, "20\u00a0% wider than a trading day ago, mostly for what the model reads beyond"),
        (1.1, 1.1, "21\u00a0% wider than a trading day ago: part of it for its own recent swings"),
        (1.2, 0.95, "14\u00a0% wider than a trading day ago, mostly because its own recent prices swung more"),
        (0.8, 1.1, "12\u00a0% narrower than a trading day ago, mostly because its own recent prices were calmer"),
    ],
)
def test_the_sentence_says_which_side_the_change_came_from(made: Forecast, own: float, rest: float, said: str) -> None:
    assert said in in_a_sentence(made, wider(made, own, rest), "XNYS")


def test_of_the_plain_rule_only_the_swings_can_be_said(made: Forecast) -> None:
    plain = replace(wider(made, 1.0, 1.5), problem=Problem.GAP)
    assert in_a_sentence(made, plain, "XNYS").endswith("because its recent prices swung more.")


def test_the_lines_have_before_now_and_the_difference(made: Forecast) -> None:
    before = replace(made, last_close=made.last_close / 1.02, probability_of_growth=made.probability_of_growth - 0.04)
    assert [change.what for change in changes(before, made)] == ["Close", "8-in-10 range"]
    assert made.explanation.record is not None
    record = replace(made.explanation.record, growth_known=True)
    made = replace(made, explanation=replace(made.explanation, record=record), growth_is_usual=False)
    close, width, chance = changes(before, made)
    assert close.difference == "+2.0\u00a0%"
    assert width.difference == "as wide"
    assert chance.difference == "+4 points"
    assert changes(made, made)[2].difference == "the same"


def test_causes_that_are_not_known_are_left_out(made: Forecast) -> None:
    assert len(causes(made, made)) == 3
    assert all(cause.difference == "the same" for cause in causes(made, made))
    unknown = replace(made, explanation=replace(made.explanation, market_volatility=None, recent_return=None))
    assert len(causes(unknown, made)) == 1


def test_no_range_at_all_is_no_change(made: Forecast) -> None:
    flat = replace(made, log_returns=(0.0,) * 7)
    assert "as wide as" in in_a_sentence(flat, made, "XNYS")


def test_every_sample_symbol_has_a_sentence_without_markup_or_advice(services: Services) -> None:
    for one in services.universe.served:
        asked = forecasts.answer(services, one.symbol, 21)
        before = forecasts.previous(services, asked)
        assert before is not None
        said = in_a_sentence(before, asked.forecast, one.calendar)
        assert not re.search(r"[<>]|\b(buy|sell|will)\b", said)


def test_the_module_is_pure() -> None:
    source = (Path(__file__).resolve().parents[1] / "bellwether/forecasting/change_sentences.py").read_text(
        encoding="utf-8"
    )
    assert "services" not in source
