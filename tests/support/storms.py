"""A live service over made-up days: a calm quarter, a storm of six sessions, and calm again."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from bellwether.jobs.keep_incidents import KeptIncidents, keep_incidents
from bellwether.market.calendar import session_after
from bellwether.services import Services
from bellwether.track_record.ledger import score_sums_table
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.scores.columns import COLUMNS
from tests.support.account import live_services, set_clock

CALM = (0.84, 0.71, 0.9, 0.78, 0.66, 0.88, 0.8, 0.93, 0.69, 0.81)
FIRST = date(2023, 1, 3)  #: the first cutoff
STORM = 60  #: sessions of calm before it
SHARES = [*(CALM[at % 10] for at in range(STORM)), 0.3, 0.35, 0.2, 0.4, 0.3, 0.4, *(CALM[at % 10] for at in range(40))]
ADMIN = 77


def before_a_storm(folder: Path) -> Services:
    """Services of which nothing is recorded yet, with an administrator."""
    made = live_services(folder, FIRST)
    telegram = made.settings.telegram.model_copy(update={"admin_chat": ADMIN})
    return replace(made, settings=made.settings.model_copy(update={"telegram": telegram}))


def cutoff_of(at: int) -> date:
    """The session of a number."""
    return session_after("XNYS", FIRST, at) if at else FIRST


def session_of(at: int) -> date:
    """The session that the ranges made at this cutoff were for."""
    return session_after("XNYS", FIRST, at + 1)


def enter(
    services: Services, days: Iterable[int], *, of: int = 100, issued: int = 100, shares: list[float] = SHARES
) -> None:
    """What the record would have added up of these days."""
    with services.store.transaction() as db:
        for at in days:
            key = ("made-up-1", True, 1, to_days(cutoff_of(at)))
            score_sums_table.count_issued(db, {key: issued})
            sums = np.zeros(len(COLUMNS))
            sums[COLUMNS.index("forecasts")] = of
            sums[COLUMNS.index("inside_80")] = round(of * shares[at])
            sums[[COLUMNS.index(name) for name in ("loss", "baseline_loss")]] = 0.24 * of
            score_sums_table.add(db, {key: sums}, {})


def evening(services: Services, at: int) -> KeptIncidents:
    """The run after the session that the ranges of a cutoff were for."""
    set_clock(services, session_of(at))
    return keep_incidents(services)


def live_through(services: Services, days: range) -> dict[int, KeptIncidents]:
    """What each evening's run did; the calm before is entered at once."""
    calm = range(days.start, min(STORM, days.stop))
    enter(services, calm)
    did = {}
    for at in days:
        if at not in calm:
            enter(services, [at])
            did[at] = evening(services, at)
    return did
