"""Plans and what is left of them: pure arithmetic."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.access.quota import DAY, Used, at, give_back, standing, take
from bellwether.core.errors import BadTerms, NotInPlan, QuotaExceeded
from bellwether.core.plans import PLANS, Plan, Terms, changed, in_force

NOW = 1_000_000_000.0  #: 01:46:40 UTC
TODAY = datetime.fromtimestamp(NOW, UTC)
HOUR = timedelta(hours=1)


def plan(a_minute: int = 3, a_day: int = 0) -> Plan:
    return Plan(requests_a_minute=a_minute, requests_a_day=a_day)


def spend(used: Used, own: Plan, times: int, now: float = NOW) -> Used:
    for _ in range(times):
        used = take(used, own, 1, now)
    return used


@pytest.mark.sqlite
def test_what_a_minute_has_can_be_used_and_no_more() -> None:
    used = spend(Used(), plan(), 3)
    with pytest.raises(QuotaExceeded, match="3 requests a minute, and 0 are left") as refused:
        take(used, plan(), 1, NOW + 20)
    assert refused.value.retry_after == 40
    assert take(used, plan(), 1, NOW + 60).in_minute == 1


@pytest.mark.sqlite
def test_a_minute_begins_with_the_first_request_so_that_no_burst_sits_astride_a_boundary() -> None:
    used = spend(Used(), plan(), 3, NOW + 59)
    with pytest.raises(QuotaExceeded):
        take(used, plan(), 1, NOW + 61)


@pytest.mark.sqlite
def test_a_day_is_a_day_in_utc() -> None:
    used = spend(Used(), plan(0, 2), 2)
    with pytest.raises(QuotaExceeded) as refused:
        take(used, plan(0, 2), 1, NOW)
    midnight = NOW + refused.value.retry_after
    assert midnight % DAY == 0
    assert take(used, plan(0, 2), 1, midnight).in_day == 1


@pytest.mark.sqlite
def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    used = spend(Used(), plan(), 3)
    assert take(used, plan(), 1, NOW - 5000).in_minute == 1


@pytest.mark.sqlite
def test_what_never_fits_is_said_to_be_beyond_the_plan() -> None:
    with pytest.raises(NotInPlan, match="counts as 4 requests, and your plan has 3 a minute"):
        take(Used(), plan(), 4, NOW)


@pytest.mark.sqlite
def test_zero_is_no_limit() -> None:
    assert spend(Used(), plan(0, 0), 1000).in_day == 1000
    assert standing(Used(), plan(0, 0), NOW) == ()


@pytest.mark.sqlite
def test_what_failed_is_given_back_where_it_still_counts() -> None:
    used = spend(Used(), plan(), 2)
    assert give_back(used, NOW, 1).in_minute == 1
    later = take(used, plan(), 1, NOW + 61)
    assert (give_back(later, NOW, 1).in_minute, give_back(later, NOW, 1).in_day) == (1, 2)
    tomorrow = at(used, NOW + DAY)
    assert (give_back(tomorrow, NOW, 1).in_minute, give_back(tomorrow, NOW, 1).in_day) == (0, 0)


@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(1, 4), st.booleans()), max_size=80),
    st.integers(1, 10),
    st.integers(1, 40),
)
@pytest.mark.sqlite
def test_no_window_ever_holds_more_than_its_quota(
    steps: list[tuple[float, int, bool]], a_minute: int, a_day: int
) -> None:
    own, used, now = plan(a_minute, a_day), Used(), NOW
    taken: list[tuple[float, int]] = []
    for pause, cost, fails in steps:
        now += pause
        try:
            used = take(used, own, cost, now)
        except (QuotaExceeded, NotInPlan):
            continue
        if fails:
            used = give_back(used, now, cost)
        else:
            taken.append((now, cost))
        left = {one.name: one.left for one in standing(used, own, now)}
        begun = [(when, cost) for when, cost in taken if when >= used.minute_from]
        assert left["minute"] == a_minute - sum(cost for _, cost in begun) >= 0
        assert left["day"] == a_day - sum(cost for when, cost in taken if when // DAY == now // DAY) >= 0


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], 60),
        ([Terms({"requests_a_minute": 7})], 7),
        ([Terms({"requests_a_minute": 7}, TODAY + HOUR)], 60),
        ([Terms({"requests_a_minute": 7}, TODAY)], 7),
        ([Terms({"requests_a_minute": 7}, None, TODAY)], 60),
        ([Terms({"requests_a_minute": 7}, TODAY - HOUR, TODAY + HOUR)], 7),
        ([Terms({"requests_a_minute": 7}), Terms({"requests_a_minute": 9})], 9),
    ],
    ids=["none", "for good", "not yet", "from now", "until now", "within", "the later one wins"],
)
@pytest.mark.sqlite
def test_a_key_has_its_own_terms_while_they_hold(terms: list[Terms], expected: int) -> None:
    assert in_force(PLANS["free"], terms, TODAY).requests_a_minute == expected


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"requests_a_minut": 5}, "did you mean requests_a_minute"),
        ({"xyz": 5}, "requests_a_minute, requests_a_day"),
        ({"batch_size": 501}, "500"),
        ({"batch_size": 0}, "1"),
        ({"requests_a_day": "many"}, "integer"),
        ({"horizons": [64]}, "63"),
    ],
)
def test_terms_that_cannot_be_are_refused_with_what_would_do(changes: dict[str, Any], hint: str) -> None:
    with pytest.raises(BadTerms, match=hint):
        changed(PLANS["free"], changes)
