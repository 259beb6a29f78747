"""How rare an outlook is, which alerts come first, and how ranges turned out."""

from dataclasses import dataclass, replace
from datetime import date
from math import log

import numpy as np
import pytest

from bellwether.alerts.rules.budget import surprise_of_move, surprise_of_rarity, within_budget
from bellwether.alerts.rules.rarity import FEWEST, Side, rarity
from bellwether.core.types import LEVELS, Floats
from bellwether.track_record.grading import Grade, GradedRange, Range, grades, outcome
from tests.conftest import MakeBars


def quantiles(medians: Floats, widths: Floats) -> Floats:
    """Made-up quantiles (n, L) of these medians and these widths of the 80 % range."""
    steps = np.array([-0.7, -0.5, -0.2, 0.0, 0.2, 0.5, 0.7])
    return medians[:, None] + widths[:, None] * steps


PAST = quantiles(np.linspace(-0.01, 0.01, 201), np.linspace(0.05, 0.25, 201)[::-1])


@pytest.mark.parametrize(
    ("median", "width", "side", "share"),
    [
        (0.0, 0.3, Side.WIDE, 0.0),
        (0.0, 0.2450001, Side.WIDE, 5 / 201),
        (0.0, 0.04, Side.NARROW, 0.0),
        (0.02, 0.15, Side.HIGH, 0.0),
        (-0.02, 0.15, Side.LOW, 0.0),
        (0.0, 0.15, Side.WIDE, 101 / 201),
    ],
)
def test_the_rarest_side_of_an_outlook(median: float, width: float, side: Side, share: float) -> None:
    (today,) = quantiles(np.array([median]), np.array([width]))
    found = rarity(today, PAST)
    assert found is not None
    assert found.share == pytest.approx(share, abs=1.5 / 201)
    assert found.compared == 201
    if share < 0.4:
        assert found.side is side


def test_nothing_is_unusual_without_enough_to_compare_with() -> None:
    today = PAST[0] * 3
    assert rarity(today, PAST[: FEWEST - 1]) is None
    assert rarity(today, PAST[:FEWEST]) is not None
    assert rarity(np.full(len(LEVELS), np.nan), PAST) is None
    assert rarity(PAST[0], np.repeat(PAST[:1], 200, axis=0)) is None
    broken = PAST.copy()
    broken[:100] = np.nan
    assert rarity(today, broken) is None


def test_only_the_last_year_is_compared_with() -> None:
    long_ago = np.concatenate([PAST[:100] * 100, PAST, PAST[:49]])
    found = rarity(PAST[0] * 2, long_ago)
    assert found is not None
    assert found.compared == 250
    assert found.share == 0


@dataclass(frozen=True)
class Item:
    name: str
    surprise: float


@pytest.mark.parametrize(
    ("budget", "told", "own", "rest"),
    [
        (None, 99, "badc", ""),
        (2, 0, "ba", "dc"),
        (2, 1, "b", "adc"),
        (2, 2, "", "badc"),
        (2, 5, "", "badc"),
        (0, 0, "", "badc"),
        (10, 0, "badc", ""),
    ],
)
def test_the_most_surprising_come_by_themselves(budget: int | None, told: int, own: str, rest: str) -> None:
    fired = [Item("a", 2.0), Item("b", 3.0), Item("c", 0.0), Item("d", 1.0)]
    first, folded = within_budget(fired, budget, told)
    assert ("".join(one.name for one in first), "".join(one.name for one in folded)) == (own, rest)


def test_a_move_is_measured_in_usual_moves(make_bars: MakeBars) -> None:
    bars = make_bars()
    values = bars.values.copy()
    values[-1, 3] = values[-2, 3] * 1.045  # usual is 1.5 %
    assert 2 < surprise_of_move(replace(bars, values=values)) < 4.5
    values[-1, 3] = values[-2, 3] * 9
    assert surprise_of_move(replace(bars, values=values)) == 10
    assert surprise_of_move(bars.last(1)) == 0
    assert surprise_of_move(bars.last(2)) == 0
    flat = np.full_like(values, 5.0)
    assert surprise_of_move(replace(bars, values=flat)) == 0


@pytest.mark.parametrize(("share", "deviations"), [(0.05, 1.96), (1.0, 0.0), (0.3173, 1.0), (0.0, 7.13)])
def test_a_share_of_days_as_standard_deviations(share: float, deviations: float) -> None:
    assert surprise_of_rarity(share) == pytest.approx(deviations, abs=0.01)


# ---- how it turned out


def test_a_range_held_when_the_price_ended_inside(make_bars: MakeBars) -> None:
    bars = make_bars()
    start, end = bars.part(slice(-11, -10)).cutoff, bars.cutoff
    grown = log(bars.closes[-1] / bars.closes[-11])
    told = Range("MADE", start, 10, end, grown - 0.01, grown + 0.01)
    assert outcome(told, bars) == GradedRange(pytest.approx(np.expm1(grown)), True)
    for low, high in [(grown + 0.001, grown + 1), (grown - 1, grown - 0.001)]:
        missed = outcome(replace(told, low=low, high=high), bars)
        assert missed is not None
        assert not missed.held


def test_there_is_no_outcome_before_both_prices_are_known(make_bars: MakeBars) -> None:
    bars = make_bars()
    told = Range("MADE", bars.cutoff, 1, date(2022, 1, 3), -1, 1)
    assert outcome(told, bars) is None
    assert outcome(replace(told, cutoff=date(1999, 1, 4), target_session=bars.cutoff), bars) is None
    broken = bars.values.copy()
    broken[-1, 3] = np.nan
    told = replace(told, cutoff=bars.part(slice(-2, -1)).cutoff, target_session=bars.cutoff)
    assert outcome(told, bars) is not None
    assert outcome(told, replace(bars, values=broken)) is None


def test_grades_are_by_horizon_the_shortest_first() -> None:
    day = date(2021, 12, 30)

    def told(horizon: int, held: bool) -> tuple[Range, GradedRange]:
        return Range("MADE", day, horizon, day, -1, 1), GradedRange(0.0, held)

    found = grades([told(10, True), told(1, True), told(1, False), told(1, True)])
    assert found == [Grade(1, 2, 3), Grade(10, 1, 1)]
    assert grades([]) == []
