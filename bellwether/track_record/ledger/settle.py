"""Outcomes: once a horizon has closed, what the price did is added to each forecast, once.

    open forecasts that are due | bars of each symbol, once | decide | outcomes, sums and misses in one transaction

The outcome is the log return of adjusted closes from cutoff to target, both read at settlement from one history, so a
split or dividend between them does not matter. It is over the sessions that were forecast, or there is none. A jump
between them that may be a split which nobody has told of is waited over, and then it is what the price did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, islice

import numpy as np

from bellwether.core.clock import Clock
from bellwether.core.errors import BadDate, MarketDataError, NoPrices, UnknownSymbol
from bellwether.core.types import MARKET_SERIES, Bars, to_date
from bellwether.db.database import Store
from bellwether.market.calendar import SETTLING, is_exact, is_session, last_closed_session, session_after
from bellwether.market.provider import Provider
from bellwether.market.scale import ScaleDoubt, closes_to_grade, doubt_between
from bellwether.track_record.ledger import checkpoint, outcomes_table
from bellwether.track_record.ledger.ledger_table import from_days
from bellwether.track_record.ledger.outcomes_table import Outcome, PastForecast
from bellwether.track_record.ledger.score_sums import count

#: sessions after the target; a price that has not come by then is taken not to exist, nor a split to be told any more
PATIENCE = 10
AT_ONCE = 50  #: symbols in one transaction: others want to write too


@dataclass(slots=True)
class Settling:
    """What one run did."""

    settled: int = 0
    lost: int = 0  #: without an outcome, for good
    waiting: int = 0  #: due, but the prices are not in yet

    def __str__(self) -> str:
        """In a sentence."""
        return f"{self.settled} outcomes added, {self.lost} will have none, {self.waiting} wait for prices."


def settle(store: Store, provider: Provider, clock: Clock, stopping: Callable[[], bool] = lambda: False) -> Settling:
    """Add the outcomes that are known by now. Safe to run late, twice or not at all. Raises StoreError."""
    did = Settling()
    with store.reading() as db:
        due = outcomes_table.due(db, clock().date())
    if not due:
        return did
    newest = _newest(provider, clock().date())
    symbols = ((symbol, list(forecasts)) for symbol, forecasts in groupby(due, key=lambda forecast: forecast.symbol))
    while (some := list(islice(symbols, AT_ONCE))) and not stopping():
        outcomes: list[Outcome] = []
        for symbol, forecasts in some:
            end = last_closed_session(forecasts[0].calendar, clock() - SETTLING)
            outcomes += _decided(provider, symbol, end, forecasts, newest)
        added = _add(store, outcomes, clock()) if outcomes else []
        lost = sum(outcome.log_return is None for outcome in added)
        did.lost += lost
        did.settled += len(added) - lost
        did.waiting += sum(len(forecasts) for _, forecasts in some) - len(outcomes)
    if did.settled or did.lost:
        checkpoint.note(store)
    return did


def _newest(provider: Provider, today: date) -> date:
    """The last session up to which the source has the market's prices: proof that it was not just silent."""
    try:
        return provider.bars(MARKET_SERIES[0], today).cutoff
    except (MarketDataError, UnknownSymbol, BadDate):
        return date.min


def _decided(provider: Provider, symbol: str, end: date, forecasts: list[PastForecast], newest: date) -> list[Outcome]:
    """The outcomes of one symbol that are known now, by its bars up to `end`."""
    try:
        bars: Bars | None = provider.bars(symbol, end)
    except (UnknownSymbol, NoPrices, BadDate):
        bars = None  # the source answers, and has none
    except MarketDataError:
        return []  # its answer may yet come
    newest = max(newest, bars.cutoff if bars else newest)
    outcomes = (outcome_of(forecast, bars, newest) for forecast in forecasts)
    return [outcome for outcome in outcomes if outcome is not None]


def outcome_of(forecast: PastForecast, bars: Bars | None, newest: date) -> Outcome | None:
    """What came of a forecast; None while it must wait.

    `bars` is all that is known of the symbol, None for nothing; `newest` is the last session up to which the source is
    known to have prices of anything. One without a close of the target itself, or of the cutoff any more, has no
    outcome: what the price did up to another session is not what was forecast. Only where the target may have been a
    holiday, the first close after it is its outcome. Closes that may be in two scales are waited for just as long.
    """
    calendar, cutoff, session = forecast.calendar, from_days(forecast.cutoff), from_days(forecast.target)
    last = session_after(calendar, session, PATIENCE)
    waits = newest < last
    undecided = None if waits else Outcome(forecast, None, None)
    bars = closes_to_grade(bars, cutoff, session) if bars is not None else None
    if bars is None:
        return undecided
    start, end = bars.close_on(cutoff), bars.close_on(session)
    is_holiday = not (is_session(calendar, session) and is_exact(calendar, session))
    if end is None and is_holiday and not waits:
        session, end = _first_close_after(bars, session, last) or (session, None)
    if start is None or end is None:
        return undecided
    doubt = doubt_between(bars, cutoff, session)
    if doubt is not ScaleDoubt.NONE and waits:
        return None
    if doubt is ScaleDoubt.TOLD:
        return Outcome(forecast, None, None)
    return Outcome(forecast, float(np.log(end / start)), session)


def _first_close_after(bars: Bars, session: date, last: date) -> tuple[date, float] | None:
    """The first usable close after a session and its day, up to the day `last`."""
    first, end = np.searchsorted(bars.sessions, [np.datetime64(session), np.datetime64(last)], side="right")
    closes = ((day, bars.close_on(day)) for day in map(to_date, bars.sessions[first:end]))
    return next(((day, close) for day, close in closes if close is not None), None)


def _add(store: Store, outcomes: list[Outcome], now: datetime) -> list[Outcome]:
    with store.transaction() as db:
        added = outcomes_table.append(db, outcomes, now)
        count(db, added)
    return added
