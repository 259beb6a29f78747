"""Forecasts of lists in a hash chain of their own: a row before it is shown, and its outcome once the target closed.

open forecasts that are due | what each symbol did, as its own forecasts are settled | their mean | one transaction

Where the price of one symbol never came the list has no outcome: what the others did is not what was forecast.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np

from bellwether.core.clock import Clock
from bellwether.core.errors import BadDate, MarketDataError, NoPrices, StoreError, UnknownSymbol
from bellwether.core.types import MARKET_SERIES, Bars, issues_forecasts
from bellwether.db.database import Store
from bellwether.forecasting.list_forecast import MODEL_ID, ListForecast
from bellwether.market.calendar import SETTLING, closes_at, last_closed_session, session_after
from bellwether.market.provider import Provider
from bellwether.track_record.ledger import checkpoint, list_ledger_table
from bellwether.track_record.ledger.issue import UNRECORDED
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.ledger.list_ledger_table import IssuedList, ListedSymbol
from bellwether.track_record.ledger.outcomes_table import Outcome, PastForecast
from bellwether.track_record.ledger.settle import outcome_of

MOST = 5_000  #: forecasts of lists that one run settles: what is left is for the next
log = logging.getLogger(__name__)


def is_issued(made: ListForecast) -> bool:
    """Whether the outcome of each of its symbols still lies ahead, in a market that lives.

    One whose exchange has no session left by the target stays where it is, which is no outcome to wait for.
    """
    if not issues_forecasts(made.source) or made.made_at >= closes_at(made.calendar, made.target):
        return False
    own = ((each.calendar, each.forecast.cutoff, session_after(each.calendar, made.target, 0)) for each in made.members)
    return all(made.made_at < closes_at(calendar, last) for calendar, cutoff, last in own if last > cutoff)


def issue(store: Store, made: ListForecast) -> ListForecast:
    """Enter a forecast before anybody sees it, once however often it is made.

    A database that cannot be written must not keep it from the person: it then says so, and the reason goes to the log.
    """
    if not is_issued(made):
        return made
    try:
        with store.glance() as db:
            if list_ledger_table.FORECASTS.known_among(db, [made.forecast_id]):
                return made
        with store.transaction() as db:
            added = list_ledger_table.append(db, row_of(made))
        if added:
            checkpoint.note(store)
    except StoreError as problem:
        log.error("A forecast of a list is not in the ledger: %s", problem.for_operator)
        return replace(made, caveats=(*made.caveats, UNRECORDED))
    return made


def row_of(made: ListForecast) -> IssuedList:
    """The row of a forecast."""
    return IssuedList(
        forecast_id=made.forecast_id,
        members=tuple(
            ListedSymbol(member.forecast.symbol, member.calendar, member.forecast.cutoff, member.forecast.model_id)
            for member in made.members
        ),
        horizon=made.horizon,
        calendar=made.calendar,
        cutoff=made.cutoff,
        target=made.target,
        made_at=made.made_at,
        model_id=MODEL_ID,
        source=made.source,
        growths=made.growths,
        plain=made.plain,
    )


def settle(store: Store, provider: Provider, clock: Clock, stopping: Callable[[], bool] = lambda: False) -> int:
    """Add the outcomes that are known by now; how many. Safe to run late, twice or not at all. Raises StoreError."""
    with store.reading() as db:
        due = list_ledger_table.due(db, clock().date(), MOST)
    if not due:
        return 0
    prices = _Prices(provider, clock)
    outcomes: list[tuple[int, float | None]] = []
    for seq, target, members in due:
        if stopping():
            break
        came = [prices.outcome(member, target) for member in members]
        if all(outcome is not None for outcome in came):
            returns = [outcome.log_return for outcome in came if outcome is not None]
            known = [value for value in returns if value is not None]
            outcomes.append((seq, float(np.expm1(known).mean()) if len(known) == len(members) else None))
    if not outcomes:
        return 0
    with store.transaction() as db:
        added = list_ledger_table.settle(db, outcomes, clock())
    if added:
        checkpoint.note(store)
    return added


class _Prices:
    """The bars that one run reads, each once."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider, self._clock = provider, clock
        self._bars: dict[str, Bars | MarketDataError | None] = {}
        market = self._of(MARKET_SERIES[0], clock().date())
        self._newest = market.cutoff if isinstance(market, Bars) else date.min

    def outcome(self, member: ListedSymbol, target: date) -> Outcome | None:
        """What a symbol did up to its own last session by the target; None while that must wait."""
        bars = self._of(member.symbol, last_closed_session(member.calendar, self._clock() - SETTLING))
        if isinstance(bars, MarketDataError):
            return None  # its answer may yet come
        session = session_after(member.calendar, target, 0)
        forecast = PastForecast(
            0, "", member.symbol, to_days(member.cutoff), 0, to_days(session), "", 1, b"", calendar=member.calendar
        )
        return outcome_of(forecast, bars, max(self._newest, bars.cutoff if bars else date.min))

    def _of(self, symbol: str, end: date) -> Bars | MarketDataError | None:
        if symbol not in self._bars:
            try:
                self._bars[symbol] = self._provider.bars(symbol, end)
            except (UnknownSymbol, NoPrices, BadDate):
                self._bars[symbol] = None  # the source answers, and has none
            except MarketDataError as problem:
                self._bars[symbol] = problem
        return self._bars[symbol]
