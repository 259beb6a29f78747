"""Outcomes: once a horizon has closed, what the price did is added to each forecast, once.

    open forecasts that are due | bars of each symbol, once | decide | outcomes, sums and misses in one transaction

The outcome is the log return of adjusted closes from cutoff to target, both read at settlement from one history, so a
split or dividend between them does not matter. It is over the sessions that were forecast, or there is none. A jump
between them that may be a split which nobody has told of is waited over, and then it is what the price did.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice

import numpy as np

from bellwether.core.errors import BadDate, MarketDataError, NoPrices, SourceError, UnknownSymbol
from bellwether.core.types import MARKET_SERIES, Bars, Floats, to_date
from bellwether.db.database import Database
from bellwether.market.calendar import SETTLING, is_exact, is_session, last_closed_session, session_after
from bellwether.market.scale import ScaleDoubt, closes_to_grade, doubt_between
from bellwether.services import Services
from bellwether.track_record.ledger import checkpoint, outcomes_table, score_sums_table
from bellwether.track_record.ledger.ledger_table import from_days, unpack_all
from bellwether.track_record.ledger.outcomes_table import Open, Outcome
from bellwether.track_record.ledger.score_sums_table import Key
from bellwether.track_record.scores.columns import miss_distance, scored

#: sessions after the target; a price that has not come by then is taken not to exist, nor a split to be told any more
PATIENCE = 10
AT_ONCE = 50  #: symbols in one transaction: others want to write too
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Settling:
    """What one run did."""

    settled: int = 0
    lost: int = 0  #: without an outcome, for good
    waiting: int = 0  #: due, but the prices are not in yet

    def __str__(self) -> str:
        """In a sentence."""
        return f"{self.settled} outcomes added, {self.lost} will have none, {self.waiting} wait for prices."


def settle(services: Services, stopping: Callable[[], bool] = lambda: False) -> Settling:
    """Add the outcomes that are known by now. Safe to run late, twice or not at all. Raises StoreError."""
    did = Settling()
    with services.store.reading() as db:
        due = outcomes_table.due(db, services.clock().date())
    if not due:
        return did
    newest = _newest(services)
    symbols = ((symbol, list(some)) for symbol, some in groupby(due, key=lambda one: one.symbol))
    while (some := list(islice(symbols, AT_ONCE))) and not stopping():
        found: list[Outcome] = []
        for symbol, forecasts in some:
            found += _decided(services, symbol, forecasts, newest)
        added = _add(services, found)
        did.lost += sum(one.log_return is None for one in added)
        did.settled += sum(one.log_return is not None for one in added)
        did.waiting += sum(len(forecasts) for _, forecasts in some) - len(found)
    if did.settled or did.lost:
        checkpoint.note(services.store)
    return did


def _decided(services: Services, symbol: str, forecasts: list[Open], newest: date) -> list[Outcome]:
    """The outcomes of one symbol that are known now."""
    end = last_closed_session(forecasts[0].calendar, services.clock() - SETTLING)
    try:
        bars: Bars | None = services.provider.bars(symbol, end)
    except (UnknownSymbol, NoPrices, BadDate):
        bars = None  # the source answers, and has none
    except (SourceError, MarketDataError):
        return []  # its answer may yet come
    decided = (outcome_of(forecast, bars, max(newest, bars.cutoff if bars else newest)) for forecast in forecasts)
    return [one for one in decided if one is not None]


def outcome_of(one: Open, bars: Bars | None, newest: date) -> Outcome | None:
    """What came of a forecast; None while it must wait.

    `bars` is all that is known of the symbol, None for nothing; `newest` is the last session up to which the source is
    known to have prices of anything. One without a close of the target itself, or of the cutoff any more, has no
    outcome: what the price did up to another session is not what was forecast. Only where the target may have been a
    holiday, the first close after it is its outcome. Closes that may be in two scales are waited for just as long.
    """
    cutoff, session = from_days(one.cutoff), from_days(one.target)
    last = session_after(one.calendar, session, PATIENCE)
    waits = newest < last
    bars = closes_to_grade(bars, cutoff, session) if bars is not None else None
    start, end = _close_at(bars, cutoff), _close_at(bars, session)
    is_holiday = not (is_session(one.calendar, session) and is_exact(one.calendar, session))
    if end is None and is_holiday and not waits:
        session, end = _first_close_after(bars, session, last) or (session, None)
    if bars is None or start is None or end is None:
        return None if waits else Outcome(one, None, None)
    doubt = doubt_between(bars, cutoff, session)
    if doubt is not ScaleDoubt.NONE and waits:
        return None
    if doubt is ScaleDoubt.TOLD:
        return Outcome(one, None, None)
    return Outcome(one, float(np.log(end / start)), session)


def _close_at(bars: Bars | None, session: date) -> float | None:
    """The adjusted close of a session; None where there is no usable one."""
    if bars is None:
        return None
    at = int(np.searchsorted(bars.sessions, np.datetime64(session)))
    if at == len(bars) or to_date(bars.sessions[at]) != session:
        return None
    close = float(bars.closes[at])
    return close if np.isfinite(close) and close > 0 else None


def _first_close_after(bars: Bars | None, session: date, last: date) -> tuple[date, float] | None:
    """The first usable close after a session and its day, up to the day `last`."""
    if bars is None:
        return None
    first, end = np.searchsorted(bars.sessions, [np.datetime64(session), np.datetime64(last)], side="right")
    for at in range(int(first), int(end)):
        day = to_date(bars.sessions[at])
        close = _close_at(bars, day)
        if close is not None:
            return day, close
    return None


def _newest(services: Services) -> date:
    """The last session up to which the source has the market's prices: proof that it was not just silent."""
    try:
        return services.provider.bars(MARKET_SERIES[0], services.clock().date()).cutoff
    except (MarketDataError, UnknownSymbol, BadDate):
        return date.min


def _add(services: Services, found: list[Outcome]) -> list[Outcome]:
    """Write outcomes and what follows from them, all or nothing."""
    if not found:
        return []
    with services.store.transaction() as db:
        added = outcomes_table.append(db, found, services.clock())
        count(db, added)
    return added


def count(db: Database, added: Iterable[Outcome]) -> None:
    """Add new outcomes to the sums and the misses."""
    known: list[Outcome] = []
    lost: dict[Key, int] = defaultdict(int)
    for one in added:
        if one.log_return is None:
            lost[_key(one.of)] += 1
        else:
            known.append(one)
    settled: dict[Key, Floats] = {}
    if known:
        numbers = unpack_all(one.of.numbers for one in known)
        came = np.array([one.log_return for one in known])
        scores = scored(came, numbers.log_returns, numbers.baseline, numbers.usual)
        for one, row in zip(known, scores, strict=True):
            key = _key(one.of)
            settled[key] = settled[key] + row if key in settled else row
        distances = miss_distance(came, numbers.log_returns)
        score_sums_table.add_misses(
            db,
            [(one.of.seq, float(far), one.of.cutoff) for one, far in zip(known, distances, strict=True) if far > 0],
        )
    score_sums_table.add(db, settled, lost)


def _key(one: Open) -> Key:
    return one.model_id, bool(one.shown), one.horizon, one.cutoff
