"""Plans: what a caller of the API may do. Data, from config.yaml; the code is the same for all of them.

A key may carry terms of its own for a time, which stand in place of its plan's: a personalised plan.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from bellwether.core.errors import BadTerms, allowed, near_name
from bellwether.core.types import MAX_HORIZON

DEMO = "demo"  #: the plan of whoever asks without a key
MOST_ITEMS = 500  #: of one batch, whatever a plan says
MOST_SYMBOLS = 1_000  #: that a plan names, where it is for some alone
LONGEST_SYMBOL = 30  #: characters

Count = Annotated[int, Field(ge=0)]
Symbol = Annotated[str, Field(min_length=1, max_length=LONGEST_SYMBOL)]
Symbols = Annotated[tuple[Symbol, ...], FailFast(), Field(max_length=MOST_SYMBOLS)]
Horizons = Annotated[tuple[Annotated[int, Field(ge=1, le=MAX_HORIZON)], ...], FailFast(), Field(max_length=MAX_HORIZON)]


class Plan(BaseModel):
    """What may be asked for, and how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_a_minute: Count = 60  #: 0 is no limit; each item of a batch counts as a request
    requests_a_day: Count = 1000  #: the same, by the day in UTC
    batch_size: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 10
    symbols: Symbols = ()  #: only these; empty is all
    horizons: Horizons = ()  #: only these; empty is all
    history_days: Count | None = None  #: how far back `as_of` and bars may reach; None is as far as there are prices
    rules: Count = 0  #: alert rules
    webhooks: Count = 0  #: addresses that alerts are sent to
    priority: Annotated[int, Field(ge=0, le=9)] = 0  #: who goes first when many wait: the higher number


PLANS = {
    DEMO: Plan(),
    "free": Plan(requests_a_day=5000, batch_size=25, rules=20, webhooks=1, priority=1),
    "trader": Plan(requests_a_minute=600, requests_a_day=50_000, batch_size=100, rules=200, webhooks=5, priority=2),
    "business": Plan(
        requests_a_minute=6000, requests_a_day=1_000_000, batch_size=MOST_ITEMS, rules=1000, webhooks=20, priority=3
    ),
}  #: what config.yaml begins with


@dataclass(frozen=True, slots=True)
class Terms:
    """What one key has in place of its plan's terms, for a time."""

    changes: dict[str, Any]  #: names of `Plan`'s fields, and their values
    starts_at: datetime | None = None  #: None: from the beginning
    ends_at: datetime | None = None  #: None: for good

    def holds(self, now: datetime) -> bool:
        """Whether they count at this instant."""
        return (self.starts_at is None or self.starts_at <= now) and (self.ends_at is None or now < self.ends_at)


def in_force(plan: Plan, terms: Iterable[Terms], now: datetime) -> Plan:
    """The plan with the terms that hold now, the last ones winning. Raises BadTerms."""
    changes: dict[str, Any] = {}
    for term in terms:
        if term.holds(now):
            changes |= term.changes
    return changed(plan, changes) if changes else plan


def changed(plan: Plan, changes: dict[str, Any]) -> Plan:
    """The plan with other values. Raises BadTerms with what would do."""
    for name in changes:
        if name not in Plan.model_fields:
            raise BadTerms(f"A plan has no “{name[:40]}”; {near_name(name, Plan.model_fields, 'there are')}")
    try:
        return Plan.model_validate(plan.model_dump() | changes)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise BadTerms(f"“{first['loc'][0]}” can't be {str(first['input'])[:40]!r}: {allowed(first['msg'])}.") from None
