"""Whether an alert rule fires: a table of rules, figures and answers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.alerts.rules.judge import Observation, RuleReason, judge, margin, measure, split_since
from bellwether.alerts.rules.rarity import Rarity, Side
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind
from bellwether.core.types import Bars, Baseline, Explanation, Forecast, Instrument, Problem
from tests.conftest import MakeBars

MADE = datetime(2021, 12, 1, tzinfo=UTC)
NOW = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
SESSION = date(2021, 12, 30)


def rule(
    kind: RuleKind = RuleKind.GROWTH,
    threshold: float = 0.05,
    direction: Direction = Direction.ABOVE,
    repeat: Repeat = Repeat.AGAIN,
    armed: bool = True,
    last: float | None = 0.01,
    judged: date | None = date(2021, 12, 29),
    expires: datetime | None = None,
) -> AlertRule:
    return AlertRule(
        1, 7, "MADE", "XNYS", kind, direction, threshold, 10, repeat, MADE, expires, armed, last, judged
    )  # fmt: skip


def forecast(problem: Problem | None = None) -> Forecast:
    returns = (-0.12, -0.08, -0.03, 0.02, 0.05, 0.09, 0.13)
    why = Explanation(0.2, 0.2, None, None, 1.0, None)
    return Forecast(
        "MADE", "Made", "USD", "NYSE", SESSION, 100.0, 10, date(2022, 1, 13), NOW, returns, 0.61, 0.55,
        Baseline(returns, 0.5), "model", why, "sample", (), "f1", problem,
    )  # fmt: skip


ABOVE, BELOW, EITHER = Direction.ABOVE, Direction.BELOW, Direction.EITHER


@pytest.mark.parametrize(
    ("one", "figure", "reason", "armed"),
    [
        (rule(), 0.049, RuleReason.NOT_REACHED, True),
        (rule(), 0.05, RuleReason.CROSSED, False),
        (rule(last=None), 0.07, RuleReason.STANDS_BEYOND, False),
        (rule(armed=False), 0.06, RuleReason.STILL_BEYOND, False),
        # back below the threshold by less than a fifth of it: not yet
        (rule(armed=False), 0.041, RuleReason.NOT_FAR_ENOUGH_BACK, False),
        (rule(armed=False), 0.039, RuleReason.REARMED, True),
        (rule(direction=BELOW, threshold=-0.05), -0.049, RuleReason.NOT_REACHED, True),
        (rule(direction=BELOW, threshold=-0.05), -0.06, RuleReason.CROSSED, False),
        (rule(direction=BELOW, threshold=-0.05, armed=False), -0.041, RuleReason.NOT_FAR_ENOUGH_BACK, False),
        (rule(direction=BELOW, threshold=-0.05, armed=False), -0.039, RuleReason.REARMED, True),
        # a small threshold has a margin all the same
        (rule(threshold=0.01, armed=False), 0.006, RuleReason.NOT_FAR_ENOUGH_BACK, False),
        # but never one that nothing could come back by
        (rule(threshold=0.002, armed=False), 0.0009, RuleReason.REARMED, True),
        (rule(RuleKind.CHANCE, 0.99, BELOW, armed=False), 0.996, RuleReason.REARMED, True),
        (rule(RuleKind.UNUSUAL, 0.5, BELOW, armed=False), 0.8, RuleReason.REARMED, True),
        (rule(RuleKind.CHANCE, 0.6, armed=False), 0.585, RuleReason.NOT_FAR_ENOUGH_BACK, False),
        (rule(RuleKind.CHANCE, 0.6, armed=False), 0.579, RuleReason.REARMED, True),
        (rule(RuleKind.RISK, -0.1, BELOW), -0.11, RuleReason.CROSSED, False),
        (rule(RuleKind.PRICE, 200.0, armed=False), 198.5, RuleReason.NOT_FAR_ENOUGH_BACK, False),
        (rule(RuleKind.PRICE, 200.0, armed=False), 197.9, RuleReason.REARMED, True),
        # as rare as 1 in 20, and back when it is no rarer than 1 in 10
        (rule(RuleKind.UNUSUAL, 0.05, BELOW), 0.04, RuleReason.CROSSED, False),
        (rule(RuleKind.UNUSUAL, 0.05, BELOW, armed=False), 0.09, RuleReason.NOT_FAR_ENOUGH_BACK, False),
        (rule(RuleKind.UNUSUAL, 0.05, BELOW, armed=False), 0.11, RuleReason.REARMED, True),
        (rule(RuleKind.MOVE, 0.03, EITHER), -0.031, RuleReason.CROSSED, False),
        (rule(RuleKind.MOVE, 0.03, EITHER), 0.029, RuleReason.NOT_REACHED, True),
        # every session's move is news, after another one too
        (rule(RuleKind.MOVE, 0.03, EITHER, armed=False), 0.05, RuleReason.CROSSED, False),
        (rule(RuleKind.EARNINGS, 0.5), 1.0, RuleReason.CROSSED, False),
        (rule(RuleKind.EARNINGS, 0.5, armed=False), 0.0, RuleReason.REARMED, True),
        (rule(), None, RuleReason.NO_FIGURE, True),
        (rule(armed=False), float("nan"), RuleReason.NO_FIGURE, False),
        (rule(judged=SESSION), 0.9, RuleReason.JUDGED_ALREADY, True),
        (rule(judged=date(2022, 1, 3)), 0.9, RuleReason.JUDGED_ALREADY, True),
        (rule(expires=NOW), 0.9, RuleReason.EXPIRED, True),
        (rule(expires=NOW + timedelta(seconds=1)), 0.9, RuleReason.CROSSED, False),
    ],
)
def test_a_rule_and_a_figure(one: AlertRule, figure: float | None, reason: RuleReason, armed: bool) -> None:
    verdict = judge(one, figure, SESSION, NOW)
    assert (verdict.reason, verdict.rule.armed) == (reason, armed)
    assert verdict.fires == (reason in {RuleReason.CROSSED, RuleReason.STANDS_BEYOND})


def test_a_rule_for_once_is_finished_when_it_fires_and_not_before() -> None:
    once = rule(repeat=Repeat.ONCE)
    assert not judge(once, 0.01, SESSION, NOW).finished
    assert judge(once, 0.06, SESSION, NOW).finished
    assert not judge(rule(), 0.06, SESSION, NOW).finished
    assert judge(rule(expires=NOW), 0.06, SESSION, NOW).finished


@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=60), st.sampled_from([ABOVE, BELOW]))
def test_between_two_firings_the_figure_was_back_by_the_margin(figures: list[float], direction: Direction) -> None:
    one, back = rule(direction=direction, last=None, judged=None), True
    sign = 1 if direction is ABOVE else -1
    for step, figure in enumerate(figures):
        verdict = judge(one, figure, SESSION + timedelta(days=step), NOW)
        back = back or sign * figure < sign * one.threshold - margin(one)
        if verdict.fires:
            assert back
            back = False
        one = verdict.rule


def test_every_reason_explains_itself() -> None:
    assert all(len(reason.value) > 20 for reason in RuleReason)


# ---- figures


def sight(bars: Bars, made: Forecast | None = None, earnings: date | None = None) -> Observation:
    rare = {10: Rarity(Side.WIDE, 0.02, 250)}
    instrument = Instrument("MADE", "Made up", "", "XNYS", "USD")
    return Observation(instrument, bars, {10: made} if made else {}, rare, bars.cutoff + timedelta(days=3), earnings)


@pytest.mark.parametrize(
    ("kind", "figure"),
    [
        (RuleKind.GROWTH, float(np.expm1(0.02))),
        (RuleKind.CHANCE, 0.61),
        (RuleKind.RISK, float(np.expm1(-0.12))),
        (RuleKind.UNUSUAL, 0.02),
    ],
)
def test_figures_of_the_forecast_and_none_while_the_model_is_silent(
    kind: RuleKind, figure: float, make_bars: MakeBars
) -> None:
    bars = make_bars()
    assert measure(rule(kind), sight(bars, forecast())) == pytest.approx(figure)
    assert measure(rule(kind), sight(bars, forecast(Problem.GAP))) is None
    assert measure(rule(kind), sight(bars)) is None


def test_a_move_is_of_the_quotes_not_of_the_adjusted_closes(make_bars: MakeBars) -> None:
    bars = make_bars()
    quoted = bars.quoted_closes.copy()
    quoted[-2:] = [100.0, 97.0]
    assert measure(rule(RuleKind.MOVE), sight(replace(bars, quoted_closes=quoted))) == pytest.approx(-0.03)
    assert measure(rule(RuleKind.MOVE), sight(bars.last(1))) is None


@pytest.mark.parametrize(
    ("days", "figure"), [(0, 0.0), (1, 1.0), (3, 1.0), (4, 0.0)], ids=["today", "tomorrow", "by then", "later"]
)
def test_earnings_are_announced_on_the_last_session_before_them(days: int, figure: float, make_bars: MakeBars) -> None:
    bars = make_bars()  # ends on a Friday: the next session is three days later
    assert measure(rule(RuleKind.EARNINGS), sight(bars, earnings=bars.cutoff + timedelta(days=days))) == figure
    assert measure(rule(RuleKind.EARNINGS), sight(bars)) is None


def test_a_price_level_stays_where_it_was_set_when_the_shares_are_split(make_bars: MakeBars) -> None:
    before = make_bars()
    quoted = before.quoted_closes.copy()
    quoted[-20] = 190.0
    quoted[-1] = 201.0
    set_on = before.part(slice(-20, -19)).cutoff
    one = replace(rule(RuleKind.PRICE, 200.0), set_on=set_on, set_close=190.0)
    assert measure(one, sight(replace(before, quoted_closes=quoted))) == pytest.approx(201.0)
    # four for one: the source quotes the whole past in today's shares, and the level is 50 of these
    after = replace(before, quoted_closes=quoted / 4)
    assert split_since(one, sight(after)) == pytest.approx(0.25)
    assert measure(one, sight(after)) == pytest.approx(201.0)
    # one for ten
    assert split_since(one, sight(replace(before, quoted_closes=quoted * 10))) == pytest.approx(10)
    # a correction of a few cents is no split, and of a day that is not in the bars there is no telling
    assert split_since(one, sight(replace(before, quoted_closes=quoted * 1.005))) == 1
    # a file may keep the last year alone: the level stays; prices that were left out cannot be compared with today's
    older = replace(one, set_on=date(1990, 1, 2))
    assert split_since(older, sight(after)) == 1
    assert np.isnan(split_since(older, replace(sight(after), is_cut=True)))
    assert split_since(rule(RuleKind.PRICE, 200.0), sight(after)) == 1
