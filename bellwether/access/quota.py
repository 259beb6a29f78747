"""How much of a plan is used up, and what is left. Pure.

A minute begins with the first request after the one before has ended, so no burst can sit astride a boundary; a day is
a day in UTC.
"""

import math
from dataclasses import dataclass, replace

from bellwether.core.errors import NotInPlan, QuotaExceeded
from bellwether.core.plans import Plan

MINUTE, DAY = 60, 86_400  #: seconds


@dataclass(frozen=True, slots=True)
class Used:
    """What a caller has used up."""

    minute_from: float = 0.0  #: seconds since 1970 at which the last minute began
    in_minute: int = 0
    day: int = 0  #: days since 1970
    in_day: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """One limit, and what is left of it."""

    name: str  #: "minute" or "day"
    quota: int
    window: int  #: seconds
    left: int
    resets_in: int  #: seconds, rounded up


def at(used: Used, now: float) -> Used:
    """What still counts at this instant, in seconds since 1970."""
    if not used.minute_from <= now < used.minute_from + MINUTE:  # also when the clock was set back
        used = replace(used, minute_from=now, in_minute=0)
    today = int(now // DAY)
    return used if used.day == today else replace(used, day=today, in_day=0)


def take(used: Used, plan: Plan, cost: int, now: float) -> Used:
    """Use up `cost` requests. Raises QuotaExceeded when so many are not left, NotInPlan when they never are."""
    used = at(used, now)
    for limit in standing(used, plan, now):
        if cost > limit.quota:
            raise NotInPlan(f"That counts as {cost} requests, and your plan has {limit.quota} a {limit.name}.")
        if cost > limit.left:
            raise QuotaExceeded(
                f"Your plan has {limit.quota} requests a {limit.name}, and {limit.left} are left. "
                f"Please go on in {limit.resets_in} s.",
                limit.resets_in,
            )
    return replace(used, in_minute=used.in_minute + cost, in_day=used.in_day + cost)


def give_back(used: Used, taken_at: float, cost: int) -> Used:
    """Un-use `cost` requests that were taken at that instant, as far as they still count."""
    minute = cost if used.minute_from <= taken_at else 0
    day = cost if used.day == int(taken_at // DAY) else 0
    return replace(used, in_minute=max(used.in_minute - minute, 0), in_day=max(used.in_day - day, 0))


def standing(used: Used, plan: Plan, now: float) -> tuple[Left, ...]:
    """The limits of a plan and what is left of each; `used` as `at` gives it. A limit of 0 is none."""
    limits = []
    if plan.requests_a_minute:
        left = max(plan.requests_a_minute - used.in_minute, 0)
        ends = math.ceil(used.minute_from + MINUTE - now)
        limits.append(Left("minute", plan.requests_a_minute, MINUTE, left, min(max(ends, 1), MINUTE)))
    if plan.requests_a_day:
        left = max(plan.requests_a_day - used.in_day, 0)
        ends = math.ceil((used.day + 1) * DAY - now)
        limits.append(Left("day", plan.requests_a_day, DAY, left, min(max(ends, 1), DAY)))
    return tuple(limits)
