"""Growth forecasts in the ledger: a row before it is shown, and its outcome once the report has come.

Issued is a forecast whose outcome nobody could know when it was made: of reports that are up to date, and not of the
sample market. Both ends of an outcome are read from the report that tells it.
"""

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from bellwether.core.errors import StoreError
from bellwether.core.types import LEVELS, Q10, Q90, Statements, issues_forecasts
from bellwether.db.database import Store
from bellwether.models.quarters import Figure, figure_of, known_at, quarter_and_year_before
from bellwether.revenue.types import GrowthForecast
from bellwether.track_record.ledger import checkpoint, revenue_ledger_table
from bellwether.track_record.ledger.issue import UNRECORDED
from bellwether.track_record.ledger.revenue_ledger_table import IssuedGrowth, KeptGrowth

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PastGrowth:
    """A forecast that was issued, and what came."""

    forecast_id: str
    quarters_ahead: int
    period_end: date  #: of the quarter that was forecast, as it was expected
    growths: tuple[float, ...]  #: at LEVELS
    growth: float | None  #: what came; None while it is open

    @property
    def held(self) -> bool:
        """Whether what came lay in the 8-in-10 range."""
        return self.growth is not None and self.growths[Q10] <= self.growth <= self.growths[Q90]

    @property
    def percentile(self) -> float | None:
        """Which share of the outcomes that were expected lay below what came, 0.05 to 0.95; None while it is open."""
        return None if self.growth is None else float(np.interp(self.growth, self.growths, LEVELS))


def is_issued(made: GrowthForecast) -> bool:
    """Whether its outcomes still lie ahead, in a market that lives."""
    return issues_forecasts(made.source) and not made.overdue


def enter(store: Store, made: GrowthForecast) -> GrowthForecast:
    """Enter a forecast into the ledger before anybody sees it, once however often it is made.

    A database that cannot be written must not keep it from the person: it then says so, and the reason goes to the log.
    """
    if not is_issued(made):
        return made
    try:
        with store.transaction() as db:
            added = revenue_ledger_table.append(db, rows_of(made))
        if added:
            checkpoint.note(store)
    except StoreError as problem:
        log.error("A growth forecast of %s is not in the ledger: %s", made.symbol, problem.for_operator)
        return replace(made, caveats=(*made.caveats, UNRECORDED))
    return made


def rows_of(made: GrowthForecast) -> list[IssuedGrowth]:
    """The ledger's rows of a forecast, one for each quarter ahead."""
    return [
        IssuedGrowth(
            forecast_id=made.forecast_id(quarter.quarters_ahead),
            symbol=made.symbol,
            period_end=made.period_end,
            quarters_ahead=quarter.quarters_ahead,
            target=quarter.period_end,
            as_of=made.as_of,
            made_at=made.made_at,
            model_id=made.model_id,
            source=made.source,
            currency=made.currency,
            base=quarter.base,
            read_sha256=made.digest.hex(),
            growths=quarter.growths,
            baseline=quarter.baseline,
        )
        for quarter in made.ahead
    ]


def past(store: Store, symbol: str) -> tuple[PastGrowth, ...]:
    """The forecasts issued of a company, the newest first; none where the database does not answer."""
    try:
        with store.reading() as db:
            rows = revenue_ledger_table.of_symbol(db, symbol)
    except StoreError as problem:
        log.error("The growth forecasts of %s cannot be read: %s", symbol, problem.for_operator)
        return ()
    return tuple(past_of(row) for row in rows)


def past_of(row: KeptGrowth) -> PastGrowth:
    """A row of the ledger as people are shown it."""
    issued = row.issued
    return PastGrowth(issued.forecast_id, issued.quarters_ahead, issued.target, issued.growths, row.growth)


def settle(store: Store, statements: Statements, now: datetime) -> list[PastGrowth]:
    """Add the outcomes that the statements tell by now; which, the newest forecast first. Raises StoreError."""
    known = known_at([figure_of(quarter, now.date()) for quarter in statements.quarters], now.date())
    with store.reading() as db:
        due = [row for row in revenue_ledger_table.of_symbol(db, statements.symbol) if row.growth is None]
    outcomes = [(row, came) for row in due if (came := outcome(row.issued, statements.currency, known)) is not None]
    if not outcomes:
        return []
    settled = []
    with store.transaction() as db:
        for row, (growth, revenue, known_on) in outcomes:
            if revenue_ledger_table.settle(db, row.seq, growth, revenue, known_on, now):
                settled.append(replace(past_of(row), growth=growth))
    checkpoint.note(store)
    return settled


def settle_if_due(store: Store, statements: Statements, now: datetime) -> None:
    """The same beside an answer: a database in trouble keeps nobody from it."""
    try:
        settle(store, statements, now)
    except StoreError as problem:
        log.error("Growth outcomes of %s cannot be added: %s", statements.symbol, problem.for_operator)


def outcome(issued: IssuedGrowth, currency: str, known: list[Figure]) -> tuple[float, float, date] | None:
    """Growth, revenue and the day they became known; None where the report has not come, or in another currency."""
    if currency != issued.currency:
        return None
    pair = quarter_and_year_before(known, issued.period_end, issued.quarters_ahead)
    if pair is None:
        return None
    now, before = pair
    assert now.revenue and before.revenue  # both are usable
    return now.revenue / before.revenue - 1, now.revenue, now.known_on
